"""The table of functions, and how a function says what it needs.

A function takes the frame of the evaluation (for its budget and clock) and then its arguments. What can make
much out of little pays the budget before it does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flov7.language.expressions.errors import WrongValue
from flov7.language.expressions.values import Json, is_number


@dataclass(frozen=True, slots=True)
class Function:
    """A function that expressions may call: its parameters in order, how many are needed, what it says."""

    name: str
    call: Callable[..., Json]
    parameters: tuple[str, ...]
    defaults: tuple[Json, ...]
    variadic: bool
    summary: str

    @property
    def required(self) -> int:
        """How many arguments cannot be left out."""
        return len(self.parameters) - len(self.defaults)


FUNCTIONS: Final[dict[str, Function]] = {}
"""Every function by each of its names."""


def function(*names: str) -> Callable[[Callable[..., Json]], Callable[..., Json]]:
    """Register a function under these names; its signature, without the frame, becomes its parameters."""

    def register(call: Callable[..., Json]) -> Callable[..., Json]:
        described = describe(names[0], call)
        for name in names:
            assert name not in FUNCTIONS, name
            FUNCTIONS[name] = described
        return call

    return register


def describe(name: str, call: Callable[..., Json]) -> Function:
    """What a Python function's signature says about its arguments."""
    parameters = list(inspect.signature(call).parameters.values())[1:]
    plain = [p for p in parameters if p.kind is not inspect.Parameter.VAR_POSITIONAL]
    return Function(
        name=name,
        call=call,
        parameters=tuple(p.name.rstrip("_") for p in plain),
        defaults=tuple(p.default for p in plain if p.default is not inspect.Parameter.empty),
        variadic=len(plain) < len(parameters),
        summary=(inspect.getdoc(call) or "").partition("\n")[0],
    )


def text(value: Any) -> str:
    """The argument as text, or WrongValue."""
    if isinstance(value, str):
        return value
    raise WrongValue("text", value, hint="turn it into text with str(…)" if is_number(value) else "")


def number(value: Any) -> int | float:
    """The argument as a number, or WrongValue."""
    if is_number(value):
        return value
    raise WrongValue("a number", value, hint="turn it into a number with number(…)" if isinstance(value, str) else "")


def whole(value: Any) -> int:
    """The argument as a whole number that a machine can count to, or WrongValue."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is int and abs(value) < 1 << 62:
        return value
    raise WrongValue("a whole number", value)


def items(value: Any) -> list[Json]:
    """The argument as a list, or WrongValue."""
    if isinstance(value, list):
        return value
    raise WrongValue("a list", value)


def elements(value: Any) -> list[Json]:
    """What a loop over the argument gives: elements, an object's names, a text's characters; or WrongValue."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict | str):
        return list(value)
    raise WrongValue("a list", value)


def members(value: Any) -> Mapping[str, Json]:
    """The argument as an object, or WrongValue."""
    if isinstance(value, dict):
        return value
    raise WrongValue("an object", value)
