"""Primitives, effects and events in a few words each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flov7.kit import json
from flov7.language.catalogue import Catalogue
from flov7.language.document import AnyPrimitive, Condition, Connection, Data

_LONGEST = 72
_FIRST = (
    "for",
    "duration",
    "until",
    "url",
    "cron",
    "every",
    "at",
    "to",
    "channel",
    "sql",
    "workflow",
    "subject",
    "text",
    "ask",
    "timeout",
)
"""Config fields that say most about a step, in the order in which they are told."""


def shortened(text: str, *, longest: int = _LONGEST) -> str:
    """One line of at most `longest` characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def brief(value: Any, *, longest: int = _LONGEST) -> str:
    """A JSON value on one short line; text without its quotes."""
    if isinstance(value, str):
        return shortened(value, longest=longest)
    return shortened(json.dumps(value).decode(), longest=longest)


def kind_words(one: AnyPrimitive, catalogue: Catalogue) -> str:
    """The kind's title for people, or its name."""
    if isinstance(one, Connection):
        return one.service or one.kind or ""
    spec = catalogue.get(one.type, one.kind or "")
    return (spec.title if spec is not None else "") or one.kind or "?"


def in_words(one: AnyPrimitive, catalogue: Catalogue) -> str:
    """What the primitive does, as far as one line can tell."""
    match one:
        case Condition():
            return shortened(_condition(one))
        case Data() if one.mapping:
            return shortened(", ".join(f"{new} ← {old}" for old, new in one.mapping.items()))
        case Connection():
            return ""
        case _:
            return _config(one.config or {})


def _condition(one: Condition) -> str:
    if one.over is not None:
        return f"for each {one.as_ or 'item'} of {brief(one.over)}"
    for word, test in (("while", one.while_), ("until", one.until), ("by", one.on)):
        if test is not None:
            return f"{word} {test}"
    if one.logic is not None:
        return str(one.logic)
    parts = (one.left, one.op, one.right) if one.op else (one.value, one.pattern or one.path)
    return " ".join(brief(part) for part in parts if part is not None)


def _config(config: Mapping[str, Any]) -> str:
    told = [str(config["method"])] if isinstance(config.get("method"), str) else []
    for name in _FIRST:
        value = config.get(name)
        if value in (None, "", [], {}):
            continue
        words = brief(value, longest=48)
        told.append({"for": f"for {words}", "to": f"to {words}", "timeout": f"at most {words}"}.get(name, words))
    if not told:
        told = [f"{name}: {brief(value, longest=40)}" for name, value in list(config.items())[:2]]
    return shortened(" · ".join(told[:3]))


_ORDER = ("type", "kind", "name")


def pretty(value: Any, *, width: int, indent: int = 0) -> str:
    """JSON for eyes: what fits on a line stays on it, and a primitive begins with what it is."""
    flat = _flat(value)
    if len(flat) + indent <= width - 4 or not isinstance(value, dict | list) or not value:
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, list):
        lines = [pad + pretty(one, width=width, indent=indent + 2) for one in value]
        return "[\n" + ",\n".join(lines) + "\n" + " " * indent + "]"
    lines = [
        f"{pad}{_flat(name)}: {pretty(one, width=width, indent=indent + 2)}" for name, one in _ordered(value).items()
    ]
    return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"


def _ordered(value: Mapping[str, Any]) -> dict[str, Any]:
    first = {name: value[name] for name in _ORDER if "type" in value and name in value}
    return first | {name: one for name, one in value.items() if name not in first}


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(name)}: {_flat(one)}" for name, one in _ordered(value).items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    return json.dumps(value).decode()
