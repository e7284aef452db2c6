"""Reshape a value: read it, work on its items, print it.

What is given happens in this order, and everything is optional: `parse`; for a list: `flatten`, `shape` (an
expression that makes each item anew), `pick` / `omit` / `rename` fields, `unique_by`, `sort_by`, `offset` and
`limit`, then `group_by` and `aggregate`; last `print`. On a single object `flatten`, `shape`, `pick`, `omit`
and `rename` work as on one item.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, assert_never

from pydantic import Field

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering
from flov7.primitives import groups
from flov7.primitives.declare import AnyOutput, Bound, Json, Kind, KindInputs, deferred
from flov7.primitives.fields import Missing, Path, at_path, kind_of
from flov7.primitives.formats import csv_text, json_text, xml
from flov7.primitives.lists import as_items, order_key, same


class Inputs(KindInputs):
    """The value and what happens to it."""

    value: Json = Field(description="What is reshaped.", examples=["{{ order.lines }}"])
    parse: Literal["json", "xml", "csv"] | None = Field(default=None, description="Read it from this form first.")
    at: Path | None = Field(default=None, description="Then go on with what lies at this dotted path.")
    flatten: bool = Field(default=False, description="Nested objects become dotted names; lists of lists one list.")
    shape: Annotated[Bound | None, deferred("item", "index")] = Field(
        default=None,
        description="An expression over `item` and `index` that makes each item anew.",
        examples=["{'sku': item.sku, 'total': item.price * item.quantity}"],
    )
    pick: list[Path] = Field(default_factory=list, description="Keep these fields only; dotted ones nest.")
    omit: list[Path] = Field(default_factory=list, description="Leave these fields out.")
    rename: dict[str, str] = Field(default_factory=dict, description="Old name to new name.")
    unique_by: Annotated[Bound | None, deferred("item", "index")] = Field(
        default=None, description="Keep the first item for each value of this expression.", examples=["item.email"]
    )
    sort_by: Annotated[Bound | None, deferred("item", "index")] = Field(
        default=None, description="Order by the value of this expression; null comes last."
    )
    descending: bool = Field(default=False, description="The largest first.")
    offset: int = Field(default=0, ge=0, description="Pass over this many items.")
    limit: int | None = Field(default=None, ge=0, description="Keep at most this many.")
    group_by: Annotated[Bound | None, deferred("item", "index")] = Field(
        default=None, description="One `{key, items}` for each value of this expression."
    )
    aggregate: dict[str, groups.Aggregate] = Field(
        default_factory=dict,
        description="Names and what they count: over the list, or within each group.",
        examples=[{"total": {"op": "sum", "field": "price"}}],
    )
    print: Literal["json", "xml", "csv"] | None = Field(default=None, description="Print it in this form at last.")
    root: str | None = Field(default=None, description="For printing XML: the outermost element.")


class Outputs(AnyOutput):
    """The value in its new shape."""


def run(inputs: Inputs) -> Json:
    """The reshaped value. Raises StepRefused where a part of it cannot be worked on."""
    value = _parsed(inputs)
    if inputs.at is not None:
        found = at_path(value, inputs.at)
        value = None if found is Missing else found
    if isinstance(value, list):
        value = _list(inputs, value)
    elif _wants_list(inputs):
        raise StepRefused(
            f"To sort, group or count, a list is needed; here is {kind_of(value)}.",
            hint="Name the list in `value`, or the way to it in `at`.",
            code="data.no_list",
        )
    else:
        value = _item(inputs, value, index=0)
    return _printed(inputs, value)


def _parsed(inputs: Inputs) -> Json:
    if inputs.parse is None:
        return inputs.value
    if not isinstance(inputs.value, str):
        raise StepRefused(f"`parse` reads text; here is {kind_of(inputs.value)}.", hint="Leave `parse` out.")
    match inputs.parse:
        case "json":
            return json_text.parse(inputs.value)
        case "xml":
            return xml.parse(inputs.value)
        case "csv":
            return csv_text.parse(inputs.value)
        case _:
            assert_never(inputs.parse)


def _printed(inputs: Inputs, value: Json) -> Json:
    match inputs.print:
        case None:
            return value
        case "json":
            return json_text.show(value)
        case "csv":
            return csv_text.show(value)
        case "xml":
            return xml.show({"item": value} if isinstance(value, list) else value, root=inputs.root)
        case _:
            assert_never(inputs.print)


def _wants_list(inputs: Inputs) -> bool:
    return bool(inputs.unique_by or inputs.sort_by or inputs.group_by or inputs.aggregate or inputs.limit is not None)


def _list(inputs: Inputs, items: list[Json]) -> Json:
    if inputs.flatten:
        items = [part for item in items for part in (as_items(item) if isinstance(item, list) else [item])]
    items = [_item(inputs, item, index=index) for index, item in enumerate(items)]
    if inputs.unique_by is not None:
        first: dict[str, Json] = {}
        for index, item in enumerate(items):
            first.setdefault(same(inputs.unique_by(item=item, index=index)), item)
        items = list(first.values())
    if inputs.sort_by is not None:
        items = _sorted(items, inputs.sort_by, descending=inputs.descending)
    items = items[inputs.offset :]
    items = items if inputs.limit is None else items[: inputs.limit]
    if inputs.group_by is not None:
        return groups.grouped(items, inputs.group_by, aggregate=inputs.aggregate)
    return groups.counted(items, inputs.aggregate) if inputs.aggregate else items


def _sorted(items: list[Json], by: Bound, *, descending: bool) -> list[Json]:
    keyed = [(by(item=item, index=index), item) for index, item in enumerate(items)]
    some = sorted((pair for pair in keyed if pair[0] is not None), key=_first, reverse=descending)
    return [item for _, item in some] + [item for key, item in keyed if key is None]


def _first(pair: tuple[Json, Json]) -> tuple[int, Any]:
    return order_key(pair[0])


def _item(inputs: Inputs, item: Json, *, index: int) -> Json:
    if inputs.flatten and isinstance(item, dict):
        item = _flat(item, prefix="")
    if inputs.shape is not None:
        item = inputs.shape(item=item, index=index)
    if not (inputs.pick or inputs.omit or inputs.rename):
        return item
    if not isinstance(item, dict):
        raise StepRefused(
            f"`pick`, `omit` and `rename` work on objects; item {index} is {kind_of(item)}.", code="data.no_object"
        )
    return _fields(inputs, item)


def _fields(inputs: Inputs, item: dict[str, Json]) -> dict[str, Json]:
    if inputs.pick:
        item = {path: value for path in inputs.pick if (value := at_path(item, path)) is not Missing}
    for path in inputs.omit:
        item = _without(item, path.split("."))
    taken = [new for old, new in inputs.rename.items() if old in item and new in item and new not in inputs.rename]
    if taken:
        raise StepRefused(f"`rename` would hide the field `{taken[0]}` that is there.", hint="Omit it first.")
    return {inputs.rename.get(name, name): value for name, value in item.items()}


def _without(item: dict[str, Json], path: list[str]) -> dict[str, Json]:
    name, *rest = path
    if name not in item:
        return item
    if not rest:
        return {key: value for key, value in item.items() if key != name}
    inner = item[name]
    return {**item, name: _without(inner, rest)} if isinstance(inner, dict) else item


def _flat(item: dict[str, Json], *, prefix: str) -> dict[str, Json]:
    flat: dict[str, Json] = {}
    for name, value in item.items():
        if isinstance(value, dict) and value:
            flat.update(_flat(value, prefix=f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


KIND = Kind(
    title="Reshape",
    icon="shapes",
    summary="Lists and objects in another shape: parse, pick, rename, flatten, sort, group, count, print.",
    confused_with="`data/mapping` names single values; `action/transform` converts one value's format.",
    examples=("Sum the prices by country", "Sort the lines by price", "Turn the CSV into objects"),
    synonyms=("reshape", "group", "sort", "sum", "aggregate", "convert", "parse", "csv"),
    lowering=Lowering.PURE,
)
