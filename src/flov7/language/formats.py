"""The formats that data is mostly about, checked strictly; jsonschema's own checks are kept for the others."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable

from jsonschema import Draft202012Validator, FormatChecker

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_D, _T = r"\d+D", r"T(\d+H(\d+M(\d+S)?)?|\d+M(\d+S)?|\d+S)"
_DATE_PART = rf"(\d+Y(\d+M({_D})?)?|\d+M({_D})?|{_D})"
_DURATION = re.compile(rf"P(\d+W|{_DATE_PART}({_T})?|{_T})", re.ASCII)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_QUOTED = r'"([^"\\\r\n]|\\.)*"'
_EMAIL = re.compile(rf"({_ATOM}(\.{_ATOM})*|{_QUOTED})@({_LABEL}(\.{_LABEL})*|\[[0-9A-Fa-f:.IPv]+\])", re.ASCII)


def is_date(text: str) -> bool:
    """RFC 3339 full-date."""
    found = _DATE.fullmatch(text)
    if not found:
        return False
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    return 1 <= month <= 12 and 1 <= day <= (calendar.monthrange(year, month)[1] if year else 31)


def is_time(text: str) -> bool:
    """RFC 3339 full-time; a leap second only where it can be, at 23:59:60 UTC."""
    found = _TIME.fullmatch(text)
    if not found:
        return False
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    away = (int(found[5] or 0), int(found[6] or 0))
    if hour > 23 or minute > 59 or second > 60 or away[0] > 23 or away[1] > 59:
        return False
    if second < 60:
        return True
    sign = 1 if found[4] == "-" else -1
    return (hour * 60 + minute + sign * (away[0] * 60 + away[1])) % 1440 == 23 * 60 + 59


def is_date_time(text: str) -> bool:
    """RFC 3339 date-time."""
    return len(text) > 10 and text[10] in "Tt" and is_date(text[:10]) and is_time(text[11:])


def is_email(text: str) -> bool:
    """An address of RFC 5321, in ASCII."""
    found = _EMAIL.fullmatch(text)
    if not found or len(text) > 320:
        return False
    domain = text.rpartition("@")[2]
    return not domain.startswith("[") or _is_literal(domain[1:-1])


def _is_literal(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.IPv6Address(text[5:]) if text.startswith("IPv6:") else ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _of_text(check: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or check(value)


_CHECKS: dict[str, Callable[[str], bool]] = {
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
    "date": is_date,
    "time": is_time,
    "date-time": is_date_time,
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "email": is_email,
}


def checker() -> FormatChecker:
    """The checks by format name; a value that is no text passes, as JSON Schema has it."""
    checks = FormatChecker(formats=())
    checks.checkers = dict(Draft202012Validator.FORMAT_CHECKER.checkers)
    for name, check in _CHECKS.items():
        checks.checks(name)(_of_text(check))
    return checks
