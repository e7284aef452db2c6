"""Bring several lists or objects together.

- `append`: one list after the other.
- `position`: the first items with each other, the second ones, and so on; to the shortest, or with
  `join: outer` to the longest.
- `key`: items whose `key` has the same value; `join` says which stay: those in both (`inner`), all of the first
  (`left`), all (`outer`), or those without a partner (`non_matches`).
- `combinations`: every item of one with every item of the others.
- `objects`: objects into one.

Where two have the same field with different values, `conflict` decides. `origin` names a field that says of which
items each was made: the list of their places, one for each source, null where it had none.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any, Literal, assert_never

from pydantic import ConfigDict, Field, model_validator

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Json, Kind, KindInputs
from flov7.primitives.fields import Origin, Path, kind_of, rules, where_is
from flov7.primitives.lists import as_items, as_objects, marked, pick, same

Conflict = Literal["last", "first", "error"]
Item = dict[str, Any]
_MOST_ITEMS = 100_000


class Inputs(KindInputs):
    """What is brought together, and how."""

    model_config = ConfigDict(json_schema_extra=rules(where_is("by", "key", needs="key")))

    sources: list[Json] = Field(
        min_length=1, max_length=50, description="The lists or objects.", examples=[["{{ orders }}", "{{ customers }}"]]
    )
    by: Literal["append", "position", "key", "combinations", "objects"] = Field(
        default="append", description="How they meet."
    )
    key: Path | list[Path] | None = Field(
        default=None, description="For `key`: the field, or one field for each source, that must be equal."
    )
    join: Literal["inner", "left", "outer", "non_matches"] = Field(
        default="inner", description="For `key` and `position`: which items stay."
    )
    conflict: Conflict = Field(
        default="last", description="Which value stays where two differ: the later, the earlier, or neither."
    )
    origin: Origin = None

    @model_validator(mode="after")
    def _fits(self) -> Inputs:
        if self.by == "key" and self.key is None:
            raise ValueError("merging by key needs `key`, the field that both have")
        if isinstance(self.key, list) and len(self.key) != len(self.sources):
            raise ValueError(f"`key` names {len(self.key)} fields for {len(self.sources)} sources")
        if self.origin is not None and self.by in ("append", "objects"):
            raise ValueError("`origin` goes with `position`, `key` and `combinations`")
        if self.by == "key" and self.join == "non_matches" and len(self.sources) != 2:
            raise ValueError("`non_matches` compares exactly two sources")
        return self


class Outputs(AnyOutput):
    """One list, or with `objects` one object."""


def run(inputs: Inputs) -> Json:
    """The merged list or object. Raises StepRefused where shapes or values do not go together."""
    match inputs.by:
        case "append":
            return [item for n, source in enumerate(inputs.sources) for item in as_items(source, name=f"sources[{n}]")]
        case "objects":
            return _objects(inputs)
        case "position":
            return _by_position(inputs)
        case "key":
            return _by_key(inputs)
        case "combinations":
            return _combinations(inputs)
        case _:
            assert_never(inputs.by)


def joined(first: Item, second: Item, *, conflict: Conflict) -> Item:
    """One object of two. Raises StepRefused where `conflict` is `error` and a field differs."""
    if conflict == "error":
        for name in first:  # in their order, so that a replay says the same
            if name in second and same(first[name]) != same(second[name]):
                raise StepRefused(
                    f"Both sides have the field `{name}`, with different values.",
                    hint="Rename it on one side, or choose `conflict: first` or `last`.",
                    code="merge.conflict",
                )
    return {**second, **first} if conflict == "first" else {**first, **second}


def _objects(inputs: Inputs) -> Item:
    output: Item = {}
    for number, source in enumerate(inputs.sources):
        if source is not None and not isinstance(source, dict):
            raise StepRefused(
                f"`objects` merges objects; sources[{number}] is {kind_of(source)}.",
                hint="For lists choose `by: append`, `position` or `key`.",
            )
        output = joined(output, source or {}, conflict=inputs.conflict)
    return output


def _by_position(inputs: Inputs) -> list[Item]:
    lists = [as_objects(source, name=f"sources[{n}]") for n, source in enumerate(inputs.sources)]
    lengths = [len(items) for items in lists]
    match inputs.join:
        case "inner":
            places = range(min(lengths))
        case "left":
            places = range(lengths[0])
        case "outer":
            places = range(max(lengths))
        case "non_matches":
            places = range(min(lengths), max(lengths))
        case _:
            assert_never(inputs.join)
    output: list[Item] = []
    for place in places:
        item: Item = {}
        for items in lists:
            item = joined(item, items[place] if place < len(items) else {}, conflict=inputs.conflict)
        places_of = [place if place < len(items) else None for items in lists]
        output.append(marked(item, inputs.origin, places_of))
    return output


def _combinations(inputs: Inputs) -> list[Item]:
    lists = [as_objects(source, name=f"sources[{n}]") for n, source in enumerate(inputs.sources)]
    if math.prod(len(items) for items in lists) > _MOST_ITEMS:
        raise StepRefused(
            f"These are more than {_MOST_ITEMS} combinations.", hint="Filter the lists first.", code="merge.too_many"
        )
    output: list[Item] = []
    for pairs in itertools.product(*(enumerate(items) for items in lists)):
        item: Item = {}
        for _, one in pairs:
            item = joined(item, one, conflict=inputs.conflict)
        output.append(marked(item, inputs.origin, [place for place, _ in pairs]))
    return output


@dataclass(frozen=True, slots=True)
class _Row:
    """An item with its key, and the places of the items that it was made of."""

    key: Json
    item: Item
    places: tuple[int | None, ...]


def _by_key(inputs: Inputs) -> list[Item]:
    keys = inputs.key if isinstance(inputs.key, list) else [inputs.key or ""] * len(inputs.sources)

    def rows(number: int) -> list[_Row]:
        items = as_objects(inputs.sources[number], name=f"sources[{number}]")
        return [_Row(pick(item, keys[number]), item, (place,)) for place, item in enumerate(items)]

    left = rows(0)
    for number in range(1, len(inputs.sources)):
        left = _join(left, rows(number), join=inputs.join, conflict=inputs.conflict, number=number)
    return [marked(row.item, inputs.origin, list(row.places)) for row in left]


def _join(left: list[_Row], right: list[_Row], *, join: str, conflict: Conflict, number: int) -> list[_Row]:
    """`right` is the source with that number. An item whose key is null or missing has no partner."""
    partners: dict[str, list[_Row]] = {}
    for row in right:
        if row.key is not None:
            partners.setdefault(same(row.key), []).append(row)
    output: list[_Row] = []
    met: set[str] = set()
    for row in left:
        mark = same(row.key)
        found = partners.get(mark, []) if row.key is not None else []
        if found:
            met.add(mark)
            if join != "non_matches":
                output.extend(
                    _Row(row.key, joined(row.item, other.item, conflict=conflict), row.places + other.places)
                    for other in found
                )
                _check_length(output)
        elif join != "inner":
            output.append(_Row(row.key, row.item, (*row.places, None)))
    if join in ("outer", "non_matches"):
        alone = (row for row in right if row.key is None or same(row.key) not in met)
        output.extend(_Row(row.key, row.item, ((None,) * number) + row.places) for row in alone)
    return output


def _check_length(output: list[_Row]) -> None:
    if len(output) > _MOST_ITEMS:
        raise StepRefused(
            f"Joining these gives more than {_MOST_ITEMS} items: many on both sides have the same key.",
            hint="Look whether `key` names the right field, or make one side unique first.",
            code="merge.too_many",
        )


KIND = Kind(
    title="Merge",
    icon="merge",
    summary="Two or more lists or objects become one: appended, side by side, or joined by a key.",
    confused_with="`data/enrich` looks each item up outside; `data/mapping` builds one object of named values.",
    examples=("Join the orders with their customers", "Combine both lists"),
    synonyms=("join", "combine", "append", "concat", "union"),
    lowering=Lowering.PURE,
)
