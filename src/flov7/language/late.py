"""Puts off what costs a second at import and is seldom used: the grammar of IRIs behind two formats of JSON Schema.

`jsonschema` binds `rfc3987_syntax.is_valid_syntax` when it is imported, and that package builds a whole parser at
import. A stand-in under its name builds it when an `iri` is first checked; the formats mean what they meant.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_NAME = "rfc3987_syntax"


class _StandIn(ModuleType):
    """Has what the real module has, which is imported on the first look."""

    def is_valid_syntax(self, rule: str, text: str) -> bool:
        """The real one's answer."""
        return bool(_real().is_valid_syntax(rule, text))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(), name)


def put_off() -> None:
    """Leave a stand-in; does nothing where the package was imported before, or is not installed."""
    if _NAME not in sys.modules and find_spec(_NAME) is not None:
        sys.modules[_NAME] = _StandIn(_NAME)


def _real() -> ModuleType:
    if isinstance(sys.modules.get(_NAME), _StandIn):
        del sys.modules[_NAME]
    return importlib.import_module(_NAME)
