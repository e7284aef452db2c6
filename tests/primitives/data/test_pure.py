"""The pure data kinds: mapping, filter, transform, merge, split, validate."""

from __future__ import annotations

from typing import Any

import pytest

from flov7.kit.errors import StepRefused

Compute = Any
Make = Any
LINES = [
    {"sku": "tea", "price": 3, "country": "DE"},
    {"sku": "pot", "price": 40, "country": "FR"},
    {"sku": "cup", "price": 7.5, "country": "DE"},
]


class TestMapping:
    def test_nests_dotted_names(self, compute: Compute, bound: Make) -> None:
        scope = {"order": {"customer": {"email": "a@b.c", "name": "Ann"}}}
        pairs = [
            (bound("order.customer.email", **scope), "email"),
            (bound("order.customer.name", **scope), "customer.name"),
            (bound("order.missing", **scope), "customer.phone"),
        ]
        assert compute("data/mapping", {"mapping": pairs}) == {
            "email": "a@b.c",
            "customer": {"name": "Ann", "phone": None},
        }

    @pytest.mark.parametrize("targets", [("a", "a"), ("a", "a.b"), ("a.b", "a")])
    def test_refuses_a_name_that_is_taken(self, compute: Compute, bound: Make, targets: tuple[str, str]) -> None:
        with pytest.raises(StepRefused, match="set twice"):
            compute("data/mapping", {"mapping": [(bound("1"), target) for target in targets]})


class TestFilter:
    def test_keeps_what_matches_in_its_order(self, compute: Compute, bound: Make) -> None:
        found = compute("data/filter", {"items": LINES, "where": bound("item.country == 'DE'")})
        assert [item["sku"] for item in found] == ["tea", "cup"]

    def test_keeps_the_others(self, compute: Compute, bound: Make) -> None:
        found = compute("data/filter", {"items": LINES, "where": bound("index == 0"), "keep": "others"})
        assert [item["sku"] for item in found] == ["pot", "cup"]

    def test_stops_at_the_limit(self, compute: Compute, bound: Make) -> None:
        assert len(compute("data/filter", {"items": LINES, "where": bound("true"), "limit": 2})) == 2

    def test_takes_null_for_an_empty_list(self, compute: Compute, bound: Make) -> None:
        assert compute("data/filter", {"items": None, "where": bound("true")}) == []

    def test_explains_what_is_no_list(self, compute: Compute, bound: Make) -> None:
        with pytest.raises(StepRefused, match="wants a list; here is text"):
            compute("data/filter", {"items": "order.lines", "where": bound("true")})


