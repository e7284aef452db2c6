"""YAML and JSON texts of tables and documents: fast, without surprises, and bounded before anything walks them."""

from __future__ import annotations

import re
from typing import Any

import yaml

from flov7.kit import json
from flov7.kit.errors import Invalid, TooLarge

LARGEST_TEXT = 40 * 1024 * 1024
MOST_NODES = 3_000_000
DEEPEST = 150


class _Loader(yaml.CSafeLoader):
    """YAML without its old surprises: `no` and `2024-01-01` are texts, a key twice is an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.MarkedYAMLError(problem=f"the key `{key.value}` stands twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)


_KEPT = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in _KEPT]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_BOOLEAN, _INTEGER = re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), re.compile("^-?(?:0|[1-9][0-9]*)$")
_FLOAT = re.compile(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$")
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLEAN, list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-0123456789"))


def read_text(text: str | bytes, *, what: str) -> Any:
    """The value of a JSON or YAML text. Raises Invalid with the place, TooLarge."""
    if len(text) > LARGEST_TEXT:
        raise TooLarge(f"{what} is larger than {LARGEST_TEXT // 1024 // 1024} MB.", hint="Take out what is not needed.")
    start = text[:200].lstrip()[:1]
    if start in ("{", b"{", "[", b"["):
        try:
            return bounded(json.loads(text), what=what)
        except Invalid:
            if start in ("[", b"["):
                raise
    try:
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader of our own
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise Invalid(
            f"{what} is neither JSON nor YAML: {error.problem}{place}.", code="document.unreadable"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Invalid(f"{what} is neither JSON nor YAML: {error}.", code="document.unreadable") from error
    return bounded(value, what=what)


def bounded(value: Any, *, what: str) -> Any:
    """The value, where it is no more than can be worked with; aliases count as often as they are named."""
    stack: list[tuple[Any, int]] = [(value, 0)]
    nodes = 0
    while stack:
        here, depth = stack.pop()
        nodes += 1
        if nodes > MOST_NODES or depth > DEEPEST:
            why = "deeper" if depth > DEEPEST else "larger"
            raise TooLarge(f"{what} is {why} than can be read.", hint="Split it, or take out what is not needed.")
        if isinstance(here, dict):
            stack.extend((inner, depth + 1) for inner in here.values())
        elif isinstance(here, list):
            stack.extend((inner, depth + 1) for inner in here)
    return value
