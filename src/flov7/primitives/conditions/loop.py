"""Do a list of primitives again and again: for each item of a list, while something holds, or until it does.

Exactly one of `over`, `while`, `until`. `over` sees each item under the name in `as`, and `index` counts from 0;
`until` is asked after each round, `while` before. `concurrency` rounds of `over` run side by side and their
results keep the order of the items. More rounds than `max_iterations` is an error. The output is the list of
`collect`, or of the last primitive's outputs.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Bound, Json, Kind, KindInputs, deferred, expression


class Inputs(KindInputs):
    """What is repeated over."""

    over: Annotated[Json, expression()] = Field(
        default=None, description="An expression that gives a list.", examples=["order.lines"]
    )
    as_: str = Field(
        default="item",
        alias="as",
        pattern=r"^[a-z][a-z0-9_]{0,62}$",
        description="The name of one item inside the loop.",
    )
    while_: Annotated[Bound | None, deferred("index")] = Field(
        default=None, alias="while", description="An expression, asked before each round."
    )
    until: Annotated[Bound | None, deferred("index")] = Field(
        default=None, description="An expression, asked after each round; it sees that round's outputs."
    )
    concurrency: int = Field(default=1, ge=1, le=1000, description="How many rounds run side by side.")
    max_iterations: int = Field(default=10_000, ge=1, le=1_000_000, description="More rounds than this is an error.")
    collect: Annotated[Bound | None, deferred("index")] = Field(
        default=None, description="An expression, one value of the output for each round."
    )

    @model_validator(mode="after")
    def _side_by_side(self) -> Inputs:
        if self.concurrency > 1 and (self.while_ is not None or self.until is not None):
            raise ValueError("`concurrency` goes with `over`; `while` and `until` go round by round")
        if self.while_ is not None and self.until is not None:
            raise ValueError("give `while` or `until`, not both")
        return self


class Outputs(AnyOutput):
    """A list with one entry for each round, in order; null where the round was skipped."""


KIND = Kind(
    title="Loop",
    icon="repeat",
    summary="The same steps for every item of a list, or until something holds.",
    confused_with="`data/filter`, `data/transform` and `data/split` work on a list without steps.",
    examples=("For each line of the order", "Repeat until the job is done"),
    synonyms=("for each", "every item", "repeat", "each", "iterate"),
    fields=("over", "as", "do", "while", "until", "concurrency", "max_iterations", "collect"),
    lowering=Lowering.LOOP,
)
