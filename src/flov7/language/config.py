"""What a kind takes, checked against the kind's own schema; texts with expressions in them are passed over."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from flov7.language.analysis import Analysis
from flov7.language.catalogue import KindSpec
from flov7.language.document import BESIDE_CONFIG, AnyPrimitive, beside
from flov7.language.outline import Path, Place

_LANGUAGE_FIELDS = frozenset(["if_true", "if_false", "then", "else", "default", "do", "service", "credentials"])


def input_tree(primitive: AnyPrimitive) -> dict[str, Any]:
    """`config` and the fields beside it as one object, as the kind sees it; sides are the language's business."""
    tree = dict(primitive.config or {})
    for key, value in beside(primitive).items():
        if key == "cases":
            tree["cases"] = list(value)
        elif key not in _LANGUAGE_FIELDS:
            tree[key] = value
    return tree


def locate(analysis: Analysis, place: Place) -> Callable[[Path], str]:
    """The pointer in the document of a path in a primitive's input tree."""
    config = place.primitive.config or {}

    def find(path: Path) -> str:
        inside = () if not path or (path[0] in BESIDE_CONFIG and path[0] not in config) else ("config",)
        return analysis.pointer(place, *inside, *path)

    return find


def check_config(analysis: Analysis, place: Place, spec: KindSpec, tree: dict[str, Any]) -> None:
    """Diagnostics for every setting that the kind does not take as it is."""
    _check_fields(analysis, place, spec)
    if not spec.built:
        return
    if _known_good(spec.key, orjson.dumps(spec.inputs, option=orjson.OPT_SORT_KEYS), orjson.dumps(tree, default=str)):
        return
    find = locate(analysis, place)
    for error in _validator(orjson.dumps(spec.inputs, option=orjson.OPT_SORT_KEYS)).iter_errors(tree):
        for real in _real(error):
            _explain(analysis, place, spec, real, find)


def _check_fields(analysis: Analysis, place: Place, spec: KindSpec) -> None:
    sides = {"if_true", "if_false", "then", "else"}
    for key in beside(place.primitive):
        if key in spec.fields or (spec.type == "connection" and key in ("service", "credentials")):
            continue
        takes = ", ".join(f"`{one}`" for one in spec.fields)
        analysis.report.add(
            "kind.field",
            where=analysis.pointer(place, key),
            message=f"{spec.type.value.capitalize()} `{spec.name}` takes no `{key}`.",
            hint=f"It takes {takes}." if takes else "Put what the kind takes into `config`.",
            fix=None if key in sides | {"do"} else [{"op": "remove", "path": analysis.pointer(place, key)}],
        )
    for key in sorted(set(place.primitive.config or {}) & set(spec.fields) & BESIDE_CONFIG):
        free = key not in beside(place.primitive)
        analysis.report.add(
            "shape.misplaced_field",
            where=analysis.pointer(place, "config", key),
            message=f"`{key}` stands beside `config`, not inside it.",
            hint="Move it up.",
            fix=[{"op": "move", "from": analysis.pointer(place, "config", key), "path": analysis.pointer(place, key)}]
            if free
            else None,
        )


@lru_cache(maxsize=512)
def _validator(schema: bytes) -> Draft202012Validator:
    return Draft202012Validator(orjson.loads(schema), format_checker=Draft202012Validator.FORMAT_CHECKER)


@lru_cache(maxsize=4096)
def _known_good(kind: str, schema: bytes, tree: bytes) -> bool:
    return next(iter(_validator(schema).iter_errors(orjson.loads(tree))), None) is None


def _is_open(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value


def _real(error: Any) -> Iterable[Any]:
    """The errors behind one, without those that a value known only at run time causes."""
    if _is_open(error.instance):
        return []
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        return [error]
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).extend(_real(inner))
    if len(branches) < len(error.validator_value) or any(not found for found in branches.values()):
        return []  # a branch without errors of its own holds
    deepest = max(branches.values(), key=lambda found: max(len(one.absolute_path) for one in found))
    return deepest if max(len(one.absolute_path) for one in deepest) > len(error.absolute_path) else [error]


def _explain(analysis: Analysis, place: Place, spec: KindSpec, error: Any, find: Callable[[Path], str]) -> None:
    path = tuple(error.absolute_path)
    where = find(path)
    match error.validator:
        case "required":
            for name in error.validator_value:
                if name not in error.instance:
                    _missing(analysis, place, spec, name, path, where)
        case "additionalProperties":
            known = error.schema.get("properties", {})
            for name in sorted(set(error.instance) - set(known)):
                _unknown(analysis, place, spec, name, list(known), path, find)
        case _:
            title = f"`{path[-1]}`" if path else f"`{spec.name}`"
            analysis.report.add(
                "duration.invalid" if error.validator == "pattern" and _is_duration(error) else "config.wrong",
                where=where,
                message=f"{title} cannot be {_short(error.instance)}.",
                hint=_hint(error),
            )


def _is_duration(error: Any) -> bool:
    return error.schema.get("format") == "flov7-duration"


def _missing(analysis: Analysis, place: Place, spec: KindSpec, name: str, path: Path, where: str) -> None:
    beside_config = not path and name in spec.fields
    at = analysis.pointer(place) if not path else where
    inside = "" if path or beside_config else " to `config`"
    analysis.report.add(
        "config.missing",
        where=at,
        message=f"`{spec.name}` needs `{name}`.",
        hint=f'Add "{name}"{inside}' + _described(spec, name) + ".",
    )


def _described(spec: KindSpec, name: str) -> str:
    text = spec.inputs.get("properties", {}).get(name, {}).get("description", "")
    return f": {text.rstrip('.')}" if text else ""


def _unknown(
    analysis: Analysis,
    place: Place,
    spec: KindSpec,
    name: str,
    known: list[str],
    path: Path,
    find: Callable[[Path], str],
) -> None:
    where = find((*path, name))
    if not path and name in BESIDE_CONFIG and name not in (place.primitive.config or {}):
        return  # said as kind.field
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    free = bool(near) and near[0] not in (place.primitive.config or {})
    analysis.report.add(
        "config.unknown",
        where=where,
        message=f"`{spec.name}` has no setting `{name}`.",
        hint=f"`{near[0]}` was meant?" if near else "It takes " + ", ".join(known) + ".",
        fix=[{"op": "move", "from": where, "path": find((*path, near[0]))}]
        if free
        else [{"op": "remove", "path": where}],
    )


def _short(value: Any) -> str:
    text = orjson.dumps(value, default=str).decode()
    return text if len(text) <= 60 else text[:57] + "…"


def _hint(error: Any) -> str:
    value: Any = error.validator_value
    match error.validator:
        case "enum":
            return "One of " + ", ".join(str(one) for one in value) + "."
        case "const":
            return f"It must be {value!r}."
        case "type":
            return f"It must be of type {value if isinstance(value, str) else ' or '.join(value)}."
        case "minimum" | "exclusiveMinimum":
            return f"It must be at least {value}."
        case "maximum" | "exclusiveMaximum":
            return f"It must be at most {value}."
        case "pattern" if _is_duration(error):
            return "Write `30s`, `5m`, `2h`, `2d`, or ISO 8601 like `PT1H30M`."
        case "minLength" | "minItems":
            return "It may not be empty." if value == 1 else f"At least {value}."
        case "format":
            return f"It must be a {str(value).replace('-', ' ')}."
        case _:
            return error.schema.get("description", "") if isinstance(error.schema, dict) else ""
