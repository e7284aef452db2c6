"""A payload that a plan can run with: every path that it reads of its payload, with a value that fits its use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flov7.language.plan import Block, FromLoop, FromPayload, Node, Plan, Template

_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_TEST = re.compile(r"([A-Za-z_][\w.]*)\s*(>=|<=|==|!=|>|<)\s*(-?\d+(?:\.\d+)?|'[^']*'|\"[^\"]*\"|true|false|null)")
_WORDS: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("email", "mail"), "ada@example.com"),
    (("name",), "Ada"),
    (("total", "amount", "price", "sum", "count", "quantity", "number"), 42),
    (("url", "link"), "https://example.com"),
    (("date", "at", "time"), "2026-01-02T03:04:05Z"),
)


def sample(plan: Plan, *, trigger: str) -> Any:
    """An object for the trigger's list; what nothing reads is not in it."""
    part = plan.part_of(trigger)
    made = _Sample()
    if part is not None:
        for template in _templates(part.block):
            made.read(template)
        for node in _nodes(part.block):
            made.read_list(node)
    return _fitting(made.body, plan.inputs or {})


def _fitting(body: Any, schema: dict[str, Any]) -> Any:
    """The value with what a schema asks for besides: needed members, and the right type of each."""
    match schema.get("type"):
        case "object":
            kept: dict[str, Any] = body if isinstance(body, dict) else {"id": "A-1"} if body is not None else {}
            properties: dict[str, Any] = schema.get("properties", {})
            wanted = {name: kept.get(name) for name in schema.get("required", []) if name not in kept}
            return {name: _fitting(value, properties.get(name, {})) for name, value in {**kept, **wanted}.items()}
        case "array":
            return body if isinstance(body, list) else [_fitting(body, schema.get("items", {}))]
        case "integer" | "number":
            return body if isinstance(body, int | float) else 42
        case "boolean":
            return body if isinstance(body, bool) else True
        case "string":
            return body if isinstance(body, str) else str(body or "some text")
        case _:
            return body


class _Sample:
    def __init__(self) -> None:
        self.body: dict[str, Any] = {}

    def read(self, template: Template) -> None:
        """Put in every payload path of a template."""
        roots = {name: one for name, one in template.bindings.items() if isinstance(one, FromPayload)}
        for text in _texts(template.tree):
            wanted = {path: _satisfying(sign, value) for path, sign, value in _TEST.findall(text)}
            for path in _PATH.findall(text):
                root, _, rest = path.partition(".")
                if root in roots:
                    self._put(roots[root].field, rest, wanted.get(path))

    def read_list(self, node: Node) -> None:
        """Make what a loop goes over a list of two, whose items have what the loop reads of them."""
        if node.loop is None or node.loop.form != "over":
            return
        paths = _PATH.findall(
            str(node.loop.test.tree if isinstance(node.loop.test.tree, str) else _first(node.loop.test))
        )
        binding = node.loop.test.bindings.get(paths[0].partition(".")[0]) if paths else None
        if not isinstance(binding, FromPayload):
            return
        item = _Sample()
        for template in _templates(node.blocks["do"]):
            roots = {name for name, one in template.bindings.items() if isinstance(one, FromLoop) and not one.index}
            for text in _texts(template.tree):
                for path in _PATH.findall(text):
                    root, _, rest = path.partition(".")
                    if root in roots and rest:
                        item._put(None, rest, None)
        _set(self.body, paths[0].split("."), [item.body, _another(item.body)] if item.body else ["one", "two"])

    def _put(self, field: str | None, rest: str, value: Any) -> None:
        path = [*([field] if field else []), *(rest.split(".") if rest else [])]
        if path:
            _set(self.body, path, _guess(path[-1]) if value is None else value, keep=value is None)


def _another(value: Any) -> Any:
    """A second item that nobody takes for the first."""
    match value:
        case bool():
            return value
        case int() | float():
            return value + 1
        case str():
            return (
                value if value.startswith("http") else value.replace("ada@", "bob@") if "@" in value else f"{value} 2"
            )
        case dict():
            return {name: _another(one) for name, one in value.items()}
        case _:
            return value


def _set(body: dict[str, Any], path: list[str], value: Any, *, keep: bool = False) -> None:
    for name in path[:-1]:
        inner = body.get(name)
        if not isinstance(inner, dict):
            inner = body[name] = {}
        body = inner
    if not (keep and path[-1] in body):
        body[path[-1]] = value


def _guess(name: str) -> Any:
    return next((value for words, value in _WORDS if any(word in name.lower() for word in words)), f"some {name}")


def _satisfying(sign: str, text: str) -> Any:
    """A value for which the comparison holds."""
    if text[0] in "'\"":
        return text[1:-1] if sign in ("==", ">=", "<=") else f"not {text[1:-1]}"
    if text in ("true", "false", "null"):
        return (text == "true") == (sign == "==")
    number = float(text) if "." in text else int(text)
    return {">": number * 2 + 1, "<": number - 1, "!=": number + 1}.get(sign, number)


def _templates(block: Block) -> Iterator[Template]:
    for node in _nodes(block):
        yield node.inputs
        if node.when is not None:
            yield node.when
        if node.loop is not None:
            yield node.loop.test


def _nodes(block: Block) -> Iterator[Node]:
    for node in block.nodes:
        yield node
        for inner in node.blocks.values():
            yield from _nodes(inner)


def _texts(tree: Any) -> Iterator[str]:
    match tree:
        case str():
            yield tree
        case list():
            for one in tree:
                yield from _texts(one)
        case dict():
            for name, one in tree.items():
                yield str(name)
                yield from _texts(one)
        case _:
            return


def _first(template: Template) -> str:
    return next(_texts(template.tree), "")
