"""Types of fields that several kinds share, so that they look and complain alike."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from flov7.kit import durations


def _duration(text: str) -> str:
    if not durations.is_duration(text):
        raise ValueError(f"`{text[:40]}` is no duration. {durations.HOW_TO_WRITE}")
    return text


# For those that read the schema only; kit.durations has the last word.
_LOOKS_LIKE = r"^\s*((\d+(\.\d+)?([mM][sS]|[smhdwSMHDW]))+|[pP][0-9tT][0-9wWdDtThHmMsS.,]*)\s*$"

Duration = Annotated[
    str,
    AfterValidator(_duration),
    Field(
        json_schema_extra={"format": "flov7-duration", "pattern": _LOOKS_LIKE},
        examples=["30s", "5m", "2h", "2d", "PT1H30M"],
    ),
]
"""A length of time: `30s` `5m` `2h` `2d`, together (`1h30m`), or ISO 8601."""

TimeZone = Annotated[
    str, Field(json_schema_extra={"format": "time-zone"}, examples=["Europe/Berlin", "UTC"], max_length=64)
]
"""A name from the IANA time zone database."""

Path = Annotated[str, Field(min_length=1, max_length=500, examples=["customer.email"])]
"""A dotted path into an item."""


def rules(*each: dict[str, Any]) -> dict[str, Any]:
    """What a schema says beyond its single fields, so that a document shows it before it runs."""
    return {"allOf": list(each)}


def where_is(field: str, *values: str, needs: str, unless: str = "") -> dict[str, Any]:
    """Where `field` is one of these values, `needs` must be there, `unless` another field is."""
    case: dict[str, Any] = {"properties": {field: {"enum": list(values)}}, "required": [field]}
    if unless:
        case["not"] = {"required": [unless]}
    return {"if": case, "then": {"required": [needs]}}


def without(*fields: str, needs: str) -> dict[str, Any]:
    """Where none of these fields is there, `needs` must be."""
    return {"if": {"not": {"anyOf": [{"required": [field]} for field in fields]}}, "then": {"required": [needs]}}


Missing = object()
"""What a path gives that leads nowhere."""


def at_path(value: Any, path: str) -> Any:
    """The value at a dotted path (`lines.0.sku`), or `Missing`. A key that holds the dots itself wins."""
    if isinstance(value, dict) and path in value:
        return value[path]
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part, Missing)
        elif isinstance(value, list) and part.lstrip("-").isdigit() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        else:
            return Missing
        if value is Missing:
            return Missing
    return value


def kind_of(value: Any) -> str:
    """The JSON type of a value in plain words, for messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return type(value).__name__


Origin = Annotated[
    str | None,
    Field(
        default=None,
        min_length=1,
        max_length=64,
        description="A field that says of which item of the input each was made, by its place, counted from 0.",
        examples=["from"],
    ),
]
"""Lineage: which input item made an output item."""
