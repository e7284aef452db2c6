"""Made-up values for a dry run: what a document reads, with values that fit how it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flov7.language.catalogue import Catalogue
from flov7.language.expressions import ExpressionError, parse
from flov7.marketplace.complexity import primitives

_WHOLE = ("logic", "when", "over", "while", "until", "on", "collect", "check", "left", "value")
_BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_MOST = 8
"""Places that one value may come from."""
_DEEPEST = 8
_LISTED = ("length",)
_TEXT = "example"
_OF_LISTS = (
    "sort_by",
    "group_by",
    "unique_by",
    "aggregate",
    "limit",
    "offset",
    "pick",
    "omit",
    "rename",
    "shape",
    "flatten",
)
_PARSED: dict[str, Any] = {"csv": "name,amount\nexample,5\n", "json": '{"name": "example"}', "xml": "<list><item>example</item></list>",
           "html": "<p>example</p>", "base64_decode": "ZXhhbXBsZQ==", "decode_base64": "ZXhhbXBsZQ==", "date": "2026-01-15", "text": "an <b>example</b>",
           "print_csv": [{"name": "example"}], "print_xml": {"item": "example"}}  # fmt: skip
_NUMBERS = ("amount", "total", "price", "count", "quantity", "score", "value", "number", "size", "age", "cost", "hours")
_DATE = "2026-01-15T09:00:00+00:00"

Path = tuple[str, ...]


@dataclass
class MadeUp:
    """A payload for the trigger, and a sample for each step that something reads from."""

    payload: Any = field(default_factory=dict[str, Any])
    samples: dict[str, Any] = field(default_factory=dict[str, Any])


def made_up(document: Mapping[str, Any], catalogue: Catalogue) -> MadeUp:
    """Values for all that the document reads; equal documents get equal values."""
    listed = list(primitives(document.get("primitives", [])))
    steps = {str(one.get("name")): one for one in listed}
    items = {str(one.get("as", "item")): str(one.get("over", "")) for one in listed if one.get("kind") == "loop"}
    same: dict[str, list[Path]] = {}
    for name, source in _passed_on(listed):
        same.setdefault(name, []).append(source)
    found = MadeUp(samples={name: _of_schema(one, catalogue) for name, one in steps.items() if _is_call(one)})
    declared = document.get("inputs")
    if isinstance(declared, dict):
        made = sample(declared)
        found.payload = made if isinstance(made, dict) else {}
    triggers = {str(one.get("name")) for one in listed if one.get("type") == "trigger"}
    kinds = {str(one.get("kind")) for one in listed if one.get("type") == "trigger"}
    mapped = {str(name).partition(".")[0] for one in listed for name in (one.get("mapping") or {}).values()}
    for path, value in _reads(listed, document.get("output")):
        for full in _opened(path, items, same):
            _note(found, full, value, steps=steps, triggers=triggers, kinds=kinds, mapped=mapped)
    return found


def _note(
    found: MadeUp,
    full: Path,
    value: Any,
    *,
    steps: Mapping[str, Any],
    triggers: set[str],
    kinds: set[str],
    mapped: set[str],
) -> None:
    """Put the value where the path leads: into a step's sample, or into the payload."""
    root, rest = full[0], full[1:]
    if root in ("run", "error", "index", "env") or root in mapped:
        return
    if root == "trigger":
        full = full[2:] if full[1:2] == ("payload",) else ()
    elif (root in triggers | kinds and root not in steps) or root in triggers:
        full = rest
    elif root in steps:
        found.samples[root] = _put(found.samples.get(root), rest, value)
        return
    if full or value not in (_TEXT, None):
        found.payload = _put(found.payload, full, value)


def _opened(path: Path, items: Mapping[str, str], same: Mapping[str, Sequence[Path]]) -> list[Path]:
    """A loop's item is the first of its list, and what a data step passes on is its sources': `line.price` is
    `basket.lines.0.price`."""
    found: list[Path] = []
    waiting = [(path, 0)]
    while waiting and len(found) < _MOST:
        one, depth = waiting.pop()
        source = _path(items.get(one[0], ""))
        if depth < _DEEPEST and one[0] in same:
            waiting += [((*origin, *one[1:]), depth + 1) for origin in same[one[0]]]
        elif depth < _DEEPEST and source is not None and source[0] != one[0]:
            waiting.append(((*source, "0", *one[1:]), depth + 1))
        else:
            found.append(one)
    return found


