"""What goes wrong with an expression, when it is read and when it is evaluated."""

from __future__ import annotations

from typing import Any, Literal

from flov7.kit.errors import Invalid

Code = Literal[
    "expression.syntax",  # it cannot be read
    "expression.hyphen",  # a name with a hyphen that reads as a subtraction
    "expression.unsupported",  # Python or JavaScript that is left out on purpose
    "expression.unknown",  # a function or method that does not exist
    "expression.arguments",  # too few, too many, or unknown arguments
    "expression.type",  # an operation on a kind of value that it is not for
    "expression.null",  # a value was needed, and a path leads nowhere
    "expression.arithmetic",  # division by zero, a number out of range
    "expression.value",  # a text that is no date, no number, no JSON, no pattern
    "expression.budget",  # more work, size or depth than allowed
    "expression.clock",  # time or chance asked for where there is no run
]


class ExpressionError(Invalid):
    """An expression that cannot be read or evaluated.

    Attributes beside those of every error: `offset`, the place in the text that was given to the parser
    (characters from 0), or None where it belongs to no place.
    """

    code = "expression.invalid"

    def __init__(
        self,
        message: str,
        *,
        code: Code,
        hint: str = "",
        offset: int | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code, details=details)
        self.offset = offset


class WrongValue(ExpressionError):
    """Raised inside a function about one of its arguments; the call adds which one and where.

    `needed` says what would have been right ("text", "a list of numbers"), `value` is what came.
    """

    def __init__(self, needed: str, value: Any, *, hint: str = "") -> None:
        super().__init__(f"{needed} is needed here", code="expression.type", hint=hint)
        self.needed = needed
        self.value = value
