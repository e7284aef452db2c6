"""JSON in and out, fast; and canonical bytes with their digest, so that equal values are equal bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from typing import Any

import orjson
from pydantic import BaseModel

from flov7.kit.errors import Invalid


def dumps(value: Any) -> bytes:
    """Compact UTF-8 JSON in the order given. Raises `Invalid` for what JSON cannot say; NaN becomes null."""
    return _encode(value, option=orjson.OPT_NON_STR_KEYS)


def canonical(value: Any) -> bytes:
    """Compact UTF-8 JSON with sorted keys: equal values give equal bytes. Raises `Invalid`."""
    return _encode(value, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)


def pretty(value: Any) -> str:
    """JSON for people: two spaces deep, in the order given."""
    return _encode(value, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_INDENT_2).decode()


def loads(data: bytes | bytearray | memoryview | str) -> Any:
    """The value; `Invalid` says line and column where it is no JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        message = f"This is no JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        raise Invalid(message, code="json.invalid", hint="Send JSON in UTF-8.") from error


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def digest_of(data: bytes) -> str:
    """SHA-256 of bytes, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def _encode(value: Any, *, option: int) -> bytes:
    try:
        return orjson.dumps(value, default=_plain, option=option)
    except TypeError as error:
        words = str(error)
        if "64-bit" in words:  # Python's whole numbers have no end; orjson's have
            return _encode_big(value, option=option)
        if "ecursion" in words:
            raise Invalid("The value is nested too deeply to be written as JSON.", code="json.too_deep") from error
        raise Invalid(f"The value cannot be written as JSON: {words}.", code="json.unwritable") from error


def _encode_big(value: Any, *, option: int) -> bytes:
    try:
        text = json.dumps(
            value,
            default=_plain,
            ensure_ascii=False,
            sort_keys=bool(option & orjson.OPT_SORT_KEYS),
            indent=2 if option & orjson.OPT_INDENT_2 else None,
            separators=None if option & orjson.OPT_INDENT_2 else (",", ":"),
        )
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(f"The value cannot be written as JSON: {error}.", code="json.unwritable") from error


def _plain(value: Any) -> Any:
    """What orjson does not know by itself; frozen values are among it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Set):
        return sorted(value)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return list(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")
