"""Give values new names for the steps below.

On the left stands an expression, on the right the name that it gets; dotted names nest. The names can be used
at once in what follows: `{"webhook.email": "user_email"}` makes `{{ user_email }}`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering
from flov7.primitives.declare import KEYED, AnyOutput, Bound, Json, Kind, KindInputs, deferred_keys


class Inputs(KindInputs):
    """What gets which name."""

    mapping: Annotated[list[tuple[Bound, str]], KEYED, deferred_keys()] = Field(
        description="Expressions on the left, new names on the right.",
        examples=[{"order.customer.email": "email"}],
    )


class Outputs(AnyOutput):
    """An object with the new names; dotted ones are nested."""


def run(inputs: Inputs) -> dict[str, Json]:
    """The object of the new names. Raises StepRefused where two names cannot stand side by side."""
    output: dict[str, Any] = {}
    for source, target in inputs.mapping:
        put(output, target, value=source())
    return output


def put(output: dict[str, Any], target: str, *, value: Json) -> None:
    """Puts `value` at a dotted place. Raises StepRefused where the place is taken."""
    *above, last = target.split(".")
    here = output
    for part in above:
        here = here.setdefault(part, {})
        if not isinstance(here, dict):
            raise _taken(target)
    if last in here:
        raise _taken(target)
    here[last] = value


def _taken(target: str) -> StepRefused:
    return StepRefused(
        f"The name `{target}` is set twice, or stands above another one.",
        hint="Give each value a name of its own; `a` and `a.b` cannot both be set.",
        code="mapping.taken",
    )


KIND = Kind(
    title="Mapping",
    icon="arrow-right",
    summary="Short names for values that lie deep, and objects in the shape that the next step wants.",
    confused_with="`data/transform` works on each item of a list.",
    examples=("Take the customer's e-mail and name", "Map the fields"),
    synonyms=("map", "rename", "set", "fields", "assign"),
    fields=("mapping",),
    lowering=Lowering.PURE,
)
