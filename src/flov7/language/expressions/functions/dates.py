"""Functions on times. In JSON a time is ISO 8601 text ("2026-05-01T09:30:00+00:00"), a day is "2026-05-01".

Wherever a time is taken, seconds (or, above 1e11, milliseconds) since 1970 are understood too. A time without an
offset is UTC.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, timezone
from datetime import time as clock_time
from typing import Final
from zoneinfo import ZoneInfo

from flov7.language.expressions.errors import ExpressionError, WrongValue
from flov7.language.expressions.functions.codecs import clock_of
from flov7.language.expressions.functions.formats import parse_with, write_with
from flov7.language.expressions.functions.registry import function, number, text, whole
from flov7.language.expressions.values import Frame, Json, is_number

_SECONDS: Final = {"millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_SHORT: Final = {
    "ms": "millisecond",
    "s": "second",
    "sec": "second",
    "m": "minute",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}
_DURATION: Final = re.compile(r"\s*([+-]?)\s*([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([a-zA-Z]{1,12})\s*")
_ISO_DURATION: Final = re.compile(
    r"([+-]?)P(?:([0-9]{1,6})Y)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?"
    r"(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?"
)
_ZONE: Final = re.compile(r"[A-Za-z0-9_+\-]{1,32}(?:/[A-Za-z0-9_+\-]{1,32}){0,2}")


def time(value: Json) -> datetime:
    """The argument as a time with an offset, or WrongValue / `expression.value`."""
    if is_number(value):
        seconds = value / 1000 if abs(value) > 1e11 else value
        try:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        except OverflowError:
            raise _no_time(str(value)) from None
    if not isinstance(value, str):
        raise WrongValue("a time", value, hint="times are ISO 8601 text or seconds since 1970")
    try:
        found = datetime.fromisoformat(value.strip() if len(value) < 64 else "")
    except ValueError:
        raise _no_time(value) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _no_time(value: str) -> ExpressionError:
    return ExpressionError(
        f"{value[:40]!r} is no time",
        code="expression.value",
        hint="write ISO 8601, or say how to read it: parse_date(text, 'DD.MM.YYYY')",
    )


def _unit(value: Json) -> str:
    name = text(value)
    name = _SHORT.get(name, name.lower().rstrip("s") if name.lower() != "s" else "second")
    if name in _SECONDS or name in _MONTHS:
        return name
    raise WrongValue("a unit of time (seconds, minutes, hours, days, weeks, months, years)", value)


def _written(value: datetime) -> str:
    return value.isoformat()


def _moved(value: datetime, amount: int | float, unit: str) -> datetime:
    try:
        if unit in _SECONDS:
            return value + timedelta(seconds=amount * _SECONDS[unit])
        months = value.year * 12 + value.month - 1 + whole(amount) * _MONTHS[unit]
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return value.replace(year=year, month=month + 1, day=min(value.day, last))
    except (OverflowError, ValueError):
        raise ExpressionError("this time is out of range", code="expression.arithmetic") from None


def _steps(duration: str) -> list[tuple[float, str]]:
    """A duration as amounts of units: "2d", "1h30m", "-2 days", "P1DT2H"."""
    if len(duration) > 64:
        duration = ""
    if iso := _ISO_DURATION.fullmatch(duration):
        sign = -1 if iso.group(1) == "-" else 1
        units = ("year", "month", "week", "day", "hour", "minute", "second")
        return [(sign * int(amount), unit) for amount, unit in zip(iso.groups()[1:], units, strict=True) if amount]
    steps: list[tuple[float, str]] = []
    at = 0
    while at < len(duration) and (match := _DURATION.match(duration, at)):
        sign = -1 if match.group(1) == "-" else 1
        steps.append((sign * float(match.group(2)), _unit(match.group(3))))
        at = match.end()
    if not steps or at < len(duration):
        raise ExpressionError(
            f"{duration[:40]!r} is no duration", code="expression.value", hint="write 30s, 5m, 2h, 2d or ISO 8601"
        )
    return steps


@function("now")
def now(frame: Frame) -> str:
    """The run's time."""
    return clock_of(frame, "now()").now


@function("today")
def today(frame: Frame, zone: Json = "UTC") -> str:
    """The run's day in a time zone."""
    return time(clock_of(frame, "today()").now).astimezone(_zone(zone)).date().isoformat()


@function("parse_date", "to_date", "datetime")
def parse_date(frame: Frame, value: Json, format_: Json = None, zone: Json = "UTC") -> str:
    """A time from text, read by a format ("DD.MM.YYYY HH:mm" or "%d.%m.%Y") where it is not ISO 8601."""
    frame.budget.spend(20)
    if format_ is None:
        return _written(time(value))
    found = parse_with(text(value), text(format_))
    return _written(found if found.tzinfo else found.replace(tzinfo=_zone(zone)))


@function("format_date", "date_format")
def format_date(frame: Frame, value: Json, format_: Json = "YYYY-MM-DD", zone: Json = None) -> str:
    """A time as text, by a format ("DD.MM.YYYY HH:mm" or "%d.%m.%Y"), in a time zone."""
    frame.budget.spend(20 + len(text(format_)))
    frame.budget.grow(9 * len(format_))
    moment = time(value)
    return write_with(moment if zone is None else moment.astimezone(_zone(zone)), format_)


