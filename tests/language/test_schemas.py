"""JSON Schema 2020-12, against the public suite, and what we refuse."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from flov7.kit.errors import Invalid
from flov7.language.schemas import check_schema, problems

FOLDER = Path(os.environ.get("FLOV7_SHARED", Path(__file__).parents[3] / "shared")) / "data/suites/json-schema"
needs_suite = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"The public suite is not at {FOLDER}; set FLOV7_SHARED to the folder that has it."
)

# A meta-schema of one's own is another address, and other addresses are not read.
LEFT_OUT = {"no validation: invalid number, but it still validates"}
# hostname, idn-*, iri*, uri*, uri-template, relative-json-pointer and regex are the library's own checks, which
# miss rare cases of their RFCs; the formats that data is mostly about are ours and hold to the last case.
STRICT_FORMATS = ["date", "date-time", "time", "duration", "email", "uuid", "ipv4", "ipv6", "json-pointer"]


def cases(path: str) -> list[tuple[str, Any, Any, bool]]:
    """`(name, schema, value, valid)` of one file of the suite."""
    groups = json.loads((FOLDER / "tests/draft2020-12" / path).read_text())
    return [
        (f"{group['description']}: {case['description']}", group["schema"], case["data"], case["valid"])
        for group in groups
        for case in group["tests"]
        if case["description"] not in LEFT_OUT
    ]


def remotes() -> dict[str, Any]:
    """The suite's other documents, by address."""
    files = [
        path
        for path in (FOLDER / "remotes").rglob("*.json")
        if "draft2020-12" in path.parts or "draft" not in str(path)
    ]
    return {
        f"http://localhost:1234/{path.relative_to(FOLDER / 'remotes')}": json.loads(path.read_text()) for path in files
    }


@needs_suite
class TestThePublicSuite:
    def test_holds_in_every_required_case(self) -> None:
        others = remotes()
        files = sorted((FOLDER / "tests/draft2020-12").glob("*.json"))
        wrong = [
            f"{path.name}: {name}"
            for path in files
            for name, schema, value, valid in cases(path.name)
            if (not problems(schema, value=value, formats=False, resources=others)) != valid
        ]
        assert len(files) > 40
        assert wrong == []

    @pytest.mark.parametrize("name", STRICT_FORMATS)
    def test_holds_for_the_formats_of_everyday_data(self, name: str) -> None:
        found = cases(f"optional/format/{name}.json")
        wrong = [title for title, schema, value, valid in found if (not problems(schema, value=value)) != valid]
        assert found
        assert wrong == []


class TestAProblem:
    def test_says_where_and_what(self) -> None:
        schema = {"properties": {"a/b": {"items": {"type": "integer"}}}}
        (problem,) = problems(schema, value={"a/b": [1, "x"]})
        assert (problem.where, problem.keyword) == ("/a~1b/1", "type")
        assert "'x'" in problem.message

    def test_comes_with_all_others_at_once(self) -> None:
        found = problems({"required": ["a", "b"], "properties": {"c": {"minimum": 3}}}, value={"c": 1})
        assert {each.keyword for each in found} == {"required", "minimum"}
        assert len(found) == 3


class TestASchema:
    def test_that_is_none_is_refused_with_the_place(self) -> None:
        with pytest.raises(Invalid, match="/properties/a/type"):
            check_schema({"properties": {"a": {"type": "text"}}})

    def test_that_refers_elsewhere_is_refused_and_nothing_is_fetched(self) -> None:
        with pytest.raises(Invalid, match=r"https://example\.com/s\.json"):
            problems({"$ref": "https://example.com/s.json"}, value=1)

    def test_that_refers_to_itself_without_end_is_refused(self) -> None:
        with pytest.raises(Invalid, match="without end"):
            problems({"$ref": "#"}, value=1)

    def test_with_lookahead_is_refused_in_words(self) -> None:
        with pytest.raises(Invalid, match="cannot be read"):
            problems({"pattern": "(?=a)b"}, value="b")

    @pytest.mark.parametrize("where", ["pattern", "patternProperties", "additionalProperties"])
    def test_with_a_slow_pattern_is_still_quick(self, where: str) -> None:
        slow, text = "^(a+)+$", "a" * 5000 + "!"
        schema: dict[str, Any] = {"pattern": slow} if where == "pattern" else {"patternProperties": {slow: {}}}
        if where == "additionalProperties":
            schema["additionalProperties"] = False
        begun = time.process_time()
        problems(schema, value=text if where == "pattern" else {text: 1})
        assert time.process_time() - begun < 1.0

    def test_with_a_slow_pattern_beside_unevaluated_properties_is_refused(self) -> None:
        with pytest.raises(Invalid, match="repeats a repetition"):
            check_schema({"patternProperties": {"^(a+)+$": True}, "unevaluatedProperties": False})
