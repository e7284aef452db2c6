"""Take one thing apart.

`text` with `separator` gives the parts of a text. `items` with `size` gives batches; `items` with `field` gives
one item for each element of the list in that field, with the item's other fields beside it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Json, Kind, KindInputs, expression
from flov7.primitives.fields import Origin
from flov7.primitives.lists import as_items, as_objects, marked


class Inputs(KindInputs):
    """What is taken apart, and where."""

    items: Annotated[Json, expression()] = Field(
        default=None, description="An expression that gives a list.", examples=["orders"]
    )
    size: int | None = Field(default=None, ge=1, description="Batches of this many items.")
    field: str | None = Field(
        default=None, min_length=1, description="The field that holds a list.", examples=["lines"]
    )
    text: str | None = Field(default=None, description="The text.", examples=["{{ order.tags }}"])
    separator: str = Field(default="\n", min_length=1, description="For text: what stands between the parts.")
    origin: Origin = None
    trim: bool = Field(default=True, description="For text: without blanks around the parts, and no empty parts.")

    @model_validator(mode="after")
    def _one_way(self) -> Inputs:
        ways = [name for name in ("size", "field", "text") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise ValueError("give exactly one of `size` (batches), `field` (a list inside items) and `text`")
        return self


class Outputs(AnyOutput):
    """A list of parts."""


def run(inputs: Inputs) -> list[Json]:
    """The parts, in order. Raises StepRefused for `items` that are no list."""
    if inputs.text is not None:
        parts = inputs.text.split(inputs.separator)
        return [part.strip() for part in parts if part.strip()] if inputs.trim else list[Json](parts)
    if inputs.size is not None:
        items = as_items(inputs.items)
        return [items[start : start + inputs.size] for start in range(0, len(items), inputs.size)]
    field = inputs.field or ""
    output: list[Json] = []
    for place, item in enumerate(as_objects(inputs.items)):
        others = {name: value for name, value in item.items() if name != field}
        output.extend(
            marked({**others, field: element}, inputs.origin, place)
            for element in as_items(item.get(field), name=field)
        )
    return output


KIND = Kind(
    title="Split",
    icon="scissors",
    summary="A list into batches, a list inside each item into items of its own, a text into parts.",
    confused_with="A loop runs steps for each item; this only takes apart.",
    examples=("Split the lines of the order", "In batches of fifty", "Split the tags at the comma"),
    synonyms=("batch", "chunk", "explode", "unnest", "split out"),
    lowering=Lowering.PURE,
)
