"""Grouping items and counting over them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, assert_never

from pydantic import Field

from flov7.kit.errors import StepRefused
from flov7.primitives.declare import Bound, Json, KindInputs
from flov7.primitives.fields import Path, kind_of
from flov7.primitives.lists import pick, same


class Aggregate(KindInputs):
    """One number, value or list made of many items."""

    op: Literal["count", "sum", "average", "min", "max", "first", "last", "list", "join"] = Field(
        description="How the values become one; null is passed over."
    )
    field: Path | None = Field(default=None, description="The field of each item; left out: the item itself.")
    separator: str = Field(default=", ", description="For `join`: what stands between.")


def grouped(items: list[Json], by: Bound, *, aggregate: Mapping[str, Aggregate]) -> list[dict[str, Json]]:
    """`{key, items}`, or `{key, …aggregates}`, for each value of `by`, in the order of their first items."""
    keys: dict[str, Json] = {}
    members: dict[str, list[Json]] = {}
    for index, item in enumerate(items):
        key = by(item=item, index=index)
        keys.setdefault(same(key), key)
        members.setdefault(same(key), []).append(item)
    if aggregate:
        return [{"key": key, **counted(members[mark], aggregate)} for mark, key in keys.items()]
    return [{"key": key, "items": members[mark]} for mark, key in keys.items()]


def counted(items: list[Json], aggregate: Mapping[str, Aggregate]) -> dict[str, Json]:
    """The aggregates over all items, by name. Raises StepRefused for a sum over what is no number."""
    return {name: _one(items, how, name=name) for name, how in aggregate.items()}


def _one(items: list[Json], how: Aggregate, *, name: str) -> Json:
    values = [value for value in (_value(item, how.field) for item in items) if value is not None]
    match how.op:
        case "count":
            return len(values)
        case "list":
            return values
        case "join":
            return how.separator.join(str(value) for value in values)
        case "first":
            return values[0] if values else None
        case "last":
            return values[-1] if values else None
        case "sum":
            return _sum(_numbers(values, name=name))
        case "average":
            numbers = _numbers(values, name=name)
            return _sum(numbers) / len(numbers) if numbers else None
        case "min" | "max":
            return _extreme(values, name=name, largest=how.op == "max")
        case _:
            assert_never(how.op)


def _value(item: Json, field: str | None) -> Json:
    if field is None:
        return item
    return pick(item, field) if isinstance(item, dict) else None


def _numbers(values: list[Any], *, name: str) -> list[int | float]:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise StepRefused(
                f"`{name}` adds numbers; among the values is {kind_of(value)}: `{str(value)[:40]}`.",
                hint="Convert it in `shape` first, as in `float(item.price)`.",
                code="data.no_number",
            )
    return values


def _sum(numbers: list[int | float]) -> int | float:
    return sum(numbers) if all(isinstance(number, int) for number in numbers) else math.fsum(numbers)


def _extreme(values: list[Any], *, name: str, largest: bool) -> Json:
    if not values:
        return None
    if not all(isinstance(value, str) for value in values):
        values = _numbers(values, name=name)
    return max(values) if largest else min(values)
