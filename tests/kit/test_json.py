"""Canonical bytes: equal values are equal bytes, and what is no JSON is told in words."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flov7.kit import json
from flov7.kit.errors import Invalid

VALUES = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53), 2**53) | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(some.characters(exclude_categories=["Cs"])),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(some.characters(exclude_categories=["Cs"])), inner),
)  # fmt: skip


class TestCanonical:
    @given(VALUES)
    def test_is_read_back_as_the_same_value(self, value: object) -> None:
        assert json.loads(json.canonical(value)) == value

    def test_does_not_depend_on_the_order_of_keys(self) -> None:
        assert json.canonical({"b": 1, "a": {"d": 2, "c": 3}}) == b'{"a":{"c":3,"d":2},"b":1}'
        assert json.digest({"b": 1, "a": 2}) == json.digest({"a": 2, "b": 1})
        assert json.digest({"a": 1}) != json.digest({"a": 2})

    def test_frozen_values_are_values(self) -> None:
        assert json.canonical(MappingProxyType({"a": (1, 2)})) == b'{"a":[1,2]}'
        assert json.canonical({"price": Decimal("9.5"), "count": Decimal("3")}) == b'{"count":3,"price":9.5}'

    def test_a_number_beyond_64_bits_is_written_whole(self) -> None:
        assert json.canonical({"b": 10**30, "a": 1}) == b'{"a":1,"b":1000000000000000000000000000000}'


class TestRefusals:
    def test_names_line_and_column(self) -> None:
        with pytest.raises(Invalid, match="line 2, column"):
            json.loads('{\n"a": }')

    def test_what_json_cannot_say(self) -> None:
        with pytest.raises(Invalid, match="bytes"):
            json.dumps({"a": b"raw"})

    def test_half_a_character(self) -> None:
        with pytest.raises(Invalid):
            json.dumps("\ud800")

    def test_endless_nesting(self) -> None:
        value: list[object] = []
        for _ in range(5000):
            value = [value]
        with pytest.raises(Invalid, match="deep"):
            json.dumps(value)
