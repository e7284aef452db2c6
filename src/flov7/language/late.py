"""Puts off what costs a second at import and is seldom used: the grammar of IRIs behind two formats of JSON Schema.

`jsonschema` binds `rfc3987_syntax.is_valid_syntax` when it is imported, and that package builds a whole parser at
import. It gets a function that builds the parser when an `iri` is first checked; the formats mean what they meant.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType

_NAME = "rfc3987_syntax"


def import_jsonschema() -> None:
    """Import jsonschema without the parser; does nothing where either was imported before, or is not installed."""
    if "jsonschema" in sys.modules or _NAME in sys.modules or find_spec(_NAME) is None:
        return
    stand_in = ModuleType(_NAME)
    stand_in.__dict__["is_valid_syntax"] = _is_valid_syntax
    sys.modules[_NAME] = stand_in
    try:
        importlib.import_module("jsonschema")
    finally:
        del sys.modules[_NAME]


def _is_valid_syntax(rule: str, text: str) -> bool:
    return bool(importlib.import_module(_NAME).is_valid_syntax(rule, text))
