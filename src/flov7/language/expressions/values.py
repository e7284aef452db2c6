"""JSON values as expressions see them: what kind they are, their text, their equality, their weight."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeAlias, TypeGuard

from flov7.language.expressions.budget import MAX_BITS, MAX_DEPTH, Budget
from flov7.language.expressions.clock import Clock
from flov7.language.expressions.errors import ExpressionError

Json: TypeAlias = Any
"""null, true, false, a finite number, text, a list of these, or an object of these by text."""

NUMBERS: Final = frozenset({int, float})
SCALARS: Final = frozenset({int, float, bool, str, type(None)})
ELEMENT: Final = 4
"""What an element or a member weighs, beside its characters."""
LONG_TEXT: Final = 256
"""From here on, comparing texts is charged by their length."""


class Scope(Protocol):
    """Names to values, looked up one root at a time, so that it may be lazy. Any mapping will do."""

    def get(self, key: str, /) -> Json:
        """The value of a root, None where there is none."""
        ...


class Frame:
    """One evaluation: the scope, the loop variables, what is left of the budget, the clock."""

    __slots__ = ("budget", "clock", "scope", "slots")

    def __init__(self, scope: Scope, *, slots: int, budget: Budget, clock: Clock | None) -> None:
        self.scope = scope
        self.slots: list[Json] = [None] * slots
        self.budget = budget
        self.clock = clock


def is_number(value: Json) -> TypeGuard[int | float]:
    """Whether it is a number; true and false are not."""
    return type(value) in NUMBERS


def kind_of(value: Json) -> str:
    """What a person calls it: "null", "true", "a number", "text", "a list", "an object"."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, Mapping) else f"a {type(value).__name__}, which is no JSON"


def checked(value: int | float) -> int | float:
    """A number that arithmetic gave; raises where it is infinite, undefined or too long."""
    if isinstance(value, float):
        if math.isfinite(value):
            return value
    elif value.bit_length() <= MAX_BITS:
        return value
    raise ExpressionError(
        "the result of this calculation is out of range",
        code="expression.arithmetic",
        hint=f"numbers stay finite, and whole numbers below 2^{MAX_BITS}",
    )


def equal(frame: Frame, left: Json, right: Json) -> bool:
    """Equality of JSON: unlike kinds are unequal (`true` is not 1), 1 equals 1.0; charged by its visits."""
    pairs = [(left, right)]
    budget = frame.budget
    while pairs:
        a, b = pairs.pop()
        kind = type(a)
        if kind is not type(b):
            if kind in NUMBERS and type(b) in NUMBERS and a == b:
                continue
            return False
        if kind is list:
            if len(a) != len(b):
                return False
            budget.spend(len(a))
            pairs.extend(zip(a, b, strict=True))
        elif kind is dict:
            if a.keys() != b.keys():
                return False
            budget.spend(len(a))
            pairs.extend((a[key], b[key]) for key in a)
        else:
            if kind is str and len(a) > LONG_TEXT:
                budget.spend(len(a) // LONG_TEXT)
            if a != b:
                return False
    return True


def weigh(value: Json, *, budget: Budget) -> tuple[int, int]:
    """Weight and depth of the tree, shared parts counted each time; raises when it exceeds the budget.

    It also refuses what is no JSON and what is nested too deeply, so a result is safe to print and to store.
    """
    total, limit = 0, budget.size
    level = [value]
    for depth in range(MAX_DEPTH + 2):
        below: list[Json] = []
        for item in level:
            kind = type(item)
            if kind is str:
                total += len(item) + 2
            elif kind is list or kind is dict:
                # paid for before they are lined up, so that the line stays as short as the budget is small
                total += ELEMENT * len(item) + 2
                if kind is dict:
                    total += sum(map(len, item))
                if total <= limit:
                    below.extend(item.values() if kind is dict else item)
            elif kind not in SCALARS:
                raise ExpressionError(f"the value holds {kind_of(item)}", code="expression.type")
            if total > limit:
                budget.grow(total)
        if not below:
            return total, depth
        level = below
    raise ExpressionError("the value is nested too deeply", code="expression.budget")


def to_json(frame: Frame, value: Json, *, indent: int | None = None) -> str:
    """Compact JSON text of a value, paid for before it is made."""
    size, depth = weigh(value, budget=frame.budget)
    frame.budget.grow(size)
    if indent:
        # a line for each element, and no element weighs less than two characters
        frame.budget.grow(size * indent * depth // 2)
    frame.budget.spend(size // 16)
    separators = None if indent else (",", ":")
    return json.dumps(value, ensure_ascii=False, separators=separators, indent=indent, allow_nan=False)


def to_text(frame: Frame, value: Json) -> str:
    """How a value is written inside text: text bare, all else as compact JSON."""
    return value if isinstance(value, str) else to_json(frame, value)
