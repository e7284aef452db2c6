"""How long: `30s` `5m` `2h` `2d` (also joined, `1h30m`) or ISO 8601 (`PT5M`, `P2DT12H`), as seconds and back."""

from __future__ import annotations

import re

from flov7.kit.errors import Invalid

HOW_TO_WRITE = "Write a number and a unit, like 30s, 5m, 2h or 2d, or ISO 8601, like PT5M."

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SHORT = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+", re.IGNORECASE)
_SHORT_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.IGNORECASE)
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_ISO = re.compile(
    rf"P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?", re.IGNORECASE
)
_ISO_UNITS = (604_800, 86_400, 3600, 60, 1)
_LONGEST = 100 * 365 * 86_400


def seconds(text: str) -> float:
    """Seconds that `text` means. Raises `Invalid` that says how to write it; at most 100 years.

    ISO 8601's years and months are refused: how long they are depends on the date.
    """
    value = _read(text.strip())
    if value is None:
        raise Invalid(f"{text!r} is no duration.", hint=_hint(text), code="duration.invalid")
    if value > _LONGEST:
        raise Invalid(f"{text!r} is more than 100 years.", hint=HOW_TO_WRITE, code="duration.too_long")
    return value


def is_duration(text: str) -> bool:
    """Whether `seconds` would take it."""
    value = _read(text.strip())
    return value is not None and value <= _LONGEST


def text(value: float) -> str:
    """The shortest way to write that many seconds: `90` → `1m30s`, `0.25` → `250ms`."""
    left = round(value * 1000)
    parts: list[str] = []
    for unit in ("d", "h", "m", "s", "ms"):
        size = round(_UNITS[unit] * 1000)
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _read(text: str) -> float | None:
    if _SHORT.fullmatch(text):
        return sum(float(number) * _UNITS[unit.lower()] for number, unit in _SHORT_PART.findall(text))
    match = _ISO.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    numbers = (float((group or "0").replace(",", ".")) for group in match.groups())
    return sum(number * size for number, size in zip(numbers, _ISO_UNITS, strict=True))


def _hint(text: str) -> str:
    bare = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", bare):
        return f"Say of what: {bare}s is seconds, {bare}m minutes. {HOW_TO_WRITE}"
    if re.match(r"P[\d.]*\d[YM]", bare, re.IGNORECASE):
        return f"Years and months differ in length: say days. {HOW_TO_WRITE}"
    return HOW_TO_WRITE
