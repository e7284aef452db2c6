"""Between JSON values and what PostgreSQL's driver takes and gives."""

from __future__ import annotations

import base64
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flov7.primitives.declare import Json
from flov7.primitives.formats import json_text


def to_sql(value: Json, *, type_: str) -> Any:
    """The JSON value as what the driver wants for a column of that type. Raises ValueError with both named."""
    if value is None:
        return None
    if type_.endswith("[]") and isinstance(value, list):
        return [to_sql(each, type_=type_[:-2]) for each in value]
    try:
        return _converted(value, type_)
    except (ValueError, TypeError, ArithmeticError, AttributeError) as error:
        raise ValueError(f"{json_text.show(value)[:60]} is no value of type {type_}") from error


def _converted(value: Any, type_: str) -> Any:
    match type_:
        case "json" | "jsonb":
            return json_text.show(value)
        case "text" | "varchar" | "bpchar" | "name":
            return value if isinstance(value, str) else json_text.show(value)
        case "numeric":
            return Decimal(str(value))
        case "int2" | "int4" | "int8":
            if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
                raise ValueError("no whole number")
            return int(value)
        case "float4" | "float8":
            return float(value)
        case "timestamptz" | "timestamp":
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=None) if type_ == "timestamp" else moment.astimezone()
        case "date":
            return date.fromisoformat(value[:10])
        case "time":
            return time.fromisoformat(value)
        case "interval":
            return timedelta(seconds=float(value))
        case "uuid":
            return UUID(value)
        case "bytea":
            return base64.b64decode(value)
        case _:
            return value


def to_json(value: Any) -> Json:
    """A column's value as JSON: moments in ISO 8601, exact decimals as text, bytes in Base64."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if value == value and value not in (float("inf"), float("-inf")) else str(value)
        case Decimal():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes():
            return base64.b64encode(value).decode()
        case list() | tuple() | set() | frozenset():
            return [to_json(each) for each in value]
        case dict():
            return {str(key): to_json(each) for key, each in value.items()}
        case _:
            return str(value)
