"""Text to JSON value: JSON, or YAML 1.2 core schema with duplicate keys refused. Never an exception."""

from __future__ import annotations

import json
import math
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from flov7.language.diagnostics import Report

MAX_BYTES = 2_000_000
MAX_DEPTH = 60
MAX_NODES = 500_000


class _Duplicate(ValueError):
    pass


def read_text(text: str, report: Report) -> Any | None:
    """The JSON value that a text holds, or None with a diagnostic in the report."""
    if len(text) > MAX_BYTES:
        report.add(
            "document.too_large",
            where="",
            message=f"The text has {len(text):,} characters, the limit is {MAX_BYTES:,}.",
            hint="Split it: a workflow may call another with `custom`.",
        )
        return None
    value = _read_json(text, report) if text.lstrip()[:1] in ("{", "[") else _read_yaml(text, report)
    if value is None and not report.has_errors:
        report.add(
            "document.syntax",
            where="",
            message="The text is empty.",
            hint='Write a document: {"flow7": "1.0", "name": "…", "primitives": [ … ]}.',
        )
    return value if value is None or check_depth(value, report) else None


def check_depth(value: Any, report: Report) -> bool:
    """Whether the value is JSON, no deeper than is read; a diagnostic otherwise. Iterative, so depth is safe."""
    stack: list[tuple[Any, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > MAX_DEPTH:
            report.add(
                "document.too_large",
                where="",
                message=f"Lists and objects nest deeper than {MAX_DEPTH}.",
                hint="Move the inner part into a workflow of its own and call it with `custom`.",
            )
            return False
        if isinstance(item, dict):
            stack.extend((inner, depth + 1) for inner in item.values())
        elif isinstance(item, list):
            stack.extend((inner, depth + 1) for inner in item)
        elif not _is_scalar(item):
            report.add(
                "document.syntax",
                where="",
                message=f"{item!r:.60} is not a JSON value.",
                hint="Write it as text, in quotation marks.",
            )
            return False
    return True


def _is_scalar(item: Any) -> bool:
    if isinstance(item, float):
        return math.isfinite(item)
    if isinstance(item, int) and not isinstance(item, bool):
        return abs(item) < 2**63
    return item is None or isinstance(item, str | bool)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Duplicate(key)
        found[key] = value
    return found


def _read_json(text: str, report: Report) -> Any | None:
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except _Duplicate as error:
        report.add(
            "document.duplicate_key",
            where="",
            message=f"An object has the field `{error}` twice.",
            hint="Keep one of the two.",
        )
    except json.JSONDecodeError as error:
        as_yaml = _read_yaml(text, Report())  # YAML's flow style opens with a bracket too
        if as_yaml is not None:
            return as_yaml
        report.add(
            "document.syntax",
            where="",
            message=f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            hint="Mend that place: mostly a comma, a bracket or a quotation mark.",
        )
    except (RecursionError, ValueError):
        _too_deep(report)
    return None


def _too_deep(report: Report) -> None:
    report.add(
        "document.too_large",
        where="",
        message="Lists, objects or numbers are larger than what is read.",
        hint="Make it smaller; a workflow may call another with `custom`.",
    )


class _CoreConstructor(SafeConstructor):
    """YAML 1.2's core schema has no dates: they stay text."""


_CoreConstructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _read_yaml(text: str, report: Report) -> Any | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _CoreConstructor
    yaml.version = (1, 2)
    yaml.allow_duplicate_keys = False
    try:
        documents = list(yaml.load_all(StringIO(text)))  # pyright: ignore[reportUnknownArgumentType]
        if len(documents) > 1:
            report.add(
                "document.syntax",
                where="",
                message="The text holds several YAML documents.",
                hint="Keep one; remove the line `---`.",
            )
            return None
        return _plain(documents[0], Countdown(MAX_NODES)) if documents else None
    except DuplicateKeyError as error:
        report.add(
            "document.duplicate_key",
            where="",
            message=f"A field is written twice{_place(error)}.",
            hint="Keep one of the two.",
        )
    except YAMLError as error:
        problem = getattr(error, "problem", None) or "it cannot be read"
        report.add(
            "document.syntax",
            where="",
            message=f"Neither JSON nor YAML: {problem}{_place(error)}.",
            hint="Mend that place; indentation and quotation marks are the usual cause.",
        )
    except (RecursionError, OverflowError):
        _too_deep(report)
    except (ValueError, TypeError, AttributeError, LookupError, NotImplementedError, AssertionError) as error:
        report.add(
            "document.syntax",
            where="",
            message=f"Not readable as YAML: {str(error)[:120]}.",
            hint="Write it as JSON, or mend the place.",
        )
    return None


class Countdown:
    """How many values may still be made; aliases that refer to aliases would otherwise grow without end."""

    def __init__(self, left: int) -> None:
        self.left = left

    def one(self) -> None:
        """Count one value."""
        self.left -= 1
        if self.left < 0:
            raise OverflowError


def _plain(value: Any, count: Countdown) -> Any:
    """YAML's mappings may have keys that are no text; JSON's may not."""
    count.one()
    if isinstance(value, dict):
        return {_key(key): _plain(inner, count) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, count) for inner in value]
    return value


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    return json.dumps(key) if key is None or isinstance(key, bool | int | float) else str(key)


def _place(error: Exception) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        return f" at line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
    return ""
