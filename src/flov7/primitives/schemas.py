"""A kind's models as JSON Schemas for the catalogue: plain, without references, titles and nulls."""

from __future__ import annotations

import copy
from typing import Any

from pydantic import BaseModel


def inputs_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of what a document may say. "Or null" is dropped: a field that is not wanted is left out."""
    return _without_nulls(_plain(model))


def outputs_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of what a kind gives; null is a value there."""
    return _plain(model, mode="serialization")


def _plain(model: type[BaseModel], *, mode: Any = "validation") -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, mode=mode)
    definitions = schema.pop("$defs", {})
    plain = _resolved(schema, definitions, inside=())
    plain.pop("description", None)
    return plain


def _resolved(node: Any, definitions: dict[str, Any], *, inside: tuple[str, ...]) -> Any:
    """References replaced by what they name; a name inside itself becomes any value."""
    if isinstance(node, list):
        return [_resolved(each, definitions, inside=inside) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = str(node["$ref"]).rsplit("/", 1)[-1]
        rest = {key: value for key, value in node.items() if key != "$ref"}
        if name in inside:
            return rest
        target = _resolved(copy.deepcopy(definitions[name]), definitions, inside=(*inside, name))
        return {**target, **_resolved(rest, definitions, inside=inside)}
    plain: dict[str, Any] = {}
    for key, value in node.items():
        if key == "properties":
            plain[key] = {name: _resolved(each, definitions, inside=inside) for name, each in value.items()}
        elif key in ("default", "examples", "const", "enum"):
            plain[key] = value
        elif key != "title":
            plain[key] = _resolved(value, definitions, inside=inside)
    return plain


def _without_nulls(node: Any) -> Any:
    """`anyOf [X, null]` becomes X, and a default of null goes."""
    if isinstance(node, list):
        return [_without_nulls(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = {
        key: value if key in ("default", "examples", "const", "enum") else _without_nulls(value)
        for key, value in node.items()
    }
    if node.get("default", ...) is None:
        del node["default"]
    choices = node.get("anyOf")
    if isinstance(choices, list):
        left = [choice for choice in choices if choice != {"type": "null"}]
        if len(left) < len(choices):
            del node["anyOf"]
            node = {**left[0], **node} if len(left) == 1 else {"anyOf": left, **node}
    return node
