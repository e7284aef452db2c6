"""Regular expressions, matched by RE2: in time that grows with the text only, whatever the pattern."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import re2

from flov7.language.expressions.errors import ExpressionError
from flov7.language.expressions.functions.registry import function, text
from flov7.language.expressions.values import Frame, Json

MAX_PATTERN: Final = 1_000
"""Characters of one pattern."""
_PER_MATCH: Final = 16
"""Steps that finding one of many matches is worth."""


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as problem:
        detail = problem.args[0] if problem.args else ""
        said = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
        raise ExpressionError(
            f"the pattern {pattern[:60]!r} cannot be read: {said[:100]}",
            code="expression.value",
            hint="RE2 syntax: no look-around and no back-references",
        ) from None


def _pattern(frame: Frame, value: Json, pattern: Json) -> Any:
    if len(text(pattern)) > MAX_PATTERN:
        raise ExpressionError(f"a pattern is at most {MAX_PATTERN} characters long", code="expression.budget")
    # RE2 takes time in the order of text times pattern at worst
    frame.budget.spend(1 + len(pattern) + len(text(value)) * (1 + len(pattern) // 16) // 16)
    return _compiled(pattern)


@function("matches", "regex_match")
def matches(frame: Frame, value: Json, pattern: Json) -> bool:
    """Whether the pattern is found anywhere in the text; ^ and $ tie it to the ends."""
    return _pattern(frame, value, pattern).search(value) is not None


@function("extract", "regex_extract")
def extract(frame: Frame, value: Json, pattern: Json, group: Json = None) -> Json:
    """The first match, its one group, the list of its groups, or the group named; null where none is found."""
    match = _pattern(frame, value, pattern).search(value)
    if match is None:
        return None
    groups = match.groups()
    frame.budget.grow(len(value) * (1 + len(groups)))
    if group is not None:
        try:
            return match.group(group)
        except (IndexError, KeyError, TypeError):
            raise ExpressionError(f"the pattern has no group {group!r}", code="expression.value") from None
    return list(groups) if len(groups) > 1 else groups[0] if groups else match.group()


@function("extract_all", "regex_find_all")
def extract_all(frame: Frame, value: Json, pattern: Json) -> list[Json]:
    """Every match: its text, its one group, or the list of its groups."""
    found: list[Json] = []
    for match in _pattern(frame, value, pattern).finditer(value):
        groups = match.groups()
        frame.budget.spend(_PER_MATCH)
        frame.budget.grow(1 + len(match.group()) + sum(len(group or "") for group in groups))
        found.append(list(groups) if len(groups) > 1 else groups[0] if groups else match.group())
    return found


@function("regex_replace")
def regex_replace(frame: Frame, value: Json, pattern: Json, replacement: Json) -> str:
    r"""Every match changed to the replacement, in which \1 to \9 stand for groups."""
    parts: list[str] = []
    end = 0
    frame.budget.grow(len(text(value)))
    pieces = text(replacement).split("\\")
    for match in _pattern(frame, value, pattern).finditer(value):
        frame.budget.spend(_PER_MATCH + len(pieces))
        new = _filled((match.group(), *match.groups()), pieces)
        frame.budget.grow(len(new) + 1)
        parts += (value[end : match.start()], new)
        end = match.end()
    return "".join([*parts, value[end:]])


def _filled(groups: tuple[str | None, ...], pieces: list[str]) -> str:
    filled = pieces[:1]
    for piece in pieces[1:]:
        known = piece[:1].isdecimal() and int(piece[0]) < len(groups)
        filled.append((groups[int(piece[0])] or "") + piece[1:] if known else "\\" + piece)
    return "".join(filled)


@function("regex_split")
def regex_split(frame: Frame, value: Json, pattern: Json) -> list[str]:
    """The parts between matches."""
    parts: list[str] = []
    end = 0
    frame.budget.grow(len(text(value)))
    for match in _pattern(frame, value, pattern).finditer(value):
        frame.budget.spend(_PER_MATCH)
        if match.end() > match.start():
            parts.append(value[end : match.start()])
            end = match.end()
    return [*parts, value[end:]]
