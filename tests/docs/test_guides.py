"""What the guides show is true: documents validate and compile, expressions give what is written beside them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from flov7.language.expressions import parse
from flov7.language.front import check_text
from flov7.primitives.registry import catalogue

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs" / "guides").glob("*.md")))
DOCUMENT = re.compile(r"^```(?:json|yaml) document\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXPRESSIONS = re.compile(r"^```text expressions\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAYLOAD = re.compile(r"With\s+the payload `(.*?)`:", re.DOTALL)


def found(pattern: re.Pattern[str]) -> list[Any]:
    """Every block of all pages, named by its page and line."""
    return [
        pytest.param(match[1], id=f"{page.name}:{page.read_text()[: match.start()].count(chr(10)) + 1}")
        for page in PAGES
        for match in pattern.finditer(page.read_text())
    ]


def claims() -> list[Any]:
    """Every expression of all pages with what it is said to give."""
    lines = [line for block in found(EXPRESSIONS) for line in block.values[0].splitlines()]
    pairs = [line.split("→") for line in lines]
    return [pytest.param(left.strip(), json.loads(right), id=left.strip()) for left, right in pairs]


class TestDocuments:
    @pytest.mark.parametrize("text", found(DOCUMENT))
    def test_is_valid_and_says_nothing_to_mend(self, text: str) -> None:
        checked = check_text(text, catalogue())
        assert not checked.has_errors, checked.diagnostics
        open_ends = {"connection.missing", "error.unhandled", "ref.unknown"}
        assert {one.code for one in checked.diagnostics} <= open_ends, checked.diagnostics
        assert checked.plan is not None

    def test_are_found(self) -> None:
        assert len(found(DOCUMENT)) >= 8

    def test_one_that_is_wrong_would_be_noticed(self) -> None:
        block = next(one.values[0] for one in found(DOCUMENT) if "order.total > 1000" in str(one.values[0]))
        assert check_text(str(block).replace("order.total > 1000", "order.total >"), catalogue()).has_errors


class TestExpressions:
    @pytest.mark.parametrize(("text", "value"), claims())
    def test_gives_what_is_written(self, text: str, value: Any) -> None:
        payload = PAYLOAD.search((ROOT / "docs" / "guides" / "language.md").read_text())
        assert payload is not None
        assert parse(text).evaluate(json.loads(payload[1])) == value


class TestLinks:
    @pytest.mark.parametrize(
        "page", [*PAGES, *sorted((ROOT / "docs" / "reference").glob("*.md"))], ids=lambda p: p.name
    )
    def test_lead_to_files_that_are_there(self, page: Path) -> None:
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        assert not [link for link in links if not (page.parent / link).exists()]