class TestTransform:
    def test_reads_csv_shapes_sorts_and_prints_json(self, compute: Compute, bound: Make) -> None:
        found = compute(
            "data/transform",
            {
                "value": "sku;price\ntea;3\npot;40\n",
                "parse": "csv",
                "shape": bound("{'sku': item.sku.upper(), 'price': float(item.price)}"),
                "sort_by": bound("item.price"),
                "descending": True,
                "print": "json",
            },
        )
        assert found == '[{"sku":"POT","price":40.0},{"sku":"TEA","price":3.0}]'

    def test_groups_and_counts(self, compute: Compute, bound: Make) -> None:
        found = compute(
            "data/transform",
            {
                "value": LINES,
                "group_by": bound("item.country"),
                "aggregate": {
                    "total": {"op": "sum", "field": "price"},
                    "how_many": {"op": "count"},
                    "skus": {"op": "join", "field": "sku"},
                },
            },
        )
        assert found == [
            {"key": "DE", "total": 10.5, "how_many": 2, "skus": "tea, cup"},
            {"key": "FR", "total": 40, "how_many": 1, "skus": "pot"},
        ]

    def test_groups_without_counting(self, compute: Compute, bound: Make) -> None:
        found = compute(
            "data/transform", {"value": LINES, "group_by": bound("item.country"), "pick": ["sku", "country"]}
        )
        assert found[1] == {"key": "FR", "items": [{"sku": "pot", "country": "FR"}]}

    @pytest.mark.parametrize(
        ("op", "wanted"),
        [("sum", 50.5), ("average", 50.5 / 3), ("min", 3), ("max", 40), ("first", 3), ("last", 7.5), ("list", [3, 40, 7.5]),
         ("count", 3)],
    )  # fmt: skip
    def test_counts_over_the_list(self, compute: Compute, op: str, wanted: Any) -> None:
        found = compute("data/transform", {"value": LINES, "aggregate": {"x": {"op": op, "field": "price"}}})
        assert found == {"x": wanted}

    def test_explains_a_sum_over_text(self, compute: Compute) -> None:
        with pytest.raises(StepRefused, match="among the values is text: `tea`"):
            compute("data/transform", {"value": LINES, "aggregate": {"x": {"op": "sum", "field": "sku"}}})

    def test_an_average_of_nothing_is_null(self, compute: Compute) -> None:
        found = compute("data/transform", {"value": [], "aggregate": {"x": {"op": "average", "field": "price"}}})
        assert found == {"x": None}

    def test_picks_omits_and_renames(self, compute: Compute) -> None:
        value = {"a": 1, "b": {"c": 2, "d": 3}, "e": 4}
        assert compute("data/transform", {"value": value, "omit": ["b.c", "e"], "rename": {"a": "z"}}) == {
            "z": 1,
            "b": {"d": 3},
        }
        assert compute("data/transform", {"value": value, "pick": ["a", "b.d", "nothing"]}) == {"a": 1, "b.d": 3}

    def test_refuses_to_hide_a_field_by_renaming(self, compute: Compute) -> None:
        with pytest.raises(StepRefused, match="would hide the field `b`"):
            compute("data/transform", {"value": {"a": 1, "b": 2}, "rename": {"a": "b"}})

    def test_flattens_objects_and_lists(self, compute: Compute) -> None:
        assert compute("data/transform", {"value": [[1, 2], 3], "flatten": True}) == [1, 2, 3]
        assert compute("data/transform", {"value": {"a": {"b": {"c": 1}}, "d": {}}, "flatten": True}) == {
            "a.b.c": 1,
            "d": {},
        }

    def test_keeps_the_first_of_equals_and_a_page(self, compute: Compute, bound: Make) -> None:
        values = [{"n": 1}, {"n": 1.0}, {"n": True}, {"n": 2}]
        found = compute("data/transform", {"value": values, "unique_by": bound("item.n"), "offset": 1, "limit": 1})
        assert found == [{"n": True}]

    def test_sorts_with_null_last_both_ways(self, compute: Compute, bound: Make) -> None:
        values = [{"n": None}, {"n": 2}, {"n": 1}]
        up = compute("data/transform", {"value": values, "sort_by": bound("item.n")})
        down = compute("data/transform", {"value": values, "sort_by": bound("item.n"), "descending": True})
        assert [each["n"] for each in up] == [1, 2, None]
        assert [each["n"] for each in down] == [2, 1, None]

    def test_goes_on_at_a_place_inside(self, compute: Compute) -> None:
        text = "<orders><order id='1'><total>5</total></order><order id='2'><total>6</total></order></orders>"
        found = compute("data/transform", {"value": text, "parse": "xml", "at": "orders.order", "limit": 1})
        assert found == [{"@id": "1", "total": "5"}]

    def test_explains_that_sorting_needs_a_list(self, compute: Compute, bound: Make) -> None:
        with pytest.raises(StepRefused, match="a list is needed; here is an object"):
            compute("data/transform", {"value": {}, "sort_by": bound("item")})

    def test_prints_csv_and_xml(self, compute: Compute) -> None:
        assert (
            compute("data/transform", {"value": [{"a": 1, "b": 'x "y"'}], "print": "csv"}) == 'a,b\r\n1,"x ""y"""\r\n'
        )
        assert (
            compute("data/transform", {"value": [1, 2], "print": "xml", "root": "ns"})
            == "<ns><item>1</item><item>2</item></ns>"
        )


