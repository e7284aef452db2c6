"""A model of a few rules, where no script says what to answer: it finds what it is asked for in the text it was given.

It knows no task. A value of a schema is filled from the input: labels by their words, fields by their names, the rest
by its first sentences; tools are asked for once each where their words are spoken of. What it cannot find is null.
"""

from __future__ import annotations

import re
from typing import Any

from flov7.llm.testing import finding
from flov7.llm.testing.request import Request
from flov7.llm.testing.scripted import Scripted, ToolCall

_INPUT = re.compile(r"<input>\s*(.*?)\s*</input>", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_MOST_CALLS = 8
_DEEPEST = 6


def stand_in(request: Request) -> Scripted:
    """An answer by rules; the same for the same request."""
    source = _source(request)
    if (call := _next_call(request, source)) is not None:
        return Scripted(calls=(call,))
    if request.schema is not None:
        return Scripted(value=filled(request.schema, "\n".join([source, *request.results]), root=request.schema))
    return Scripted(
        text=" ".join([*_SENTENCE.split(source)[:2], *request.results]).strip() or "There is nothing to say."
    )


def filled(schema: dict[str, Any], source: str, *, root: dict[str, Any], name: str = "", depth: int = 0) -> Any:
    """A value that fits the schema, from what a text says."""
    if "$ref" in schema:
        schema = finding.resolved(schema["$ref"], root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return finding.label(schema["enum"], source)
    if "anyOf" in schema:
        return _one_of(schema["anyOf"], source, root=root, name=name, depth=depth)
    kind = schema.get("type")
    if isinstance(kind, list):
        found = finding.plain(next((one for one in kind if one != "null"), "null"), name, source)
        return None if found is None and "null" in kind else finding.plain_or_zero(kind[0], found)
    if kind == "object":
        parts: dict[str, Any] = schema.get("properties", {})
        return {key: filled(part, source, root=root, name=key, depth=depth + 1) for key, part in parts.items()}
    if kind == "array":
        return _listed(schema, source, root=root, name=name, depth=depth)
    if kind == "string" and (found := finding.plain("string", name, source)) is None:
        return " ".join(_SENTENCE.split(source)[:2])
    return finding.plain_or_zero(str(kind), finding.plain(str(kind), name, source))


def _one_of(branches: list[dict[str, Any]], source: str, *, root: dict[str, Any], name: str, depth: int) -> Any:
    """The first branch that is no null; null where its plain value is nowhere in the text."""
    full = [one for one in branches if one.get("type") != "null"]
    if not full or (depth > _DEEPEST and len(full) < len(branches)):
        return None
    if len(full) < len(branches) and full[0].get("type") in finding.PLAIN and "enum" not in full[0]:
        return finding.plain(full[0]["type"], name, source)
    return filled(full[0], source, root=root, name=name, depth=depth + 1)


def _listed(schema: dict[str, Any], source: str, *, root: dict[str, Any], name: str, depth: int) -> list[Any]:
    """What the text lists: labels that it speaks of, its bullet points, or its first sentences."""
    item = schema.get("items", {})
    if "$ref" in item:
        item = finding.resolved(item["$ref"], root)
    if "enum" in item:
        return [one for one in item["enum"] if finding.speaks_of(str(one), source)]
    lines = finding.bullets(source)
    if item.get("type") == "object":
        return [filled(item, line, root=root, name=name, depth=depth + 1) for line in lines] if depth < _DEEPEST else []
    if item.get("type") == "string":
        return lines or _SENTENCE.split(source)[:3]
    return finding.numbers(source) if item.get("type") in ("number", "integer") else []


def _source(request: Request) -> str:
    inside = _INPUT.findall(request.last)
    return "\n".join(inside) if inside else request.last


def _next_call(request: Request, source: str) -> ToolCall | None:
    """The next tool whose words are spoken of and that was not asked for yet."""
    if len(request.called) >= _MOST_CALLS or request.body.get("tool_choice") == "none":
        return None
    asked = request.last
    for name, tool in request.tools.items():
        if name in request.called:
            continue
        forced = request.body.get("tool_choice") == "required"
        if forced or finding.speaks_of(name.replace("_", " ").replace(".", " "), asked):
            parameters = tool.get("parameters") or {}
            return ToolCall(name, filled(parameters, source, root=parameters))
    return None
