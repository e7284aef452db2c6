"""What the data kinds that work on lists share: reading a list, ordering, equality of items."""

from __future__ import annotations

import json
from typing import Any

from flov7.kit.errors import StepRefused
from flov7.primitives.declare import Json
from flov7.primitives.fields import Missing, at_path, kind_of


def as_items(value: Json, *, name: str = "items") -> list[Json]:
    """The list; null is an empty one. Raises StepRefused for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        hint = "Name the field that holds the list."
        if isinstance(value, str):
            hint = "Write an expression that gives a list, as in `order.lines`, or parse the text first."
        raise StepRefused(f"`{name}` wants a list; here is {kind_of(value)}.", hint=hint, code="data.no_list")
    return value


def as_objects(value: Json, *, name: str = "items") -> list[dict[str, Json]]:
    """The list of objects. Raises StepRefused that names the first item that is none."""
    items = as_items(value, name=name)
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise StepRefused(
                f"`{name}` wants a list of objects; item {index} is {kind_of(item)}.", code="data.no_object"
            )
    return items


def same(value: Json) -> str:
    """A text that is equal for equal values: 1 and 1.0 are one, and true is not 1."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, list):
        return "[" + ",".join(same(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{same(value[key])}" for key in sorted(value)) + "}"
    return json.dumps(value)


def order_key(value: Json) -> tuple[int, Any]:
    """Sorts any values: false, true, numbers, texts, the rest by their JSON, null last."""
    match value:
        case None:
            return (9, 0)
        case bool():
            return (0, value)
        case int() | float():
            return (1, value)
        case str():
            return (2, value)
        case _:
            return (3, same(value))


def pick(item: Json, path: str) -> Json:
    """The value at a dotted path, null where it leads nowhere."""
    value = at_path(item, path)
    return None if value is Missing else value


def marked(item: Json, origin: str | None, places: Json) -> Json:
    """The item with the place of what it was made of, under the name `origin`. Raises StepRefused for no object."""
    if origin is None:
        return item
    if not isinstance(item, dict):
        raise StepRefused(
            f"`origin` is a field of each item, and here is {kind_of(item)}.",
            hint="Leave `origin` out, or make objects of the items first.",
            code="data.no_object",
        )
    return {**item, origin: places}
