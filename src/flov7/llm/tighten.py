"""Makes a schema one that strict structured outputs take, and a value that came by it one for the first schema.

What strict rules refuse is left out here and held against the answer afterwards: the answer is always checked by the
schema that a person wrote. Fields that need not be there may be null for the model, and are then taken out again.
"""

from __future__ import annotations

from typing import Any

_KEPT = ("type", "description", "enum", "const", "format", "pattern", "minimum", "maximum", "multipleOf",
         "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems")  # fmt: skip
_CHOICES = ("anyOf", "oneOf")


def tightened(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema under strict rules; its root is an object."""
    definitions = {**schema.get("$defs", {}), **schema.get("definitions", {})}
    made = _tight(schema if schema.get("type") or "properties" in schema else {**schema, "type": "object"})
    if definitions:
        made["$defs"] = {name: _tight(one) for name, one in definitions.items()}
    return made


def loosened(value: Any, schema: dict[str, Any], *, root: dict[str, Any] | None = None) -> Any:
    """The value without the nulls that stand for what is not there."""
    root = root or schema
    schema = _resolved(schema, root)
    if isinstance(value, dict):
        parts, needed = schema.get("properties", {}), set(schema.get("required", []))
        return {
            key: loosened(inner, parts.get(key, {}), root=root)
            for key, inner in value.items()
            if inner is not None or key in needed or _takes_null(_resolved(parts.get(key, {}), root))
        }
    if isinstance(value, list):
        return [loosened(inner, schema.get("items", {}), root=root) for inner in value]
    return value


def _tight(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, dict) or not schema:
        return {"type": ["string", "number", "boolean", "null"]}  # anything, as far as strict rules can say it
    if "$ref" in schema:
        return {"$ref": str(schema["$ref"]).replace("#/definitions/", "#/$defs/")}
    for word in _CHOICES:
        if word in schema:
            return {"anyOf": [_tight(one) for one in schema[word]]}
    made = {key: schema[key] for key in _KEPT if key in schema}
    if schema.get("type") == "object" or "properties" in schema:
        parts, needed = schema.get("properties", {}), set(schema.get("required", []))
        made["type"] = schema.get("type", "object")
        made["properties"] = {
            key: _tight(one) if key in needed else _or_null(_tight(one)) for key, one in parts.items()
        }
        made["required"] = list(parts)
        made["additionalProperties"] = False
    elif schema.get("type") == "array" or "items" in schema:
        made["type"] = schema.get("type", "array")
        made["items"] = _tight(schema.get("items"))
    elif "type" not in made and "enum" not in made and "const" not in made:
        made["type"] = ["string", "number", "boolean", "null"]
    return made


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if _takes_null(schema):
        return schema
    if isinstance(schema.get("type"), str) and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _takes_null(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return (
        kind == "null" or (isinstance(kind, list) and "null" in kind) or any(map(_takes_null, schema.get("anyOf", [])))
    )


def _resolved(schema: Any, root: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(schema, dict):
        return {}
    if "$ref" not in schema:
        return schema
    part: Any = root
    for step in str(schema["$ref"]).removeprefix("#").strip("/").split("/"):
        part = part.get(step, {}) if step else part
    return part
