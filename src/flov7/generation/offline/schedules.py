"""Times that repeat, in words: `every weekday at 8:30 in Berlin time` becomes a schedule's settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from flov7.generation.offline.words import Word, find, lows, number

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKING, WEEKEND = DAYS[:5], DAYS[5:]
_DAY_NAMES = {
    name: short
    for short, full in zip(
        DAYS, ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), strict=True
    )
    for name in (full, full + "s", short)
}
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_UNITS = {"second": "s", "minute": "m", "hour": "h", "day": "d", "min": "m", "sec": "s", "hr": "h"}
_LONG = {"week": 7, "fortnight": 14}
_WORDS = {"daily", "hourly", "weekly", "monthly", "nightly", "yearly", "annually", "quarterly", "weekdays", "weekends"}
_PARTS = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
_VAGUE = {"morning": "08:00", "evening": "18:00", "night": "22:00", "afternoon": "14:00", "nightly": "02:00"}
_WHOLE = {"workday", "workdays", "weekday", "weekdays", "weekend", "weekends"}
_ZONES = {"cet": "Europe/Berlin", "cest": "Europe/Berlin", "gmt": "Europe/London", "bst": "Europe/London",
          "est": "America/New_York", "edt": "America/New_York", "pst": "America/Los_Angeles",
          "pdt": "America/Los_Angeles", "eastern": "America/New_York", "pacific": "America/Los_Angeles"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Timing:
    """A schedule's settings. `vague`: no time of day was said, and the one here was chosen."""

    config: dict[str, Any] = field(default_factory=dict[str, Any])
    vague: bool = False


def is_schedule(words: Sequence[Word]) -> bool:
    """Whether a repeated time begins right here."""
    plain = lows(words[:6])
    if not plain:
        return False
    if plain[0] in _WORDS and (len(plain) < 2 or plain[1] not in ("report", "summary", "digest", "email", "mail")):
        return True
    if plain[0] in ("every", "each"):
        return _is_period(words[1:])
    if plain[0] == "once" and plain[1:2] in (("a",), ("an",), ("per",)) and plain[2:3] in (("minute",), ("hour",)):
        return True
    if plain[:3] in (("once", "a", "day"), ("once", "a", "week"), ("once", "a", "month"), ("twice", "a", "day")):
        return True
    if plain[0] == "on":
        rest = plain[1:]
        if rest and (rest[0] in _WORDS | _WHOLE or (rest[0] in _DAY_NAMES and rest[0].endswith("s"))):
            return True
        return bool(re.match(r"(the )?(first|last|\d+(st|nd|rd|th)?) (day )?of (each|every|the) month", " ".join(rest)))
    if plain[0] in _DAY_NAMES and plain[0].endswith("days"):
        return True
    if plain[0] == "at" and len(words) > 1 and clock(words[1:]):
        after = words[1 + (clock(words[1:]) or ("", 0))[1] :]
        return bool(after) and (is_schedule(after) or after[0].low in ("every", "each", "on"))
    return False


def _is_period(words: Sequence[Word]) -> bool:
    if not words:
        return False
    skipped = ("other", "second", "single", "few", "half", "last", "first")
    at = 1 if number(words[0]) is not None or words[0].low in skipped else 0
    if at >= len(words):
        return False
    low = words[at].low
    single = low.rstrip("s")
    if words[0].low == "half":
        return low == "hour" or (low == "an" and len(words) > 2 and words[2].low == "hour")
    known = {*_UNITS, *_LONG, "month", "year", "quarter", *_VAGUE, *_PARTS, "weekday", "workday", "weekend"}
    if low in ("working", "business", "week") and len(words) > at + 1 and words[at + 1].low in ("day", "days"):
        return True
    return single in known or low in known or low in _DAY_NAMES


_AROUND = frozenset(
    [*["every", "each", "other", "single", "few", "half", "past", "and", "at", "on", "in", "the", "of", "to", "through", "until", "a", "an", "am", "pm", "oclock", "per", "time", "day", "days", "of", "around", "first", "last", "once", "twice", "noon", "working", "business", "morning", "evening", "night", "afternoon"]]
)  # fmt: skip


