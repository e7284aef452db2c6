"""Lengths of time in words: `two days`, `90 minutes`, `half an hour`."""

from __future__ import annotations

from collections.abc import Sequence

from flov7.generation.offline.words import Word, number

_UNITS = {"second": "s", "sec": "s", "minute": "m", "min": "m", "hour": "h", "hr": "h", "day": "d"}
_DAYS = {"week": 7, "fortnight": 14, "month": 30}


def duration(words: Sequence[Word]) -> tuple[str, int, int] | None:
    """The first length of time: as `2d`, with the places where it begins and ends."""
    for at in range(len(words)):
        read = _at(words, at)
        if read is not None:
            return read[0], at, read[1]
    return None


def _at(words: Sequence[Word], at: int) -> tuple[str, int] | None:
    low = words[at].low
    if low == "half" and at + 2 < len(words) and words[at + 1].low in ("an", "a"):
        return ("30m" if words[at + 2].low == "hour" else "12h", at + 3)
    count = number(words[at])
    if count is None and low in ("a", "an", "one"):
        count = 1
    if count is None or at + 1 >= len(words):
        return None
    unit = words[at + 1].low.rstrip("s")
    if unit in ("working", "business", "full") and at + 2 < len(words):
        at, unit = at + 1, words[at + 2].low.rstrip("s")
    shown = int(count) if float(count).is_integer() else count
    if unit in _UNITS:
        return f"{shown}{_UNITS[unit]}", at + 2
    if unit in _DAYS:
        return f"{int(count * _DAYS[unit])}d", at + 2
    return None
