"""Let the run go on only where an expression is true.

Without sides it is a gate: where `logic` is not true, what follows is skipped and the run ends well. Truth is
as for `if_else`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Decision, Json, Kind, KindInputs, KindOutputs, expression


class Inputs(KindInputs):
    """What must be true."""

    logic: Annotated[Json, expression()] = Field(
        description="An expression; where it is not true, nothing after it starts.",
        examples=["order.country == 'DE'"],
    )


class Outputs(KindOutputs):
    """What was found."""

    result: bool = Field(description="Whether the run went on.")


def run(inputs: Inputs) -> Decision:
    """Chooses `if_true` (go on) or `if_false` (stop)."""
    result = bool(inputs.logic)
    return Decision(output={"result": result}, side="if_true" if result else "if_false")


KIND = Kind(
    title="Filter",
    icon="filter",
    summary="Go on only if something holds; there is nothing to do otherwise.",
    confused_with="`if_else` has a second way; `data/filter` picks items out of a list.",
    examples=("Only if the order is from Germany", "Stop unless the amount is positive"),
    synonyms=("only if", "unless", "gate", "stop if"),
    fields=("logic", "if_true", "if_false", "then", "else"),
    lowering=Lowering.TEST,
)