def extent(words: Sequence[Word]) -> int:
    """How many words at the front are about times."""
    known = {*_AROUND, *_UNITS, *_LONG, *_WORDS, *_PARTS, *_VAGUE, *_WHOLE, *_DAY_NAMES, *_MONTHS, *_ZONES}
    known |= {"month", "year", "quarter", "weekday", "utc"} | {f"{one}s" for one in _UNITS}
    taken = 0
    for at, word in enumerate(words):
        city = zone(words[max(0, at - 1) : at + 3]) is not None and word.low not in ("that", "by")
        if word.sort in ("number", "clock", "date", "mark") or word.low in known or (city and word.text[:1].isupper()):
            if word.sort != "mark" and word.low not in ("the", "a", "an", "to", "in", "and", "of"):
                taken = at + 1
            continue
        if re.fullmatch(r"\w+/\w+", word.low):
            taken = at + 1
            continue
        break
    return taken


def clock(words: Sequence[Word]) -> tuple[str, int] | None:
    """A time of day at the front: `(HH:MM, words taken)`."""
    if not words:
        return None
    first = words[0]
    if first.low in _PARTS:
        return _PARTS[first.low], 1
    if first.low == "half" and len(words) > 2 and words[1].low == "past" and (hour := number(words[2])):
        return f"{int(hour):02d}:30", 3
    if first.sort == "clock":
        return _with_half(first.low.replace(" ", "").replace(".", ""), words, 1)
    hour = number(first)
    if hour is None or not float(hour).is_integer() or not 0 <= hour <= 24:
        return None
    taken = 2 if len(words) > 1 and words[1].low == "oclock" else 1
    following = words[taken].low if len(words) > taken else ""
    if taken == 1 and following.rstrip("s") in {*_UNITS, *_LONG, "month", "year", "percent", "time"}:
        return None
    return _with_half(f"{int(hour) % 24:02d}:00", words, taken)


def _with_half(text: str, words: Sequence[Word], taken: int) -> tuple[str, int] | None:
    match = re.fullmatch(r"(\d{1,2})(?::(\d\d))?([ap]m)?", text)
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    afternoon = " ".join(lows(words[taken : taken + 3])) in ("in the afternoon", "in the evening")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif afternoon and hour < 12:
        hour += 12
    return (f"{hour:02d}:{minute:02d}", taken) if hour < 24 and minute < 60 else None


def zone(words: Sequence[Word]) -> str | None:
    """The time zone that is named: `Berlin time`, `Europe/Berlin`, `UTC`, `CET`."""
    plain = lows(words)
    for at, low in enumerate(plain):
        if low == "utc" or (low in _ZONES and (at + 1 == len(plain) or plain[at + 1] in ("time", ","))):
            return "UTC" if low == "utc" else _ZONES[low]
        for length in (2, 1):
            name = "_".join(plain[at : at + length])
            if name in _cities() and (plain[at + length : at + length + 1] == ("time",) or plain[at - 1] == "in"):
                return _cities()[name]
    text = " ".join(plain).replace(" / ", "/")
    return next((full for full in re.findall(r"[a-z]+/[a-z_]+", text) if full in _cities()), None)


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    names = sorted(available_timezones(), key=lambda name: (name.count("/"), name), reverse=True)
    return {name.rpartition("/")[2].lower(): name for name in names if "/" in name and not name.startswith("Etc")}


def timing(words: Sequence[Word]) -> Timing | None:
    """The settings of a schedule, or None where no repeated time is said."""
    found = _timing(words)
    place = zone(words)
    if found is None or place is None or "every" in found.config:
        return found
    return Timing({**found.config, "time_zone": place}, found.vague)


