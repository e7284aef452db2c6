"""Functions on text."""

from __future__ import annotations

import unicodedata

from flov7.language.expressions.errors import WrongValue
from flov7.language.expressions.functions.registry import function, items, number, text, whole
from flov7.language.expressions.values import Frame, Json, to_text


def _made(frame: Frame, value: str) -> str:
    """Pay for a text that is at most a few times as long as one that is there already."""
    frame.budget.grow(len(value))
    return value


@function("str", "string", "to_text")
def to_string(frame: Frame, value: Json) -> str:
    """The value as text: text stays, all else becomes compact JSON."""
    if value is None:
        raise WrongValue("a value", value)
    return to_text(frame, value)


@function("upper")
def upper(frame: Frame, value: Json) -> str:
    """In capitals."""
    return _made(frame, text(value)).upper()


@function("lower")
def lower(frame: Frame, value: Json) -> str:
    """In small letters."""
    return _made(frame, text(value)).lower()


@function("title")
def title(frame: Frame, value: Json) -> str:
    """Each Word With a Capital."""
    return _made(frame, text(value)).title()


@function("capitalize")
def capitalize(frame: Frame, value: Json) -> str:
    """The first letter as a capital, the rest small."""
    return _made(frame, text(value)).capitalize()


@function("trim", "strip")
def trim(frame: Frame, value: Json, characters: Json = None) -> str:
    """Without spaces (or the given characters) at both ends."""
    return _made(frame, text(value)).strip(None if characters is None else text(characters))


@function("trim_start")
def trim_start(frame: Frame, value: Json, characters: Json = None) -> str:
    """Without spaces (or the given characters) at the beginning."""
    return _made(frame, text(value)).lstrip(None if characters is None else text(characters))


@function("trim_end")
def trim_end(frame: Frame, value: Json, characters: Json = None) -> str:
    """Without spaces (or the given characters) at the end."""
    return _made(frame, text(value)).rstrip(None if characters is None else text(characters))


