"""Compare two values: `left op right`.

Numbers are compared with numbers and texts with texts (by code point); dates in ISO 8601 with one zone compare
well as texts. Text is never taken for a number: where types differ, the answer is an error that says what to
convert, except for `==` (not equal) and `!=` (unequal). `contains`, `starts_with`, `ends_with` and `matches`
look into text, `contains` also into lists and the keys of objects; `in` is `contains` turned round; `between`
takes a list of two bounds, both included; `is_empty`, `is_null`, `exists` take no right side.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, assert_never

from pydantic import Field, model_validator

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Decision, Json, Kind, KindInputs, KindOutputs, expression
from flov7.primitives.fields import kind_of
from flov7.primitives.patterns import compiled

Op = Literal[
    "==", "!=", "<", "<=", ">", ">=", "between",
    "contains", "not_contains", "in", "not_in", "starts_with", "ends_with", "matches",
    "is_empty", "is_not_empty", "is_null", "exists",
]  # fmt: skip
_ALONE = {"is_empty", "is_not_empty", "is_null", "exists"}


class Inputs(KindInputs):
    """The two values and how they are compared."""

    left: Annotated[Json, expression()] = Field(description="An expression.", examples=["order.total"])
    op: Op = Field(default="==", description="How the two are compared.")
    right: Annotated[Json, expression()] = Field(
        default=None, description="An expression; text stands in quotes.", examples=["1000", "'paid'"]
    )
    ignore_case: bool = Field(default=False, description="Take upper and lower case for the same in texts.")

    @model_validator(mode="after")
    def _right_side(self) -> Inputs:
        if self.op in _ALONE and self.right is not None:
            raise ValueError(f"`{self.op}` looks at `left` alone; leave `right` out")
        return self


class Outputs(KindOutputs):
    """What was found."""

    result: bool = Field(description="Whether the comparison holds.")
    left: Json = Field(description="The left value.")
    right: Json = Field(description="The right value.")


def run(inputs: Inputs) -> Decision:
    """Chooses `if_true` or `if_false`. Raises StepRefused where the types cannot be compared."""
    left, right = inputs.left, inputs.right
    result = holds(_folded(left), inputs.op, _folded(right)) if inputs.ignore_case else holds(left, inputs.op, right)
    output = {"result": result, "left": left, "right": right}
    return Decision(output=output, side="if_true" if result else "if_false")


def holds(left: Json, op: Op, right: Json) -> bool:
    """Whether `left op right` holds. Raises StepRefused where the types cannot be compared."""
    match op:
        case "==":
            return equal(left, right)
        case "!=":
            return not equal(left, right)
        case "<" | "<=" | ">" | ">=":
            return _ordered(left, op, right)
        case "between":
            if not isinstance(right, list) or len(right) != 2:
                raise _unfit("between", right, "a list of the two bounds, as in `[10, 20]`")
            return _ordered(left, ">=", right[0]) and _ordered(left, "<=", right[1])
        case "contains" | "not_contains":
            return _contains(left, right) == (op == "contains")
        case "in" | "not_in":
            return _contains(right, left) == (op == "in")
        case "starts_with":
            return _text(left, op).startswith(_text(right, op))
        case "ends_with":
            return _text(left, op).endswith(_text(right, op))
        case "matches":
            return compiled(_text(right, op)).search(_text(left, op)) is not None
        case "is_empty":
            return left is None or left == "" or left == [] or left == {}
        case "is_not_empty":
            return not holds(left, "is_empty", None)
        case "is_null":
            return left is None
        case "exists":
            return left is not None
        case _:
            assert_never(op)


def equal(left: Json, right: Json) -> bool:
    """Equality of JSON values: 1 is 1.0, and true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _ordered(left: Any, op: str, right: Any) -> bool:
    numbers = all(isinstance(side, int | float) and not isinstance(side, bool) for side in (left, right))
    if not numbers and not (isinstance(left, str) and isinstance(right, str)):
        raise StepRefused(
            f"`{op}` compares two numbers or two texts; here are {kind_of(left)} on the left and "
            f"{kind_of(right)} on the right.",
            hint="Convert one side, as in `float(value)`, or give a default, as in `value ?? 0`.",
            code="compare.unlike_types",
        )
    return bool(
        {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]  # all are cheap
    )


def _contains(whole: Json, part: Json) -> bool:
    match whole:
        case str():
            return _text(part, "contains") in whole
        case list():
            return any(equal(item, part) for item in whole)
        case dict():
            return isinstance(part, str) and part in whole
        case None:
            return False
        case _:
            raise _unfit("contains", whole, "text, a list or an object to look into")


def _text(value: Json, op: str) -> str:
    if not isinstance(value, str):
        raise _unfit(op, value, "text")
    return value


def _unfit(op: str, value: Json, wanted: str) -> StepRefused:
    return StepRefused(
        f"`{op}` wants {wanted}; here is {kind_of(value)}.",
        hint="Convert it first, as in `str(value)`.",
        code="compare.unlike_types",
    )


def _folded(value: Json) -> Json:
    if isinstance(value, str):
        return value.casefold()
    return [_folded(item) for item in value] if isinstance(value, list) else value


KIND = Kind(
    title="Compare",
    icon="scale",
    summary="Two values side by side, with the comparison picked from a list instead of written.",
    confused_with="`if_else` takes any expression; `regex` gives the groups of a match.",
    examples=("Compare the price with the limit", "Check that the name contains 'test'"),
    synonyms=("greater", "less", "equals", "contains", "between"),
    fields=("left", "op", "right", "if_true", "if_false", "then", "else"),
    lowering=Lowering.TEST,
)
