"""Functions between representations: JSON text, base64, web addresses, digests; and the run's own chance."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import uuid
from typing import NoReturn
from urllib.parse import quote, unquote

from flov7.language.expressions.clock import Clock
from flov7.language.expressions.errors import ExpressionError, WrongValue
from flov7.language.expressions.functions.registry import elements, function, text, whole
from flov7.language.expressions.values import Frame, Json, checked, weigh


@function("parse_json", "from_json", "fromjson")
def parse_json(frame: Frame, value: Json) -> Json:
    """The value that JSON text stands for."""
    frame.budget.spend(len(text(value)) // 8)
    frame.budget.grow(len(value))
    try:
        found = json.loads(value, parse_int=_whole, parse_float=_decimal, parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise ExpressionError(f"{value[:40]!r} is not JSON", code="expression.value") from None
    weigh(found, budget=frame.budget)
    return found


def _whole(digits: str) -> int | float:
    # converting very many digits takes quadratic time
    return checked(int(digits) if len(digits) < 400 else float("inf"))


def _decimal(digits: str) -> int | float:
    return checked(float(digits))


def _not_json(word: str) -> NoReturn:
    raise ValueError(word)


@function("base64_encode", "base64")
def base64_encode(frame: Frame, value: Json) -> str:
    """Base64 of the text's UTF-8."""
    frame.budget.grow(6 * len(text(value)))
    return base64.b64encode(value.encode()).decode("ascii")


@function("base64_decode")
def base64_decode(frame: Frame, value: Json) -> str:
    """The UTF-8 text that base64 stands for."""
    frame.budget.grow(len(text(value)))
    try:
        return base64.b64decode(value.encode(), validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise ExpressionError(f"{value[:40]!r} is not base64 of text", code="expression.value") from None


@function("url_encode")
def url_encode(frame: Frame, value: Json) -> str:
    """With everything escaped that has a meaning in a web address."""
    frame.budget.grow(12 * len(text(value)))
    return quote(value, safe="")


@function("url_decode")
def url_decode(frame: Frame, value: Json) -> str:
    """With the escapes of a web address undone."""
    frame.budget.grow(len(text(value)))
    return unquote(value)


@function("sha256")
def sha256(frame: Frame, value: Json) -> str:
    """The SHA-256 digest of the text's UTF-8, in hexadecimal."""
    frame.budget.spend(len(text(value)) // 64)
    return hashlib.sha256(value.encode()).hexdigest()


@function("html_escape")
def html_escape(frame: Frame, value: Json) -> str:
    """With <, >, & and quotes written so that HTML shows them."""
    frame.budget.grow(6 * len(text(value)))
    marks = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}
    return value.translate(str.maketrans(marks))


def clock_of(frame: Frame, asked: str) -> Clock:
    """The run's clock, or `expression.clock` where there is no run."""
    if frame.clock is None:
        raise ExpressionError(
            f"{asked} is only known inside a run",
            code="expression.clock",
            hint="use it in a step; for the run's time there is run.now",
        )
    return frame.clock


@function("random")
def random_number(frame: Frame) -> float:
    """A number from 0 up to but not including 1, the same again when the run is replayed."""
    return clock_of(frame, "random()").random()


@function("random_int")
def random_int(frame: Frame, low: Json, high: Json) -> int:
    """A whole number from `low` to `high`, both included."""
    if whole(high) < whole(low):
        raise WrongValue("a number that is not below the first", high)
    span = whole(high) - whole(low) + 1
    return whole(low) + min(span - 1, int(clock_of(frame, "random_int()").random() * span))


@function("random_choice")
def random_choice(frame: Frame, values: Json) -> Json:
    """One of the elements."""
    found = elements(values)
    return found[random_int(frame, 0, len(found) - 1)] if found else None


@function("uuid")
def uuid_text(frame: Frame) -> str:
    """A UUID (version 4), the same again when the run is replayed."""
    clock = clock_of(frame, "uuid()")
    bits = 0
    for _ in range(4):
        bits = bits << 32 | int(clock.random() * (1 << 32))
    return str(uuid.UUID(int=bits, version=4))