@function("split")
def split(frame: Frame, value: Json, separator: Json = None, limit: Json = -1) -> list[str]:
    """The parts between separators; without one, the words; with an empty one, the characters."""
    whole_text = _made(frame, text(value))
    if separator == "":
        frame.budget.spend(len(whole_text))
        return list(whole_text)
    # each part costs more than its characters
    frame.budget.spend(len(whole_text) // 4 if separator is None else whole_text.count(text(separator)))
    return whole_text.split(None if separator is None else text(separator), whole(limit))


@function("lines")
def lines(frame: Frame, value: Json) -> list[str]:
    """The lines of a text."""
    frame.budget.spend(len(text(value)) // 4)
    return _made(frame, text(value)).splitlines()


@function("join")
def join(frame: Frame, value: Json, separator: Json = ", ") -> str:
    """The elements as one text, with the separator between; null is left empty."""
    between = text(separator)
    frame.budget.spend(len(items(value)))
    frame.budget.grow(len(between) * len(value))
    parts: list[str] = []
    for item in value:
        part = "" if item is None else to_text(frame, item)
        frame.budget.grow(len(part))
        parts.append(part)
    return between.join(parts)


@function("replace")
def replace(frame: Frame, value: Json, old: Json, new: Json, count: Json = -1) -> str:
    """With every `old` (or the first `count`) changed to `new`."""
    whole_text, times = text(value), whole(count)
    frame.budget.spend(len(whole_text) // 16)
    found = whole_text.count(text(old))
    found = min(found, times) if times >= 0 else found
    frame.budget.grow(len(whole_text) + found * len(text(new)))
    return whole_text.replace(old, new, times)


@function("repeat")
def repeat(frame: Frame, value: Json, times: Json) -> str:
    """The text so many times."""
    frame.budget.grow(len(text(value)) * max(0, whole(times)))
    return value * whole(times)


@function("starts_with")
def starts_with(frame: Frame, value: Json, part: Json) -> bool:
    """Whether the text begins with this part, or one of a list of parts."""
    return text(value).startswith(_parts(frame, part))


@function("ends_with")
def ends_with(frame: Frame, value: Json, part: Json) -> bool:
    """Whether the text ends with this part, or one of a list of parts."""
    return text(value).endswith(_parts(frame, part))


def _parts(frame: Frame, part: Json) -> tuple[str, ...]:
    parts = part if isinstance(part, list) else [part]
    frame.budget.spend(sum(1 + len(text(one)) // 64 for one in parts))
    return tuple(parts)


@function("index_of", "find")
def index_of(frame: Frame, value: Json, part: Json, start: Json = 0) -> int:
    """Where the part first stands, from 0; -1 where it does not."""
    frame.budget.spend(len(text(value)) // 16)
    return value.find(text(part), whole(start))


@function("last_index_of")
def last_index_of(frame: Frame, value: Json, part: Json) -> int:
    """Where the part last stands, from 0; -1 where it does not."""
    frame.budget.spend(len(text(value)) // 16)
    return value.rfind(text(part))


@function("substring")
def substring(frame: Frame, value: Json, start: Json, stop: Json = None) -> str:
    """The part from `start` up to but without `stop`; negative places count from the end."""
    part = text(value)[whole(start) : None if stop is None else whole(stop)]
    return _made(frame, part)


@function("truncate")
def truncate(frame: Frame, value: Json, length: Json, ending: Json = "…") -> str:
    """At most so many characters, with the ending in place of what was cut."""
    most = max(0, whole(length))
    if len(text(value)) <= most:
        return value
    frame.budget.grow(min(most, len(value)))
    return value[: max(0, most - len(text(ending)))] + ending[:most]


@function("pad_start")
def pad_start(frame: Frame, value: Json, length: Json, fill: Json = " ") -> str:
    """At least so many characters, filled at the beginning."""
    return _filling(frame, value, length, fill) + text(value)


@function("pad_end")
def pad_end(frame: Frame, value: Json, length: Json, fill: Json = " ") -> str:
    """At least so many characters, filled at the end."""
    return text(value) + _filling(frame, value, length, fill)


def _filling(frame: Frame, value: Json, length: Json, fill: Json) -> str:
    missing = whole(length) - len(text(value))
    if missing <= 0 or not text(fill):
        return ""
    frame.budget.grow(2 * missing + len(fill) + len(value))
    return (fill * (missing // len(fill) + 1))[:missing]


@function("remove_prefix")
def remove_prefix(frame: Frame, value: Json, prefix: Json) -> str:
    """Without this beginning."""
    return _made(frame, text(value)).removeprefix(text(prefix))


@function("remove_suffix")
def remove_suffix(frame: Frame, value: Json, suffix: Json) -> str:
    """Without this end."""
    return _made(frame, text(value)).removesuffix(text(suffix))


@function("slug", "slugify")
def slug(frame: Frame, value: Json) -> str:
    """Small letters, digits and hyphens, as in web addresses."""
    plain = unicodedata.normalize("NFKD", _made(frame, text(value)).casefold())
    kept = "".join(char if char.isascii() and char.isalnum() else "-" if not _mark(char) else "" for char in plain)
    return "-".join(part for part in kept.split("-") if part)


def _mark(char: str) -> bool:
    return unicodedata.combining(char) != 0


@function("format_number")
def format_number(frame: Frame, value: Json, decimals: Json = 0, thousands: Json = ",", point: Json = ".") -> str:
    """A number for people: `format_number(1234.5, 2)` is "1,234.50"."""
    places = whole(decimals)
    if not 0 <= places <= 20:
        raise WrongValue("a number of decimals from 0 to 20", decimals)
    frame.budget.grow(400)
    marks = {",": text(thousands)[:4], ".": text(point)[:4]}
    return "".join(marks.get(char, char) for char in f"{number(value):,.{places}f}")