class TestMerge:
    CUSTOMERS = [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bo"}, {"id": None, "name": "Nobody"}]  # noqa: RUF012
    ORDERS = [{"id": 1, "total": 5}, {"id": 1, "total": 6}, {"id": 3, "total": 7}, {"id": None, "total": 8}]  # noqa: RUF012

    def test_appends(self, compute: Compute) -> None:
        assert compute("data/merge", {"sources": [[1], None, [2, 3]]}) == [1, 2, 3]

    @pytest.mark.parametrize(
        ("join", "names"),
        [
            ("inner", [(5, "Ann"), (6, "Ann")]),
            ("left", [(5, "Ann"), (6, "Ann"), (7, None), (8, None)]),
            ("outer", [(5, "Ann"), (6, "Ann"), (7, None), (8, None), (None, "Bo"), (None, "Nobody")]),
            ("non_matches", [(7, None), (8, None), (None, "Bo"), (None, "Nobody")]),
        ],
    )
    def test_joins_by_key(self, compute: Compute, join: str, names: list[Any]) -> None:
        found = compute(
            "data/merge", {"sources": [self.ORDERS, self.CUSTOMERS], "by": "key", "key": "id", "join": join}
        )
        assert [(each.get("total"), each.get("name")) for each in found] == names

    def test_joins_by_keys_of_different_names(self, compute: Compute) -> None:
        sources = [[{"customer": {"id": 2}, "total": 5}], self.CUSTOMERS]
        found = compute("data/merge", {"sources": sources, "by": "key", "key": ["customer.id", "id"]})
        assert found == [{"customer": {"id": 2}, "total": 5, "id": 2, "name": "Bo"}]

    @pytest.mark.parametrize(("join", "length"), [("inner", 1), ("left", 2), ("outer", 2)])
    def test_lays_side_by_side(self, compute: Compute, join: str, length: int) -> None:
        found = compute("data/merge", {"sources": [[{"a": 1}, {"a": 2}], [{"b": 3}]], "by": "position", "join": join})
        assert len(found) == length
        assert found[0] == {"a": 1, "b": 3}

    @pytest.mark.parametrize(("conflict", "value"), [("last", 2), ("first", 1)])
    def test_decides_between_two_values(self, compute: Compute, conflict: str, value: int) -> None:
        assert compute("data/merge", {"sources": [{"a": 1}, {"a": 2}], "by": "objects", "conflict": conflict}) == {
            "a": value
        }

    def test_refuses_two_values_where_asked(self, compute: Compute) -> None:
        with pytest.raises(StepRefused, match="the field `a`, with different values"):
            compute("data/merge", {"sources": [{"a": 1}, {"a": 2}], "by": "objects", "conflict": "error"})
        with pytest.raises(StepRefused, match="the field `z`"):
            sources = [{"z": 1, "y": 1, "x": 1}, {"x": 2, "y": 2, "z": 2}]
            compute("data/merge", {"sources": sources, "by": "objects", "conflict": "error"})
        same = {"sources": [{"a": 1}, {"a": 1.0}], "by": "objects", "conflict": "error"}
        assert compute("data/merge", same) == {"a": 1}

    def test_that_would_not_end_is_refused(self, compute: Compute) -> None:
        many = [{"id": 1}] * 1000
        with pytest.raises(StepRefused, match="more than 100000 items"):
            compute("data/merge", {"sources": [many, many], "by": "key", "key": "id"})

    def test_needs_a_key_to_join_by_key(self, compute: Compute) -> None:
        with pytest.raises(StepRefused, match="needs `key`"):
            compute("data/merge", {"sources": [[], []], "by": "key"})


class TestSplit:
    def test_makes_batches(self, compute: Compute) -> None:
        assert compute("data/split", {"items": [1, 2, 3], "size": 2}) == [[1, 2], [3]]

    def test_takes_a_list_out_of_items(self, compute: Compute) -> None:
        items = [{"id": 1, "lines": ["a", "b"]}, {"id": 2, "lines": []}, {"id": 3}]
        assert compute("data/split", {"items": items, "field": "lines"}) == [
            {"id": 1, "lines": "a"},
            {"id": 1, "lines": "b"},
        ]

    def test_splits_text(self, compute: Compute) -> None:
        assert compute("data/split", {"text": "a, b,, c ", "separator": ","}) == ["a", "b", "c"]
        assert compute("data/split", {"text": "a, b,", "separator": ",", "trim": False}) == ["a", " b", ""]

    @pytest.mark.parametrize("inputs", [{"items": [1]}, {"items": [1], "size": 2, "text": "x"}])
    def test_wants_exactly_one_way(self, compute: Compute, inputs: dict[str, Any]) -> None:
        with pytest.raises(StepRefused, match="exactly one of"):
            compute("data/split", inputs)


class TestValidate:
    ROWS = [{"id": 1, "email": "a@b.c", "age": 30}, {"id": 1, "email": "", "age": 300}]  # noqa: RUF012

    def test_passes_what_holds(self, compute: Compute, bound: Make) -> None:
        found = compute(
            "data/validate",
            {"value": self.ROWS[0], "schema": {"required": ["id"]}, "checks": [(bound("item.age > 18"), "too young")]},
        )
        assert found == {"valid": True, "problems": [], "value": self.ROWS[0]}

    def test_reports_everything_that_is_wrong(self, compute: Compute, bound: Make) -> None:
        rules = [
            {"field": "id", "rule": "unique"},
            {"field": "email", "rule": "required"},
            {"field": "age", "rule": "range", "min": 0, "max": 120},
            {"field": "email", "rule": "pattern", "pattern": "@"},
            {"field": "id", "rule": "one_of", "values": [2]},
        ]
        found = compute(
            "data/validate",
            {
                "value": self.ROWS,
                "schema": {"items": {"properties": {"age": {"maximum": 150}}}},
                "rules": rules,
                "checks": [(bound("item.age < 100"), "nobody is that old")],
                "on_failure": "report",
            },
        )
        assert found["valid"] is False
        assert [(each["where"], each["rule"]) for each in found["problems"]] == [
            ("/1/age", "maximum"),
            ("/1/id", "unique"),
            ("/1/email", "required"),
            ("/1/age", "range"),
            ("/1/email", "pattern"),
            ("/0/id", "one_of"),
            ("/1/id", "one_of"),
            ("/1", "item.age < 100"),
        ]

    def test_fails_with_the_place_and_all_problems(self, compute: Compute) -> None:
        with pytest.raises(StepRefused, match=r"does not hold at `/a`.*1 more") as refused:
            compute(
                "data/validate", {"value": {"a": 1, "b": 2}, "schema": {"additionalProperties": {"type": "string"}}}
            )
        assert len(refused.value.details["problems"]) == 2

    @pytest.mark.parametrize("rule", ["range", "pattern", "one_of"])
    def test_explains_an_incomplete_rule(self, compute: Compute, rule: str) -> None:
        with pytest.raises(StepRefused, match=f"`{rule}` needs"):
            compute("data/validate", {"value": 1, "rules": [{"field": "a", "rule": rule}]})
