"""Each condition: which side it chooses, and what it says where it cannot choose."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from flov7.kit.errors import StepRefused

Decide = Any


class TestIfElseAndFilter:
    @pytest.mark.parametrize("name", ["if_else", "filter"])
    @pytest.mark.parametrize("value", [True, 1, "x", [0], {"a": None}])
    def test_truth_chooses_the_one_side(self, decide: Decide, name: str, value: Any) -> None:
        found = decide(name, {"logic": value})
        assert (found.side, found.output) == ("if_true", {"result": True})

    @pytest.mark.parametrize("name", ["if_else", "filter"])
    @pytest.mark.parametrize("value", [False, None, 0, "", [], {}])
    def test_nothing_chooses_the_other(self, decide: Decide, name: str, value: Any) -> None:
        found = decide(name, {"logic": value})
        assert (found.side, found.output) == ("if_false", {"result": False})


class TestSwitch:
    @pytest.mark.parametrize(
        ("value", "side"),
        [("paid", "paid"), (2, "2"), (2.0, "2"), (2.5, "2.5"), (True, "true"), (None, "null"), ("Paid", "default"),
         ([], "default"), ({"paid": 1}, "default"), ("default", "default")],
    )  # fmt: skip
    def test_takes_the_case_that_is_written_like_the_value(self, decide: Decide, value: Any, side: str) -> None:
        cases = ["paid", "2", "2.5", "true", "null"]
        found = decide("switch", {"on": value, "cases": cases})
        assert found.side == side
        assert found.output["case"] == (side if side in cases else None)


class TestCompare:
    @pytest.mark.parametrize(
        ("left", "op", "right", "result"),
        [
            (1, "==", 1.0, True), (1, "==", True, False), ("1", "==", 1, False), ([1, {"a": 2}], "==", [1.0, {"a": 2}], True),
            (None, "==", None, True), (1, "!=", "1", True), (2, ">", 1, True), (1, ">=", 1, True), ("a", "<", "b", True),
            (5, "between", [1, 5], True), (6, "between", [1, 5], False), ("b", "between", ["a", "c"], True),
            ("abc", "contains", "b", True), ([1, 2], "contains", 2.0, True), ({"a": 1}, "contains", "a", True),
            (None, "contains", "a", False), ([True], "contains", 1, False), ("abc", "not_contains", "x", True),
            (2, "in", [1, 2], True), ("b", "in", "abc", True), (3, "not_in", [1, 2], True),
            ("order 1", "starts_with", "order", True), ("a.pdf", "ends_with", ".pdf", True),
            ("order 12", "matches", r"\d{2}", True), ("", "is_empty", None, True), ([], "is_empty", None, True),
            (0, "is_empty", None, False), ([0], "is_not_empty", None, True), (None, "is_null", None, True),
            (None, "exists", None, False), (0, "exists", None, True),
        ],
    )  # fmt: skip
    def test_says_whether_it_holds(self, decide: Decide, left: Any, op: str, right: Any, result: bool) -> None:
        found = decide("compare", {"left": left, "op": op, "right": right})
        assert found.output["result"] is result
        assert found.side == ("if_true" if result else "if_false")

    @pytest.mark.parametrize(
        ("left", "op", "right", "said"),
        [
            ("10", ">", 9, "text on the left and a number on the right"),
            (None, "<", 1, "null on the left"),
            (True, "<", 2, "true or false on the left"),
            (5, "between", 10, "a list of the two bounds"),
            (5, "contains", 5, "text, a list or an object"),
            (5, "starts_with", "5", "wants text; here is a number"),
        ],
    )
    def test_explains_unlike_types(self, decide: Decide, left: Any, op: str, right: Any, said: str) -> None:
        with pytest.raises(StepRefused, match=said) as refused:
            decide("compare", {"left": left, "op": op, "right": right})
        assert refused.value.hint

    def test_takes_case_for_nothing_where_asked(self, decide: Decide) -> None:
        assert decide("compare", {"left": "PAID", "right": "paid", "ignore_case": True}).output["result"]
        assert not decide("compare", {"left": "PAID", "right": "paid"}).output["result"]

    def test_refuses_a_right_side_that_is_not_looked_at(self, decide: Decide) -> None:
        with pytest.raises(StepRefused, match="leave `right` out"):
            decide("compare", {"left": 1, "op": "is_null", "right": 1})


class TestRegex:
    def test_gives_groups_by_number_and_name(self, decide: Decide) -> None:
        found = decide("regex", {"value": "Re: order #42 (new)", "pattern": r"order #(?P<id>\d+)(?: \((\w+)\))?"})
        assert found.side == "if_true"
        assert found.output == {
            "result": True,
            "text": "order #42 (new)",
            "groups": ["42", "new"],
            "named": {"id": "42"},
        }

    @pytest.mark.parametrize("value", ["no number", None, ""])
    def test_says_no_where_nothing_matches(self, decide: Decide, value: Any) -> None:
        found = decide("regex", {"value": value, "pattern": r"\d"})
        assert (found.side, found.output["groups"], found.output["text"]) == ("if_false", [], None)

    def test_refuses_what_is_no_text(self, decide: Decide) -> None:
        with pytest.raises(StepRefused, match="here is a number"):
            decide("regex", {"value": 42, "pattern": "4"})

    @pytest.mark.parametrize("pattern", ["(", "(?=x)", r"(a)\1", "[z-a]"])
    def test_explains_a_pattern_that_cannot_be_read(self, decide: Decide, pattern: str) -> None:
        with pytest.raises(StepRefused, match="cannot be read") as refused:
            decide("regex", {"value": "x", "pattern": pattern})
        assert refused.value.error_code == "pattern.invalid"

    def test_is_quick_where_others_hang(self, decide: Decide) -> None:
        begun = time.process_time()
        decide("regex", {"value": "a" * 20_000 + "!", "pattern": "^(a+)+$"})
        assert time.process_time() - begun < 1.0


class TestJsonPath:
    def test_finds_by_condition(self, decide: Decide) -> None:
        lines = [{"sku": "a", "price": 50}, {"sku": "b", "price": 150}, {"sku": "c", "price": 250}]
        found = decide("json_path", {"value": {"lines": lines}, "path": "$.lines[?@.price > 100].sku"})
        assert found.side == "if_true"
        assert found.output == {"result": True, "first": "b", "values": ["b", "c"], "count": 2}

    def test_says_no_where_nothing_is_found(self, decide: Decide) -> None:
        found = decide("json_path", {"value": {"lines": []}, "path": "$.lines[0]"})
        assert (found.side, found.output["first"]) == ("if_false", None)

    def test_a_null_that_is_there_is_found(self, decide: Decide) -> None:
        assert decide("json_path", {"value": {"a": None}, "path": "$.a"}).side == "if_true"

    @pytest.mark.parametrize("path", ["lines", "$..[", "$[?@.a =~ 'x']"])
    def test_explains_a_path_that_cannot_be_read(self, decide: Decide, path: str) -> None:
        with pytest.raises(StepRefused, match="cannot be read"):
            decide("json_path", {"value": {}, "path": path})

    def test_a_slow_pattern_inside_a_path_is_quick(self, decide: Decide) -> None:
        begun = time.process_time()
        decide("json_path", {"value": ["a" * 5000 + "!"], "path": "$[?match(@, '(a+)+')]"})
        assert time.process_time() - begun < 1.0

    @pytest.mark.parametrize("path", ["$..[?@..[?@..a]]", "$[?count($..*) > 1]", "$[?$[?$[?@.a]]]"])
    def test_that_walks_everything_again_and_again_is_refused(self, decide: Decide, path: str) -> None:
        value = [{"a": [{"b": number}]} for number in range(3000)]
        begun = time.process_time()
        with pytest.raises(StepRefused, match="walks this value too often"):
            decide("json_path", {"value": value, "path": path})
        assert time.process_time() - begun < 1.0
        assert decide("json_path", {"value": value, "path": "$..b"}).output["count"] == 3000

    def test_the_public_suite_holds(self, suites: Path) -> None:
        from flov7.primitives.conditions.json_path import find

        tests = json.loads((suites / "jsonpath" / "cts.json").read_text())["tests"]
        wrong: list[str] = []
        for case in tests:
            try:
                found = find(case["selector"], value=case.get("document"))
            except StepRefused:
                if not case.get("invalid_selector"):
                    wrong.append(case["name"])
                continue
            wanted = case.get("results") or [case.get("result")]
            if case.get("invalid_selector") or found not in wanted:
                wrong.append(case["name"])
        assert len(tests) > 600
        assert wrong == []


class TestLoop:
    @pytest.mark.parametrize("inputs", [{"over": [1], "concurrency": 3}, {"over": []}])
    def test_takes_what_it_can_do(self, inputs: dict[str, Any]) -> None:
        from flov7.primitives.registry import registry

        assert registry().runner("condition", "loop").read(inputs)

    def test_rounds_that_ask_before_or_after_cannot_run_side_by_side(self, bound: Any) -> None:
        from flov7.primitives.registry import registry

        with pytest.raises(StepRefused, match="goes with `over`"):
            registry().runner("condition", "loop").read({"until": bound("index > 3"), "concurrency": 2})
