"""Schemas of a document as plain JSON Schema: references put in, circles and great depth cut, OpenAPI's own ways told.

What is cut becomes "any value": less is checked then, and nothing is refused that the service would take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from flov7.primitives.connectors.openapi.document import ApiDocument

_PLAIN = (
    "type", "format", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "exclusiveMinimum", "exclusiveMaximum",
)  # fmt: skip
_LISTS = ("anyOf", "oneOf", "allOf")
_TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}
_FORMATS = {"date", "date-time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname", "binary"}
_LONGEST_WORDS = 400
_MOST_CHOICES = 200


class SchemaReader:
    """Reads schemas of one side: what is sent has no read-only fields, what comes back no write-only ones."""

    def __init__(self, document: ApiDocument, *, side: Literal["sent", "given"], deepest: int, most: int) -> None:
        self._document = document
        self._hidden = "readOnly" if side == "sent" else "writeOnly"
        self._is_sent = side == "sent"
        self._deepest, self._most = deepest, most
        self._left = most

    def read(self, node: Any) -> dict[str, Any]:
        """One schema; `most` nodes of it at most."""
        self._left = self._most
        return self._schema(node, depth=0, inside=())

    def _schema(self, node: Any, *, depth: int, inside: tuple[str, ...]) -> dict[str, Any]:
        found, reference = self._document.follow(node)
        if not isinstance(found, Mapping):
            return {}
        self._left -= 1
        if reference is not None:
            if reference in inside:
                return {}
            inside = (*inside, reference)
        if depth > self._deepest or self._left <= 0:
            return (
                {"type": found["type"]} if found.get("type") in _TYPES - {"null"} and not found.get("nullable") else {}
            )
        return self._whole(found, depth=depth, inside=inside)

    def _whole(self, found: Mapping[str, Any], *, depth: int, inside: tuple[str, ...]) -> dict[str, Any]:
        made: dict[str, Any] = {key: found[key] for key in _PLAIN if key in found}
        _tell_ways(made)
        words = str(found.get("description") or found.get("title") or "").strip()
        if words:
            made["description"] = " ".join(words.split())[:_LONGEST_WORDS]
        if "default" in found and depth <= 2 and found["default"] is not None:
            made["default"] = found["default"]
        for key in _LISTS:
            if isinstance(found.get(key), list) and found[key]:
                made[key] = [self._schema(one, depth=depth + 1, inside=inside) for one in found[key]]
        if isinstance(found.get("properties"), Mapping):
            made["properties"] = {
                str(name): self._schema(one, depth=depth + 1, inside=inside)
                for name, one in found["properties"].items()
                if not self._document.of(one).get(self._hidden)
            }
        required = [name for name in found.get("required") or [] if isinstance(name, str)] if _is_list(found) else []
        required = [name for name in required if name in made.get("properties", {})]
        if required and self._is_sent:
            made["required"] = required
        if isinstance(found.get("items"), Mapping):
            made["items"] = self._schema(found["items"], depth=depth + 1, inside=inside)
        more = found.get("additionalProperties")
        if isinstance(more, Mapping):
            made["additionalProperties"] = self._schema(more, depth=depth + 1, inside=inside)
        elif more is False and self._is_sent:
            made["additionalProperties"] = False
        if found.get("nullable") is True and isinstance(made.get("type"), str):
            made["type"] = [made["type"], "null"]
            if "enum" in made and None not in made["enum"]:
                made["enum"] = [*made["enum"], None]
        return made


def _is_list(found: Mapping[str, Any]) -> bool:
    return isinstance(found.get("required"), list)


def _tell_ways(made: dict[str, Any]) -> None:
    """What OpenAPI 2 and 3.0 write otherwise than JSON Schema, and what would be slow or wrong to check."""
    kinds = made.get("type")
    if isinstance(kinds, list):
        made["type"] = [one for one in kinds if one in _TYPES] or "object"
    elif kinds is not None and kinds not in _TYPES:
        del made["type"]  # `file` of OpenAPI 2, and whatever else people write
    for name, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(made.get(name), bool):
            exclusive = made.pop(name)
            if exclusive and isinstance(made.get(limit), int | float):
                made[name] = made.pop(limit)
    if made.get("format") not in _FORMATS:
        made.pop("format", None)
    made.pop("pattern", None)  # a document's patterns are JavaScript's, and may be slow on purpose
    if isinstance(made.get("enum"), list) and len(made["enum"]) > _MOST_CHOICES:
        del made["enum"]
    if "enum" in made and (not isinstance(made["enum"], list) or not made["enum"]):
        del made["enum"]


def merged(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with its `allOf` laid together, as far as that gives one object."""
    parts = schema.get("allOf")
    if not isinstance(parts, list):
        return dict(schema)
    whole: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in (merged(one) for one in parts):
        if "properties" not in part and part.get("type") != "object" and set(part) - {"description", "required"}:
            return dict(schema)
        whole["properties"] = {**part.get("properties", {}), **whole.get("properties", {})}
        required = dict.fromkeys((*whole.get("required", []), *part.get("required", [])))
        whole |= {key: value for key, value in part.items() if key not in whole and key != "required"}
        if required:
            whole["required"] = [name for name in required if name in whole["properties"]]
    whole["type"] = "object"
    return whole
