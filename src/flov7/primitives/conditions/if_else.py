"""Choose between two sides by one expression.

`logic` is true where its value is neither null, false, 0, empty text, nor an empty list or object. Its sides are
`if_true` and `if_false` (names of primitives below), or `then` and `else` (nested lists).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Decision, Json, Kind, KindInputs, KindOutputs, expression


class Inputs(KindInputs):
    """What decides."""

    logic: Annotated[Json, expression()] = Field(
        description="An expression; its truth chooses the side.", examples=["order.total > 1000"]
    )


class Outputs(KindOutputs):
    """What was decided."""

    result: bool = Field(description="Whether `logic` was true.")


def run(inputs: Inputs) -> Decision:
    """Chooses `if_true` or `if_false`."""
    result = bool(inputs.logic)
    return Decision(output={"result": result}, side="if_true" if result else "if_false")


KIND = Kind(
    title="If / else",
    icon="git-branch",
    summary="One yes-or-no question with a way for each answer.",
    confused_with="`filter` only stops or lets pass; `switch` has more than two ways; `when` skips one step.",
    examples=("If the total is over 1000", "Otherwise send the other mail"),
    synonyms=("if", "else", "otherwise", "branch", "check", "verification"),
    fields=("logic", "if_true", "if_false", "then", "else"),
    lowering=Lowering.TEST,
)
