"""What strict structured outputs refuse in a schema, as their maker documents it.

Source: OpenAI's guide to structured outputs, "Supported schemas" (as of February 2026): the root is an object;
every property required; `additionalProperties: false` everywhere; at most 10 levels, 5,000 properties, 1,000 enum
values; no `oneOf`, `allOf`, `not`, `if`, `default` and their like.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

DEEPEST, MOST_PROPERTIES, MOST_VALUES, LONGEST_NAMES = 10, 5_000, 1_000, 120_000
_REFUSED = frozenset(
    ["oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "default",
     "patternProperties", "unevaluatedProperties", "propertyNames", "discriminator", "prefixItems"]
)  # fmt: skip


def strict_problems(schema: dict[str, Any]) -> list[str]:
    """What is wrong with a schema, each with its place; empty where it will be taken."""
    found: list[str] = []
    if schema.get("type") != "object":
        found.append("#: the root must be an object")
    properties = values = names = 0
    for where, depth, part in _parts(schema, "#", 1):
        found += _of_part(where, depth, part)
        properties += len(part.get("properties", {}))
        enum = [str(one) for one in part.get("enum", [])]
        values += len(enum)
        names += sum(map(len, [*part.get("properties", {}), *enum, str(part.get("const", ""))]))
    for count, most, what in (
        (properties, MOST_PROPERTIES, "properties"),
        (values, MOST_VALUES, "enum values"),
        (names, LONGEST_NAMES, "characters in names and values"),
    ):
        if count > most:
            found.append(f"#: {count} {what}, at most {most}")
    return found


def _of_part(where: str, depth: int, part: dict[str, Any]) -> Iterator[str]:
    yield from (f"{where}: `{key}` is not taken" for key in sorted(_REFUSED & part.keys()))
    if depth > DEEPEST:
        yield f"{where}: deeper than {DEEPEST} levels"
    if part.get("type") == "object" or "properties" in part:
        if part.get("additionalProperties") is not False:
            yield f"{where}: needs `additionalProperties: false`"
        if missing := sorted(set(part.get("properties", {})) - set(part.get("required", []))):
            yield f"{where}: every property must be required, but {', '.join(missing)} is not"


def _parts(schema: Any, where: str, depth: int) -> Iterator[tuple[str, int, dict[str, Any]]]:
    if not isinstance(schema, dict):
        return
    yield where, depth, schema
    for name, inner in {**schema.get("$defs", {}), **schema.get("definitions", {})}.items():
        yield from _parts(inner, f"{where}/$defs/{name}", 1)
    for name, inner in schema.get("properties", {}).items():
        yield from _parts(inner, f"{where}/properties/{name}", depth + 1)
    if "items" in schema:
        yield from _parts(schema["items"], f"{where}/items", depth + 1)
    for at, inner in enumerate(schema.get("anyOf", [])):
        yield from _parts(inner, f"{where}/anyOf/{at}", depth)
