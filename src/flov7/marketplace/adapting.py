"""Blueprints: a template with its parameters set, by values or by what a sentence says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flov7.kit.errors import Invalid
from flov7.marketplace.template import Parameter, Sort, Template

Value = str | int | float
_PLACE = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")
_FINDERS: dict[Sort, re.Pattern[str]] = {
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "channel": re.compile(r"#([A-Za-z][\w-]*)"),
    "url": re.compile(r"https?://[^\s,;)>\"']+"),
    "time": re.compile(r"\b([01]?\d|2[0-3]):[0-5]\d\b"),
    "amount": re.compile(r"(?<![\w:/.#-])[$€£]?(\d[\d,]*(?:\.\d+)?)(k)?(?![\w:%]|\s*(?:days?|hours?|minutes?|am|pm))"),
}


def filled(template: Template, values: Mapping[str, Value] | None = None) -> dict[str, Any]:
    """The document with its parameters set, those left out to their defaults. Raises Invalid for one that it lacks."""
    known = {one.name: one.default for one in template.parameters}
    for name, value in (values or {}).items():
        if name not in known:
            listed = ", ".join(known) or "none"
            raise Invalid(f"The template {template.slug} has no parameter `{name}`.", hint=f"It has: {listed}.")
        known[name] = value
    made = _set(template.document, known)
    assert isinstance(made, dict)
    return made


def adapted(template: Template, sentence: str) -> dict[str, Value]:
    """What a sentence says of the parameters: addresses, channels, amounts, times, in the sequence in which they stand."""
    found: dict[str, Value] = {}
    taken: dict[Sort, int] = {}
    for parameter in template.parameters:
        finder = _FINDERS.get(parameter.sort)
        if finder is None:
            continue
        matches = list(finder.finditer(sentence))
        at = taken.get(parameter.sort, 0)
        if at < len(matches):
            taken[parameter.sort] = at + 1
            found[parameter.name] = _value(parameter, matches[at])
    return found


def _value(parameter: Parameter, match: re.Match[str]) -> Value:
    if parameter.sort == "amount":
        number = float(match[1].replace(",", "")) * (1000 if match[2] else 1)
        return int(number) if number.is_integer() else number
    return match[1] if parameter.sort == "channel" else match[0].rstrip(".")


def _set(value: Any, values: Mapping[str, Value]) -> Any:
    match value:
        case str():
            whole = _PLACE.fullmatch(value)
            if whole and whole[1] in values:
                return values[whole[1]]
            return _PLACE.sub(lambda one: str(values.get(one[1], one[0])), value)
        case dict():
            return {key: _set(inner, values) for key, inner in value.items()}
        case list():
            return [_set(inner, values) for inner in value]
        case _:
            return value


def places(document: Any) -> set[str]:
    """The parameters that a document speaks of."""
    match document:
        case str():
            return set(_PLACE.findall(document))
        case dict():
            return {name for inner in document.values() for name in places(inner)}
        case list():
            return {name for inner in document for name in places(inner)}
        case _:
            return set()
