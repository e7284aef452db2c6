"""Which input item made an output item; and all combinations, against a plain model."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flov7.kit.errors import StepRefused
from flov7.primitives.registry import registry
from tests.primitives.conftest import make_bound

LISTS = st.lists(st.lists(st.fixed_dictionaries({"k": st.integers(0, 3)}), max_size=6), min_size=2, max_size=2)


def merge(**inputs: Any) -> Any:
    return registry().runner("data", "merge").compute(inputs)


class TestMerge:
    @given(LISTS)
    @settings(max_examples=60, deadline=None)
    def test_of_combinations_is_every_pair_and_says_which(self, lists: list[list[dict[str, int]]]) -> None:
        named = [[{"a": one["k"]} for one in lists[0]], [{"b": one["k"]} for one in lists[1]]]
        wanted = [
            {**one, **other, "from": [i, j]}
            for (i, one), (j, other) in itertools.product(enumerate(named[0]), enumerate(named[1]))
        ]
        assert merge(sources=named, by="combinations", origin="from") == wanted

    @given(LISTS, st.sampled_from(["inner", "left", "outer", "non_matches"]))
    @settings(max_examples=120, deadline=None)
    def test_by_key_says_which_items_met(self, lists: list[list[dict[str, int]]], join: str) -> None:
        first = [{"k": one["k"], "a": n} for n, one in enumerate(lists[0])]
        second = [{"k": one["k"], "b": n} for n, one in enumerate(lists[1])]
        for item in merge(sources=[first, second], by="key", key="k", join=join, origin="from"):
            left, right = item["from"]
            assert item.get("a") == left and item.get("b") == right
            missing = [left, right].count(None)
            assert missing in {"inner": {0}, "left": {0, 1}, "outer": {0, 1}, "non_matches": {1}}[join]
            assert left is not None or join in ("outer", "non_matches")

    def test_by_position_of_three_says_what_was_missing(self) -> None:
        found = merge(sources=[[{"a": 1}, {"a": 2}], [{"b": 1}], []], by="position", join="outer", origin="from")
        assert found == [{"a": 1, "b": 1, "from": [0, 0, None]}, {"a": 2, "from": [1, None, None]}]

    def test_of_three_by_key_keeps_the_places_apart(self) -> None:
        sources = [[{"k": 1}], [{"k": 2}], [{"k": 2}, {"k": 3}]]
        found = merge(sources=sources, by="key", key="k", join="outer", origin="from")
        assert [one["from"] for one in found] == [[0, None, None], [None, 0, 0], [None, None, 1]]

    def test_of_too_many_combinations_is_refused(self) -> None:
        with pytest.raises(StepRefused, match="more than 100000 combinations"):
            merge(sources=[[{}] * 400, [{}] * 400], by="combinations")

    def test_that_makes_no_objects_of_items_takes_no_origin(self) -> None:
        with pytest.raises(StepRefused, match="`origin` goes with"):
            merge(sources=[[1], [2]], by="append", origin="from")


class TestFilterAndSplit:
    def test_say_of_which_item_each_was_made(self) -> None:
        where = make_bound("item.n > 1")
        kept = (
            registry()
            .runner("data", "filter")
            .compute({"items": [{"n": 1}, {"n": 2}, {"n": 3}], "where": where, "origin": "from"})
        )
        assert kept == [{"n": 2, "from": 1}, {"n": 3, "from": 2}]
        orders = [{"id": 1, "lines": ["a", "b"]}, {"id": 2, "lines": ["c"]}]
        parts = registry().runner("data", "split").compute({"items": orders, "field": "lines", "origin": "from"})
        assert [(part["lines"], part["from"]) for part in parts] == [("a", 0), ("b", 0), ("c", 1)]

    def test_of_items_that_are_no_objects_is_refused(self) -> None:
        with pytest.raises(StepRefused, match="field of each item"):
            registry().runner("data", "filter").compute({"items": [1], "where": make_bound("true"), "origin": "from"})