@function("date_add", "add_time")
def date_add(frame: Frame, value: Json, amount: Json, unit: Json = None) -> str:
    """A time moved by an amount of a unit (2, "days") or a duration ("2d"); months end on their last day."""
    return _travel(frame, value, amount, unit, sign=1)


@function("date_subtract", "subtract_time")
def date_subtract(frame: Frame, value: Json, amount: Json, unit: Json = None) -> str:
    """A time moved back by an amount of a unit, or by a duration."""
    return _travel(frame, value, amount, unit, sign=-1)


def _travel(frame: Frame, value: Json, amount: Json, unit: Json, *, sign: int) -> str:
    frame.budget.spend(5)
    moved = time(value)
    steps = _steps(text(amount)) if unit is None else [(number(amount), _unit(unit))]
    for size, name in steps:
        moved = _moved(moved, sign * size, name)
    # a day that is moved by whole days stays a day
    is_day = isinstance(value, str) and len(value.strip()) == 10
    return moved.date().isoformat() if is_day and moved.time() == clock_time() else _written(moved)


def _adder(name: str, unit: str) -> None:
    def add(frame: Frame, value: Json, amount: Json) -> str:
        return date_add(frame, value, amount, unit)

    add.__doc__ = f"A time moved by so many {unit}s; a negative number moves it back."
    function(name)(add)


for _name in ("second", "minute", "hour", "day", "week", "month", "year"):
    _adder(f"add_{_name}s", _name)


@function("date_diff")
def date_diff(frame: Frame, start: Json, end: Json, unit: Json = "days") -> int | float:
    """How much time lies between, in a unit; negative where the end is before the start; months count whole."""
    first, last, name = time(start), time(end), _unit(unit)
    if name in _SECONDS:
        passed = (last - first).total_seconds() / _SECONDS[name]
        return int(passed) if passed.is_integer() else passed
    last = last.astimezone(first.tzinfo)
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > 0 and _moved(first, months, "month") > last:
        months -= 1
    elif months < 0 and _moved(first, months, "month") < last:
        months += 1
    return int(months / _MONTHS[name])


@function("days_between")
def days_between(frame: Frame, start: Json, end: Json) -> int:
    """How many midnights lie between two times, each taken as the day that it is written as."""
    return (time(end).date() - time(start).date()).days


@function("date")
def day_of(frame: Frame, value: Json) -> str:
    """The day of a time: "2026-05-01"."""
    return time(value).date().isoformat()


def _part(name: str, summary: str) -> None:
    def part(frame: Frame, value: Json) -> int:
        return getattr(time(value), name)

    part.__doc__ = summary
    function(name)(part)


for _name in ("year", "month", "day", "hour", "minute", "second"):
    _part(_name, f"The {_name} of a time, as a number.")


@function("weekday")
def weekday(frame: Frame, value: Json) -> int:
    """The day of the week: 1 is Monday, 7 is Sunday (ISO 8601)."""
    return time(value).isoweekday()


@function("weekday_name")
def weekday_name(frame: Frame, value: Json) -> str:
    """ "Monday" to "Sunday"."""
    return write_with(time(value), "%A")


@function("is_weekend")
def is_weekend(frame: Frame, value: Json) -> bool:
    """Whether it is a Saturday or a Sunday."""
    return time(value).isoweekday() > 5


@function("timestamp")
def timestamp(frame: Frame, value: Json) -> int | float:
    """Seconds since 1970."""
    seconds = (time(value) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


@function("to_timezone", "in_timezone")
def to_timezone(frame: Frame, value: Json, zone: Json) -> str:
    """The same moment on the clocks of a time zone ("Europe/Berlin")."""
    return _written(time(value).astimezone(_zone(zone)))


def _zone(value: Json) -> ZoneInfo | timezone:
    name = text(value)
    if name in ("UTC", "Z"):
        return UTC
    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        pass
    raise ExpressionError(
        f"{name[:40]!r} is no time zone", code="expression.value", hint='write one like "Europe/Berlin", or "UTC"'
    )


@function("start_of")
def start_of(frame: Frame, value: Json, unit: Json) -> str:
    """The first moment of the hour, day, week (Monday), month, quarter or year."""
    return _written(_start(time(value), _unit(unit)))


@function("end_of")
def end_of(frame: Frame, value: Json, unit: Json) -> str:
    """The last moment of the hour, day, week, month, quarter or year."""
    name = _unit(unit)
    return _written(_moved(_start(time(value), name), 1, name) - timedelta(microseconds=1))


def _start(moment: datetime, unit: str) -> datetime:
    moment = moment.replace(microsecond=0)
    if unit == "second":
        return moment
    moment = moment.replace(second=0)
    if unit == "minute":
        return moment
    moment = moment.replace(minute=0)
    if unit == "hour":
        return moment
    midnight = moment.replace(hour=0)
    match unit:
        case "day":
            return midnight
        case "week":
            return midnight - timedelta(days=midnight.weekday())
        case "month":
            return midnight.replace(day=1)
        case "quarter":
            return midnight.replace(day=1, month=(midnight.month - 1) // 3 * 3 + 1)
        case "year":
            return midnight.replace(day=1, month=1)
        case _:
            raise WrongValue("a unit from second to year", unit)


@function("is_date")
def is_date(frame: Frame, value: Json) -> bool:
    """Whether text reads as a time."""
    if not isinstance(value, str):
        return False
    try:
        time(value)
    except ExpressionError:
        return False
    else:
        return True
