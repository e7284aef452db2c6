"""Types as far as the document alone tells them: outputs of kinds against how they are used."""

from __future__ import annotations

import re
from typing import Any

from flov7.language.analysis import Analysis
from flov7.language.expressions import ExpressionError, parse
from flov7.language.outline import Place
from flov7.language.plan import FromStep, Template

_PATH = re.compile(r"([a-z_]\w*)(\.[A-Za-z_]\w*)+\Z")
_VALUES = ("left", "right", "value")


def check_gives_list(analysis: Analysis, source: str, test: Template, *, where: str) -> None:
    """A loop goes over a list: a step's output that is known to be something else never fits."""
    try:
        expression = parse(source)
    except ExpressionError:
        return  # said where it was read
    if len(expression.references) != 1:
        return
    reference = expression.references[0]
    written = ".".join(str(part) for part in (reference.root, *reference.path))
    binding = test.bindings.get(reference.root)
    if expression.source != written or not isinstance(binding, FromStep) or binding.errors:
        return
    spec = analysis.specs.get(binding.step)  # None: a kind that nobody knows, said elsewhere
    types = _types(spec.outputs, reference.path) if spec is not None else set[str]()
    if types and "array" not in types:
        analysis.report.add(
            "type.mismatch",
            where=where,
            message=f"`{written}` is {_said(types)}, and a loop goes over a list.",
            hint="Name the list that is meant.",
        )


def _types(schema: dict[str, Any], path: tuple[str | int, ...]) -> set[str]:
    """The JSON types of what lies at a path; empty where that cannot be known."""
    here: Any = schema
    for part in path:
        here = here.get("properties", {}).get(part) if isinstance(here, dict) else None
        if here is None:
            return set()
    if "anyOf" in here:
        inner = [_types(one, ()) for one in here["anyOf"]]
        return set().union(*inner) if all(inner) else set()
    found = here.get("type")
    return {found} if isinstance(found, str) else set(found or ())


def _said(types: set[str]) -> str:
    names = {
        "integer": "a number",
        "number": "a number",
        "string": "text",
        "boolean": "true or false",
        "object": "an object",
    }
    return " or ".join(sorted({names.get(one, one) for one in types}))


def check_literal_paths(analysis: Analysis, place: Place, tree: dict[str, Any]) -> None:
    """`left: order.total` is the text "order.total"; where that is the name of something, braces were meant."""
    if place.primitive.kind not in ("compare", "regex", "json_path"):
        return
    for field in _VALUES:
        text = tree.get(field)
        if not isinstance(text, str) or not (match := _PATH.match(text)):
            continue
        inputs = (analysis.document.inputs or {}).get("properties", {})
        if match[1] not in analysis.places and match[1] not in inputs:
            continue
        at = analysis.pointer(place, field)
        analysis.report.add(
            "value.looks_like_path",
            where=at,
            message=f"`{field}` is the text {text!r}, not the value of that name.",
            hint="Put it into braces: {{ " + text + " }}.",
            fix=[{"op": "replace", "path": at, "value": "{{ " + text + " }}"}],
        )