def _passed_on(listed: list[dict[str, Any]]) -> Iterator[tuple[str, Path]]:
    """Data steps whose items are those of their source: sorted, filtered, put together, looked up."""
    for one in listed:
        config: Mapping[str, Any] = one.get("config") or {}
        changes = any(
            key in config for key in ("group_by", "aggregate", "shape", "rename", "print", "parse", "size", "separator")
        )
        if one.get("type") != "data" or one.get("kind") == "enrich" or changes:
            continue
        for source in (config.get("value"), config.get("items"), *(config.get("sources") or [])):
            path = _path(source) if isinstance(source, str) else None
            if path is not None and path[0] != one.get("name"):
                yield str(one.get("name")), path


def _path(text: str) -> Path | None:
    plain = text.strip().removeprefix("{{").removesuffix("}}").strip()
    return tuple(plain.split(".")) if re.fullmatch(r"[A-Za-z_]\w*(\.\w+)*", plain) else None


def _reads(listed: list[dict[str, Any]], output: Any) -> Iterator[tuple[Path, Any]]:
    """Every path that is read, with a value that fits the place."""
    for one in listed:
        yield from _of_kind(one)
        for key, value in one.items():
            if key in _WHOLE and isinstance(value, str):
                yield from _of_expression(value, is_list=key == "over")
            elif key == "mapping" and isinstance(value, dict):
                yield from (((*str(source).split("."),), _TEXT) for source in value)
            elif key not in (
                "then",
                "else",
                "do",
                "cases",
                "default",
                "name",
                "kind",
                "type",
                "description",
                "credentials",
            ):
                yield from _of_value(value)
    yield from _of_value(output)


