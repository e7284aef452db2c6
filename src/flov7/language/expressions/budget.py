"""How much an expression may do: work, size and depth, charged before it is done."""

from __future__ import annotations

from typing import Final

from flov7.language.expressions.errors import ExpressionError

MAX_SOURCE: Final = 10_000
"""Characters of one expression."""
MAX_TEXT: Final = 1_000_000
"""Characters of one text with expressions in it."""
MAX_HOLES: Final = 2_000
"""Expressions in one text."""
MAX_NESTING: Final = 50
"""Brackets within brackets, while reading."""
MAX_DEPTH: Final = 100
"""Operations within operations, and lists within lists of a result."""
MAX_BITS: Final = 256
"""Size of a whole number that an expression makes."""
MAX_STEPS: Final = 1_000_000
"""Steps of one evaluation: an operation, or an element that one passes over."""
MAX_SIZE: Final = 10_000_000
"""Characters and elements that one evaluation makes."""


class Budget:
    """What is left of the work and the size that one evaluation, or one whole template, may use.

    It is used up; to share a limit between evaluations, give them the same object.
    """

    __slots__ = ("size", "steps")

    def __init__(self, steps: int = MAX_STEPS, *, size: int = MAX_SIZE) -> None:
        self.steps = steps
        self.size = size

    def spend(self, steps: int) -> None:
        """Pay for work that is about to be done; raises `expression.budget` when there is no more."""
        self.steps -= steps
        if self.steps < 0:
            raise ExpressionError(
                "this expression does more work than allowed",
                code="expression.budget",
                hint="work on fewer elements, or move the work into a data or transform step",
            )

    def grow(self, size: int) -> None:
        """Pay for characters or elements that are about to be made; raises `expression.budget`."""
        self.size -= size
        if self.size < 0:
            raise ExpressionError(
                "this expression makes a value that is larger than allowed",
                code="expression.budget",
                hint="build smaller texts and lists, or work in several steps",
            )
