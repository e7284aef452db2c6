"""How times are written by people: "DD.MM.YYYY HH:mm" (Luxon, Moment) and "%d.%m.%Y" (Python, C).

Names of days and months are English on every machine, and nothing depends on its locale or time zone.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from flov7.language.expressions.errors import ExpressionError

MAX_FORMAT: Final = 100
"""Characters of one format."""
_MONTHS: Final = tuple(
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TOKENS: Final = {
    "YYYY": "%Y",
    "yyyy": "%Y",
    "YY": "%y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "DD": "%d",
    "dd": "%d",
    "D": "%-d",
    "d": "%-d",
    "dddd": "%A",
    "ddd": "%a",
    "EEEE": "%A",
    "EEE": "%a",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSS": "%L",
    "A": "%p",
    "a": "%p",
    "ZZ": "%z",
    "Z": "%:z",
}
_TOKEN: Final = re.compile(
    r"'([^']*)'|\[([^\]]*)\]|(YYYY|yyyy|YY|yy|MMMM|MMM|MM|M|DD|D|dddd|ddd|dd|d|EEEE|EEE|HH|H|hh|h|mm|m|ss|s|SSS|A|a"
    r"|ZZ|Z)|(.)",
    re.DOTALL,
)
_DIRECTIVE: Final = re.compile(r"%(-?[A-Za-z%]|:z)|(.)", re.DOTALL)
_NUMBER: Final = r"([0-9]{1,2})"
_READ: Final = {
    "Y": r"([0-9]{4})",
    "y": r"([0-9]{2})",
    "f": r"([0-9]{1,6})",
    "L": r"([0-9]{3})",
    "j": r"([0-9]{1,3})",
    **dict.fromkeys("mdHIMS", _NUMBER),
    "B": rf"({'|'.join(_MONTHS)})",
    "b": rf"({'|'.join(name[:3] for name in _MONTHS)})",
    "A": rf"({'|'.join(_DAYS)})",
    "a": rf"({'|'.join(name[:3] for name in _DAYS)})",
    "p": r"([AaPp]\.?[Mm]\.?)",
    "z": r"(Z|[+-][0-9]{2}:?[0-9]{2})",
    ":z": r"(Z|[+-][0-9]{2}:?[0-9]{2})",
}


def _directives(pattern: str) -> list[tuple[str, str]]:
    """The format as (directive, "") and ("", literal) parts."""
    if len(pattern) > MAX_FORMAT:
        raise ExpressionError(f"a format is at most {MAX_FORMAT} characters long", code="expression.budget")
    if "%" not in pattern:
        pattern = _TOKEN.sub(_as_directive, pattern)
    parts = [(match.group(1) or "", match.group(2) or "") for match in _DIRECTIVE.finditer(pattern)]
    expanded: list[tuple[str, str]] = []
    for name, literal in parts:
        match name:
            case "F":
                expanded += [("Y", ""), ("", "-"), ("m", ""), ("", "-"), ("d", "")]
            case "T":
                expanded += [("H", ""), ("", ":"), ("M", ""), ("", ":"), ("S", "")]
            case "%":
                expanded.append(("", "%"))
            case _:
                expanded.append((name, literal))
    return expanded


def _as_directive(match: re.Match[str]) -> str:
    quoted, bracketed, token, other = match.groups()
    if token:
        return _TOKENS[token]
    return quoted if quoted is not None else bracketed if bracketed is not None else other


def write_with(moment: datetime, pattern: str) -> str:
    """A time in a format."""
    return "".join(literal or _one(moment, name) for name, literal in _directives(pattern))


def _one(moment: datetime, directive: str) -> str:
    plain = directive.removeprefix("-")
    zone = moment.strftime("%z")[:5] or "+0000"
    written = {
        "Y": f"{moment.year:04}",
        "y": f"{moment.year % 100:02}",
        "m": f"{moment.month:02}",
        "d": f"{moment.day:02}",
        "H": f"{moment.hour:02}",
        "I": f"{(moment.hour + 11) % 12 + 1:02}",
        "M": f"{moment.minute:02}",
        "S": f"{moment.second:02}",
        "f": f"{moment.microsecond:06}",
        "L": f"{moment.microsecond // 1000:03}",
        "j": f"{moment.timetuple().tm_yday:03}",
        "B": _MONTHS[moment.month - 1],
        "b": _MONTHS[moment.month - 1][:3],
        "A": _DAYS[moment.weekday()],
        "a": _DAYS[moment.weekday()][:3],
        "p": "AM" if moment.hour < 12 else "PM",
        "z": zone,
        ":z": f"{zone[:3]}:{zone[3:]}",
        "V": f"{moment.isocalendar().week:02}",
        "u": str(moment.isoweekday()),
    }
    if plain not in written:
        raise _unknown(directive)
    return written[plain].lstrip("0") or "0" if directive.startswith("-") else written[plain]


def _unknown(directive: str) -> ExpressionError:
    return ExpressionError(
        f"%{directive} is not known in a format of time",
        code="expression.value",
        hint="use YYYY MM DD HH mm ss, or %Y %m %d %H %M %S %f %p %z %A %B %j",
    )


def parse_with(value: str, pattern: str) -> datetime:
    """A time from text in a format; without an offset in it, the time has none either."""
    names: list[str] = []
    expected = ""
    for name, literal in _directives(pattern):
        plain = name.removeprefix("-")
        if name and plain not in _READ:
            raise _unknown(name)
        expected += _READ[plain] if name else re.escape(literal)
        names += [plain] if name else []
    # each directive once, and short text: so the pattern has only few ways to match
    sound = len(value) <= MAX_FORMAT and len(set(names)) == len(names)
    match = re.fullmatch(expected, value.strip(), re.IGNORECASE) if sound else None
    try:
        if match is not None:
            return _assembled(dict(zip(names, match.groups(), strict=True)))
    except ValueError:
        pass
    raise ExpressionError(
        f"{value[:40]!r} is not written as {pattern!r}", code="expression.value", hint="check the format"
    )


def _assembled(found: dict[str, str]) -> datetime:
    year = int(found["Y"]) if "Y" in found else 2000 + int(found["y"]) if "y" in found else 1970
    month = int(found.get("m", 1))
    if name := found.get("B") or found.get("b"):
        month = [known[:3].lower() for known in _MONTHS].index(name[:3].lower()) + 1
    hour = int(found.get("H", found.get("I", 0)))
    if "p" in found and "H" not in found:
        hour = hour % 12 + (12 if found["p"][0] in "Pp" else 0)
    micro = int((found.get("f") or found.get("L") or "0").ljust(6, "0"))
    day = int(found.get("d", 1))
    if "j" in found:
        start = datetime(year, 1, 1) + timedelta(days=int(found["j"]) - 1)
        month, day = start.month, start.day
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise ValueError(day)
    zone = found.get("z") or found.get(":z")
    return datetime(
        year, month, day, hour, int(found.get("M", 0)), int(found.get("S", 0)), micro, _offset(zone) if zone else None
    )


def _offset(written: str) -> timezone:
    if written in "Zz":
        return UTC
    digits = written[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if written[0] == "-" else offset)
