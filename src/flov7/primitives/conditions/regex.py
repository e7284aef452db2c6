"""Look for a pattern in a text.

The pattern is RE2: linear time, no lookaround, no backreferences. It may match anywhere, unless it is anchored
with `^` and `$`. Groups come out by number in `groups` and by name (`(?P<id>…)`) in `named`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Decision, Json, Kind, KindInputs, KindOutputs, expression
from flov7.primitives.fields import kind_of
from flov7.primitives.patterns import compiled


class Inputs(KindInputs):
    """The text and the pattern."""

    value: Annotated[Json, expression()] = Field(
        description="An expression that gives text; null never matches.", examples=["email.subject"]
    )
    pattern: str = Field(min_length=1, max_length=4000, description="The pattern.", examples=["order #(?P<id>\\d+)"])
    ignore_case: bool = Field(default=False, description="Take upper and lower case for the same.")


class Outputs(KindOutputs):
    """What was found; all but `result` as if empty where nothing was."""

    result: bool = Field(description="Whether it matches.")
    text: str | None = Field(description="The part that matches.")
    groups: list[str | None] = Field(description="The groups by their order.")
    named: dict[str, str | None] = Field(description="The groups that have a name.")


def run(inputs: Inputs) -> Decision:
    """Chooses `if_true` where it matches, else `if_false`. Raises StepRefused for a value that is no text."""
    if not isinstance(inputs.value, str | None):
        raise StepRefused(
            f"`regex` looks into text; here is {kind_of(inputs.value)}.", hint="Convert it, as in `str(value)`."
        )
    pattern = compiled(f"(?i){inputs.pattern}" if inputs.ignore_case else inputs.pattern)
    found = pattern.search(inputs.value) if inputs.value is not None else None
    output = {
        "result": found is not None,
        "text": found.group(0) if found else None,
        "groups": list(found.groups()) if found else [],
        "named": dict(found.groupdict()) if found else {},
    }
    return Decision(output=output, side="if_true" if found else "if_false")


KIND = Kind(
    title="Pattern",
    icon="regex",
    summary="Whether a text has a certain form, and what stands at which place in it.",
    confused_with="`compare` with `contains` for a fixed word.",
    examples=("If the subject has an order number", "Check that it looks like a phone number"),
    synonyms=("regular expression", "matches", "pattern"),
    fields=("value", "pattern", "if_true", "if_false", "then", "else"),
    lowering=Lowering.TEST,
)
