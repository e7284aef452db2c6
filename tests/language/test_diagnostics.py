"""Every diagnostic code: a document that yields exactly it, a near miss that does not, and every fix mends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from flov7.language.catalogue import KindSpec, Lowering, PrimitiveType
from flov7.language.diagnostics import CODES, Report
from flov7.language.front import check_text, check_value
from flov7.language.library import KnownConnection, Library, MessageTemplate
from flov7.language.patch import apply_patch
from flov7.language.reading import read_text
from flov7.primitives.registry import catalogue

_FAX = KindSpec(type=PrimitiveType.ACTION, name="send_fax", lowering=Lowering.CALL, built=False, title="Fax")
KINDS = catalogue().model_copy(update={"kinds": {**catalogue().kinds, _FAX.key: _FAX}})
"""The kinds, and one that is known by name only."""
CASES: dict[str, dict[str, Any]] = YAML(typ="safe").load(Path(__file__).with_name("diagnostics.yaml").read_text())
LIBRARY = Library(
    templates={"welcome": MessageTemplate(name="welcome", subject="Hi", text="Hello")},
    connections={"kept": KnownConnection(name="kept", kind="api", service="api")},
)


def codes_of(text: str, case: dict[str, Any]) -> list[str]:
    """The codes that a text yields, hints left out unless the case is about one."""
    checked = check_text(text, KINDS, library=_library(case), strict=bool(case.get("strict")))
    return [one.code for one in checked.diagnostics]


def _library(case: dict[str, Any]) -> Library | None:
    if case.get("library") == "none":
        return None
    return LIBRARY.model_copy(update={"max_primitives": case.get("max_primitives")})


class TestEveryCode:
    def test_has_a_case(self) -> None:
        assert sorted(CASES) == sorted(CODES)

    @pytest.mark.parametrize("code", sorted(CODES))
    def test_a_document_yields_exactly_it(self, code: str) -> None:
        found = codes_of(CASES[code]["bad"], CASES[code])
        assert set(found) == {code}, found

    @pytest.mark.parametrize("code", sorted(CODES))
    def test_a_near_miss_does_not(self, code: str) -> None:
        assert code not in codes_of(CASES[code]["good"], CASES[code])

    @pytest.mark.parametrize("code", sorted(CODES))
    def test_says_where_what_and_the_mend(self, code: str) -> None:
        checked = check_text(CASES[code]["bad"], KINDS, library=_library(CASES[code]))
        for one in checked.diagnostics:
            assert one.message.endswith(".")
            assert one.hint, one
            assert one.where == "" or one.where.startswith("/")

    @pytest.mark.parametrize("code", sorted(CODES))
    def test_every_fix_mends_it(self, code: str) -> None:
        case = CASES[code]
        value = read_text(case["bad"], Report())
        strict = bool(case.get("strict"))
        checked = check_text(case["bad"], KINDS, library=_library(case), strict=strict)
        for one in checked.diagnostics:
            if one.fix is None:
                assert not case.get("fixed"), "this code promises a fix"
                continue
            mended = check_value(apply_patch(value, one.fix), KINDS, library=_library(case), strict=strict)
            left = [(other.code, other.where) for other in mended.diagnostics]
            assert (one.code, one.where) not in left
            assert len(left) < len(checked.diagnostics) or one.code not in [code for code, _ in left], left
