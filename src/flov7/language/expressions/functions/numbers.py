"""Functions on numbers, and from anything to a number or a truth value."""

from __future__ import annotations

import math
from collections.abc import Callable

from flov7.language.expressions.errors import ExpressionError, WrongValue
from flov7.language.expressions.functions.registry import elements, function, number, text, whole
from flov7.language.expressions.values import LONG_TEXT, Frame, Json, checked, is_number, to_json

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0", "")


def _read(value: str, to: Callable[[str], int | float], needed: str) -> int | float:
    try:
        # no number worth reading is longer, and reading takes quadratic time
        return checked(to(value if len(value) <= 400 else "too long"))
    except ValueError:
        raise ExpressionError(f"{value[:40]!r} is not {needed}", code="expression.value") from None


@function("int")
def to_int(frame: Frame, value: Json) -> int:
    """A whole number from a number (cut off, not rounded), a truth value or text."""
    if isinstance(value, str):
        return int(_read(value, int, "a whole number"))
    return int(value) if isinstance(value, bool) else math.trunc(number(value))


@function("float")
def to_float(frame: Frame, value: Json) -> float:
    """A decimal number from a number, a truth value or text."""
    if isinstance(value, str):
        return _read(value, float, "a number")
    return float(value) if isinstance(value, bool) else checked(float(number(value)))


@function("number")
def to_number(frame: Frame, value: Json) -> int | float:
    """A number from text, whole where it is written so; numbers stay."""
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, str):
        return number(value)
    plain = value.strip()
    return _read(plain, int if plain.lstrip("+-").isdigit() else float, "a number")


@function("bool")
def to_bool(frame: Frame, value: Json) -> bool:
    """Whether it counts as true. The texts "false", "no", "off" and "0" do not, as forms send them."""
    if isinstance(value, str) and len(value) < 20:
        plain = value.strip().lower()
        if plain in _TRUE or plain in _FALSE:
            return plain in _TRUE
    return bool(value)


@function("round")
def round_number(frame: Frame, value: Json, decimals: Json = 0) -> int | float:
    """Rounded to so many decimals, halves to the even neighbour; without decimals a whole number."""
    places = max(-400, min(400, whole(decimals)))
    return checked(round(number(value), places) if places else round(number(value)))


@function("floor")
def floor(frame: Frame, value: Json) -> int:
    """The whole number below."""
    return math.floor(number(value))


@function("ceil")
def ceil(frame: Frame, value: Json) -> int:
    """The whole number above."""
    return math.ceil(number(value))


@function("abs")
def absolute(frame: Frame, value: Json) -> int | float:
    """Without its sign."""
    return abs(number(value))


@function("min")
def smallest(frame: Frame, *values: Json) -> Json:
    """The smallest of the arguments, or of one list; null where there is none."""
    return _extreme(frame, values, min)


@function("max")
def largest(frame: Frame, *values: Json) -> Json:
    """The largest of the arguments, or of one list; null where there is none."""
    return _extreme(frame, values, max)


def _extreme(frame: Frame, values: tuple[Json, ...], choose: Callable[[list[Json]], Json]) -> Json:
    found = elements(values[0]) if len(values) == 1 else list(values)
    frame.budget.spend(comparison_cost(found))
    like_with_like(found)
    return choose(found) if found else None


def comparison_cost(values: list[Json]) -> int:
    """Steps for comparing each element once: long texts cost by their length."""
    return len(values) * (1 + max((len(v) // LONG_TEXT for v in values if isinstance(v, str)), default=0))


def like_with_like(values: list[Json]) -> None:
    """Only numbers, or only text; else WrongValue about the first that does not fit."""
    texts = bool(values) and isinstance(values[0], str)
    for value in values:
        if not (isinstance(value, str) if texts else is_number(value)):
            raise WrongValue("a list of only numbers or only text", values, hint="leave out null: [x for x in … if x]")


@function("sum")
def total(frame: Frame, values: Json, start: Json = 0) -> int | float:
    """The sum of a list; true counts as 1."""
    found = elements(values)
    frame.budget.spend(len(found))
    result = number(start)
    for value in found:
        if not is_number(value) and not isinstance(value, bool):
            raise WrongValue("a list of numbers", values, hint="leave out null: [x for x in … if x != null]")
        result = checked(result + value)
    return result


@function("avg", "mean", "average")
def mean(frame: Frame, values: Json) -> float | None:
    """The mean of a list of numbers; null where it is empty."""
    found = elements(values)
    return checked(total(frame, found) / len(found)) if found else None


@function("type")
def type_name(frame: Frame, value: Json) -> str:
    """ "null", "boolean", "number", "string", "array" or "object", as JSON Schema says it."""
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


@function("to_fixed")
def to_fixed(frame: Frame, value: Json, decimals: Json = 0) -> str:
    """As text with so many decimals."""
    frame.budget.grow(400)
    return f"{number(value):.{max(0, min(20, whole(decimals)))}f}"


@function("is_number_text", "is_numeric")
def is_numeric(frame: Frame, value: Json) -> bool:
    """Whether it is a number, or text that reads as one."""
    if not isinstance(value, str):
        return is_number(value)
    try:
        return bool(len(value) < 400 and text(value).strip() and math.isfinite(float(value)))
    except ValueError:
        return False


@function("json", "tojson", "to_json")
def json_text(frame: Frame, value: Json, indent: Json = None) -> str:
    """The value as JSON text, compact or indented."""
    return to_json(frame, value, indent=None if indent is None else max(0, min(8, whole(indent))))
