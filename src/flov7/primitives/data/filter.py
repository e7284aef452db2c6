"""Keep some of the items of a list.

`where` is asked for each item, which it sees as `item`, with its place as `index`; items keep their order.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Bound, Json, Kind, KindInputs, deferred, expression
from flov7.primitives.fields import Origin
from flov7.primitives.lists import as_items, marked


class Inputs(KindInputs):
    """Which items stay."""

    items: Annotated[Json, expression()] = Field(
        description="An expression that gives a list.", examples=["order.lines"]
    )
    where: Annotated[Bound, deferred("item", "index")] = Field(
        description="An expression over `item` and `index`.", examples=["item.price > 100"]
    )
    keep: Literal["matching", "others"] = Field(
        default="matching", description="Whether the items stay for which it is true, or the others."
    )
    limit: int | None = Field(default=None, ge=0, description="At most this many, from the front.")
    origin: Origin = None


class Outputs(AnyOutput):
    """The items that stay."""


def run(inputs: Inputs) -> list[Json]:
    """The items that stay, in their order."""
    kept: list[Json] = []
    for index, item in enumerate(as_items(inputs.items)):
        if inputs.limit is not None and len(kept) >= inputs.limit:
            break
        if bool(inputs.where(item=item, index=index)) == (inputs.keep == "matching"):
            kept.append(marked(item, inputs.origin, index))
    return kept


KIND = Kind(
    title="Filter a list",
    icon="list-filter",
    summary="Only those items of a list for which something holds.",
    confused_with="`condition/filter` stops the run; a loop runs steps for each item.",
    examples=("Keep the lines over 100", "Only the open invoices"),
    synonyms=("where", "only", "keep", "remove items"),
    lowering=Lowering.PURE,
)