def _timing(words: Sequence[Word]) -> Timing | None:
    every = _interval(words)
    if every is not None:
        return Timing({"every": every})
    times = _times(words)
    plain = lows(words)
    cron_days = _of_month(words)
    if cron_days is not None:
        hour, minute = (times[0] if times else "09:00").split(":")
        return Timing({"cron": f"{int(minute)} {int(hour)} {cron_days}"}, not times)
    vague = next((at for low in plain if (at := _VAGUE.get(low))), None)
    days = _days(plain)
    repeats = (
        bool(days) or any(low in ("every", "each", "daily", "nightly") for low in plain) or "a day" in " ".join(plain)
    )
    if not repeats and not vague:
        return None
    if len(times) > 1 and len({at.split(":")[1] for at in times}) == 1:
        hours = ",".join(str(int(at.split(":")[0])) for at in times)
        numbers = ",".join(str((DAYS.index(day) + 1) % 7) for day in days) or "*"
        return Timing({"cron": f"{int(times[0].split(':')[1])} {hours} * * {numbers}"})
    config: dict[str, Any] = {"at": times[0] if times else vague or "09:00"}
    return Timing({**config, "days": list(days)} if days else config, not times)


def _interval(words: Sequence[Word]) -> str | None:
    """`every 5 minutes`, `hourly`, `every other day`: a fixed distance, where it is one."""
    plain = lows(words)
    if "hourly" in plain:
        return "1h"
    if once := re.search(r"\bonce (?:an?|per) (minute|hour)\b", " ".join(plain)):
        return f"1{once[1][0]}"
    for at, low in enumerate(plain[:-1]):
        if low not in ("every", "each"):
            continue
        count, unit = 1, plain[at + 1]
        if unit == "half":
            return "30m"
        if (value := number(words[at + 1])) is not None and at + 2 < len(plain):
            count, unit = int(value), plain[at + 2]
        elif unit in ("other", "second") and at + 2 < len(plain):
            count, unit = 2, plain[at + 2]
        unit = unit.rstrip("s")
        if unit in _UNITS and not (unit == "day" and count == 1):
            return f"{count}{_UNITS[unit]}"
        if unit in _LONG and count * _LONG[unit] > 7:
            return f"{count * _LONG[unit]}d"
    return None


def _times(words: Sequence[Word]) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(words):
        allowed = (
            words[at].sort == "clock"
            or words[at].low in _PARTS
            or (at > 0 and words[at - 1].low in ("at", "and", "around", "by") and (found or words[at - 1].low != "and"))
        )
        read = clock(words[at:]) if allowed else None
        if read:
            found.append(read[0])
            at += read[1]
        else:
            at += 1
    return found


def _days(plain: Sequence[str]) -> tuple[str, ...]:
    text = " ".join(plain)
    if re.search(r"\b(weekdays?|workdays?|(working|business|week) days?)\b", text):
        return WORKING
    if "weekend" in text:
        return WEEKEND
    named = [_DAY_NAMES[low] for low in plain if low in _DAY_NAMES and low not in ("sat", "sun", "wed", "mon")]
    if match := re.search(r"(\w+day)s? (?:to|through|until) (\w+day)s?", text):
        first, last = (_DAY_NAMES.get(match[n]) for n in (1, 2))
        if first and last:
            return tuple(DAYS[DAYS.index(first) : DAYS.index(last) + 1])
    if not named and re.search(r"\b(weekly|(every|each) (single )?week|once a week)\b", text):
        return ("mon",)
    return tuple(day for day in DAYS if day in named)


def _of_month(words: Sequence[Word]) -> str | None:
    """The last three fields of a cron line, for days of a month, quarter or year."""
    text = " ".join(lows(words))
    day = re.search(r"\b(?:the )?(first|last|\d{1,2}(?:st|nd|rd|th)|(?<=day )\d{1,2})\b", text)
    which = "1" if day is None or day[1] == "first" else "L" if day[1] == "last" else re.sub(r"\D", "", day[1])
    month = next((at + 1 for at, name in enumerate(_MONTHS) if find(words, name)), None)
    if re.search(r"\b(yearly|annually|(every|each) year|once a year)\b", text) or (month and "every" in text):
        exact = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?\b(?!:)", text)
        return f"{exact[1] if exact and month else which} {month or 1} *"
    if re.search(r"\b(quarterly|(every|each) quarter|once a quarter)\b", text):
        return f"{which} */3 *"
    if re.search(r"\b(monthly|(every|each|the|a|per) month)\b", text):
        return f"{which} * *"
    return None
