"""The reference pages are what the program says today."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from flov7.language.diagnostics import CODES
from flov7.primitives.registry import catalogue

DOCS = Path(__file__).parents[2] / "docs"


def generator() -> ModuleType:
    """`docs/generate.py`, which is no package."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["kinds.md", "diagnostics.md", "functions.md", "connectors.md"])
def test_page_is_current(name: str) -> None:
    written = (DOCS / "reference" / name).read_text()
    assert written == generator().pages()[name], "run `python docs/generate.py`"


def test_every_kind_and_code_is_there() -> None:
    kinds = (DOCS / "reference" / "kinds.md").read_text()
    missing = [
        one.key for one in catalogue().kinds.values() if one.built and f"## {one.type}: {one.name}\n" not in kinds
    ]
    assert not missing
    diagnostics = (DOCS / "reference" / "diagnostics.md").read_text()
    assert not [code for code in CODES if f"| `{code}` |" not in diagnostics]