def _of_kind(one: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """What a step takes by its kind: lists to sort and merge, text to parse."""
    config: Mapping[str, Any] = one.get("config") or {}
    value = config.get("value")
    if one.get("kind") == "transform" and isinstance(value, str) and (path := _path(value)):
        parsed = str(config.get("operation") or config.get("parse") or "").removeprefix("parse_")
        parsed = "text" if parsed.startswith(("strip", "hash", "encode", "base64")) else parsed
        if parsed in _PARSED:
            yield path, _PARSED[parsed]
        elif one.get("type") == "data" and any(key in config for key in _OF_LISTS):
            yield path, _items(config)
    left = one.get("left")
    if isinstance(left, str) and isinstance(one.get("right"), int | float) and (compared := _path(left)):
        yield compared, _literal(str(one["right"]), sign=str(one.get("op")))
    if isinstance(config.get("schema"), dict) and isinstance(value, str) and (path := _path(value)):
        yield path, sample(config["schema"])
    for listed in (config.get("items"), *(config.get("sources") or [])):
        if isinstance(listed, str) and (path := _path(listed)):
            yield path, {"id": 5} if config.get("by") == "objects" else _items(config)


def _items(config: Mapping[str, Any]) -> list[Any]:
    """Two items that have the fields which the settings speak of."""
    item: Any = {str(config["key"]): 5} if isinstance(config.get("key"), str) and "item" not in config["key"] else {}
    texts = list(_texts(config))
    for text in texts:
        for match in re.finditer(r"\bitem\.(\w+)", text):
            item[match[1]] = _fitting(text, ("item", match[1]))
            if re.search(r"sum|avg|average|min|max|total|mean|sort", text) or match[1] in _NUMBERS:
                item[match[1]] = 5
    return [item or {"id": 5, "name": _TEXT}]


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
        case _:
            return


def _of_value(value: Any) -> Iterator[tuple[Path, Any]]:
    match value:
        case str():
            for found in _BRACES.findall(value):
                yield from _of_expression(found, is_list=False)
        case dict():
            for inner in value.values():
                yield from _of_value(inner)
        case list():
            for inner in value:
                yield from _of_value(inner)
        case _:
            return


def _of_expression(text: str, *, is_list: bool) -> Iterator[tuple[Path, Any]]:
    try:
        references = parse(text).references
    except ExpressionError:
        return
    for reference in references:
        path = (reference.root, *(str(part) for part in reference.path))
        method = path[-1] in _LISTED and len(path) > 1
        path = path[:-1] if method else path
        yield path, [] if is_list else _fitting(text, path)


def _fitting(text: str, path: Path) -> Any:
    """A value of the kind that it is compared with; the very value where that is asked for."""
    shown = r"\??\.".join(re.escape(part) for part in path)
    match = re.search(rf"(?<![\w.]){shown}\s*(==|!=|<=|>=|<|>)\s*('[^']*'|\"[^\"]*\"|-?[\d.]+|true|false|null)", text)
    if match:
        return _literal(match[2], sign=match[1])
    match = re.search(rf"('[^']*'|\"[^\"]*\")\s+(?:not )?in\s+{shown}(?![\w.])", text)
    if match:
        return match[1][1:-1]
    if re.search(
        rf"(len|sum|sorted|max|min|any|all|count|avg)\(\s*{shown}|\bfor \w+ in {shown}|{shown}\s*\.length", text
    ):
        return []
    if re.search(rf"{shown}\s*[-*/+]\s*\d|\d\s*[-*/+]\s*{shown}|(round|abs|int|float|number)\(\s*{shown}", text):
        return 5
    if re.search(r"(_at|_on|date|time|deadline|due|since|until|created|updated)$", path[-1]):
        return _DATE
    return f"{_TEXT}@example.com" if re.search(r"e?mail|sender|address$", path[-1]) else _TEXT


def _literal(text: str, *, sign: str) -> Any:
    if text[0] in "'\"":
        return text[1:-1] if sign != "!=" else f"not {text[1:-1]}"
    if text in ("true", "false"):
        return (text == "true") == (sign == "==")
    if text == "null":
        return _TEXT
    number = float(text)
    value = number + {">": 1, "<": -1, "!=": 1}.get(sign, 0)
    return int(value) if value.is_integer() else value


def _put(value: Any, path: Path, leaf: Any) -> Any:
    """The value with a leaf at the path; what is there already stays, unless it is emptier."""
    if not path:
        return _fuller(value, leaf)
    key, rest = path[0], path[1:]
    if key.isdigit():
        held: list[Any] = value if isinstance(value, list) else []
        return [_put(held[0] if held else None, rest, leaf), *held[1:]]
    named: dict[str, Any] = value if isinstance(value, dict) else {}
    return {**named, key: _put(named.get(key), rest, leaf)}


def _fuller(value: Any, leaf: Any) -> Any:
    """The one of two values for one place that says more."""
    if isinstance(value, list) and isinstance(leaf, list) and value and leaf:
        return [_both(value[0], leaf[0]), *value[1:]]
    plain = leaf in (None, _TEXT)
    if value is None or (not plain and value in (_TEXT, [], {})):
        return leaf
    return leaf if isinstance(leaf, list) and not isinstance(value, list | dict) else value


def _is_call(primitive: Mapping[str, Any]) -> bool:
    return primitive.get("type") == "action" or primitive.get("kind") == "enrich"


def _both(value: Any, leaf: Any) -> Any:
    """Two objects as one."""
    if not isinstance(value, dict) or not isinstance(leaf, dict):
        return _fuller(value, leaf)
    return {**leaf, **{key: _both(held, leaf.get(key)) for key, held in value.items()}}


def _of_schema(primitive: Mapping[str, Any], catalogue: Catalogue) -> Any:
    if primitive.get("kind") == "enrich":
        return [{str((primitive.get("config") or {}).get("into") or "found"): {}}]
    spec = catalogue.get("action", str(primitive.get("kind")))
    return sample(spec.outputs) if spec is not None and spec.built else {}


def sample(schema: Mapping[str, Any], *, depth: int = 0) -> Any:
    """A value that fits a JSON Schema, as small as its required fields allow one level down."""
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if schema.get("examples") or schema.get("enum"):
        return (schema.get("examples") or schema["enum"])[0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return sample(schema[key][0], depth=depth + 1)
    wanted = schema.get("type")
    match wanted[0] if isinstance(wanted, list) and wanted else wanted:
        case "object" if depth < _DEEPEST:
            needed: dict[str, Any] = {name: {"type": "string"} for name in schema.get("required", [])}
            parts = {**needed, **schema.get("properties", {})}
            return {key: sample(value, depth=depth + 1) for key, value in parts.items()}
        case "array" if depth < _DEEPEST:
            return [sample(schema.get("items", {}), depth=depth + 1)]
        case "integer" | "number":
            return schema.get("minimum", 5)
        case "boolean":
            return True
        case "string":
            return {"email": "person@example.com", "date-time": _DATE, "date": _DATE[:10]}.get(
                str(schema.get("format")), _TEXT
            )
        case _:
            return {} if depth == 0 else None
