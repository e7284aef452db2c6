"""Choose one of many ways by a value.

`cases` holds a primitive's name, or a list, for each value; `default` is taken where none fits. A case's key
is text, so a number fits the key that is written like it (`2` fits `"2"`, and so does `2.0`), true and false fit
`"true"` and `"false"`, null fits `"null"`. Lists and objects fit no case.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Decision, Json, Kind, KindInputs, KindOutputs, expression


class Inputs(KindInputs):
    """The value, and the keys of the cases."""

    on: Annotated[Json, expression()] = Field(
        description="An expression; its value is looked up among the cases.", examples=["order.status"]
    )
    cases: list[str] = Field(min_length=1, description="The keys of the cases, in their order.")


class Outputs(KindOutputs):
    """What was chosen."""

    value: Json = Field(description="The value of `on`.")
    case: str | None = Field(description="The key of the case that fits, or null for `default`.")


def label(value: Json) -> str | None:
    """The key that a value fits, or None for a list or an object."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case int() | float() | str():
            return str(value)
        case _:
            return None


def run(inputs: Inputs) -> Decision:
    """Chooses the key of a case, or `default`."""
    key = label(inputs.on)
    case = key if key in inputs.cases else None
    return Decision(output={"value": inputs.on, "case": case}, side=case if case is not None else "default")


KIND = Kind(
    title="Switch",
    icon="split",
    summary="One value decides between more than two ways.",
    confused_with="`if_else` for a yes-or-no question.",
    examples=("Depending on the status", "Route by country"),
    synonyms=("case", "route", "depending on", "router"),
    fields=("on", "cases", "default"),
    lowering=Lowering.TEST,
)
