"""Reads the expressions and templates of a primitive's inputs and binds their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flov7.language.analysis import Analysis
from flov7.language.diagnostics import pointer
from flov7.language.expressions import ExpressionError, Reference, parse, parse_template
from flov7.language.outline import Path, Place
from flov7.language.plan import Binding, Template
from flov7.language.scope import Scope

EXPRESSION = "expression"
DEFERRED = "deferred"
DEFERRED_KEYS = "deferred-keys"
DEFERRED_TEXT = "deferred-text"


@dataclass(frozen=True, slots=True)
class Mark:
    """How one text is read, and the names that the kind itself brings to it."""

    how: str
    names: tuple[str, ...] = ()


Resolver = Callable[[Iterable[Reference], str, tuple[str, ...]], dict[str, Binding]]


class TemplateReader:
    """Turns JSON trees with text in them into plan templates, noting every expression that cannot be read."""

    def __init__(self, analysis: Analysis, scope: Scope) -> None:
        self._analysis = analysis
        self._scope = scope

    def expression(self, source: Any, *, place: Place | None, where: str) -> Template:
        """One expression, with or without braces; a literal true or false is one too."""
        text = (
            source
            if isinstance(source, str)
            else ("true" if source is True else "false" if source is False else "null")
        )
        return self._read(text, {"": Mark(EXPRESSION)}, lambda _: where, self._of_place(place))

    def of_trigger(self, source: Any, *, where: str) -> Template:
        """One expression of a trigger, which sees the event alone."""
        return self._read(
            source, {"": Mark(EXPRESSION)}, lambda _: where, lambda refs, at, _: self._scope.of_trigger(refs, where=at)
        )

    def value(self, tree: Any, *, place: Place | None, where: str) -> Template:
        """A JSON tree whose texts are templates."""
        return self._read(tree, {}, lambda path: where + pointer(*path), self._of_place(place))

    def inputs(
        self,
        tree: dict[str, Any],
        schema: dict[str, Any],
        *,
        place: Place,
        locate: Callable[[Path], str],
        values: tuple[str, ...] = (),
    ) -> Template:
        """A kind's inputs, read as its schema marks them; `locate` gives the pointer of a path in the tree."""
        marks = dict(find_marks(tree, schema))
        for key in tree.get("template_body", {}):
            marks[pointer("template_body", key)] = Mark(DEFERRED_TEXT, values)
        return self._read(tree, marks, locate, self._of_place(place))

    def _of_place(self, place: Place | None) -> Resolver:
        return lambda refs, where, names: self._scope.resolve(refs, place=place, where=where, local=names)

    def _read(self, tree: Any, marks: dict[str, Mark], locate: Callable[[Path], str], resolve: Resolver) -> Template:
        bindings: dict[str, Binding] = {}
        for path, text, mark in texts(tree, marks):
            where = locate(path)
            try:
                references = self._references(text, mark)
            except ExpressionError as error:
                message = f"`{text if len(text) <= 60 else text[:57] + '…'}`: {error.message.rstrip('.')}."
                hint = error.hint or "Write a comparison or a path, like order.total > 100."
                self._analysis.report.add("expression.invalid", where=where, message=message, hint=hint)
                continue
            if references:
                bindings.update(resolve(references, where, mark.names if mark else ()))
        return Template(tree=tree, marks={at: mark.how for at, mark in sorted(marks.items())}, bindings=bindings)

    def _references(self, text: str, mark: Mark | None) -> tuple[Reference, ...]:
        if mark is not None and mark.how != DEFERRED_TEXT:
            return parse(text).references
        return parse_template(text).references if "{{" in text else ()


def texts(tree: Any, marks: dict[str, Mark]) -> Iterator[tuple[Path, str, Mark | None]]:
    """Every text of a tree with its path and mark; of an object with deferred keys, the keys too."""
    stack: list[tuple[Path, Any]] = [((), tree)]
    while stack:
        path, value = stack.pop()
        mark = marks.get(pointer(*path))
        if isinstance(value, str):
            yield path, value, mark
        elif isinstance(value, dict):
            if mark is not None and mark.how == DEFERRED_KEYS:
                yield from ((path, key, Mark(EXPRESSION, mark.names)) for key in value)
            stack.extend(((*path, key), inner) for key, inner in reversed(value.items()))
        elif isinstance(value, list):
            stack.extend(((*path, index), inner) for index, inner in reversed(list(enumerate(value))))
        elif isinstance(value, bool) and mark is not None:
            continue


def find_marks(tree: Any, schema: dict[str, Any]) -> Iterator[tuple[str, Mark]]:
    """The marks that a schema puts on the values of a tree, by JSON pointer."""
    stack: list[tuple[Path, Any, dict[str, Any]]] = [((), tree, schema)]
    root = schema
    while stack:
        path, value, here = stack.pop()
        for one in _branches(here, root):
            mark = _mark(one)
            if mark is not None and (isinstance(value, str) or mark.how == DEFERRED_KEYS):
                yield pointer(*path), mark
            if isinstance(value, dict):
                known = one.get("properties", {})
                other = one.get("additionalProperties")
                for key, inner in value.items():
                    below = known.get(key, other)
                    if isinstance(below, dict):
                        stack.append(((*path, key), inner, below))
            elif isinstance(value, list) and isinstance(one.get("items"), dict):
                stack.extend(((*path, index), inner, one["items"]) for index, inner in enumerate(value))


def _mark(schema: dict[str, Any]) -> Mark | None:
    names = tuple(schema.get("x-deferred", ()))
    if schema.get("x-deferred-keys"):
        return Mark(DEFERRED_KEYS, names)
    if "x-deferred-text" in schema:
        return Mark(DEFERRED_TEXT, tuple(schema["x-deferred-text"]))
    if "x-deferred" in schema:
        return Mark(DEFERRED, names)
    return Mark(EXPRESSION) if schema.get("x-expression") else None


def _branches(schema: dict[str, Any], root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema itself and what it refers to or offers as alternatives."""
    stack, seen = [schema], set[int]()
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        reference = here.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/$defs/"):
            stack.append(root["$defs"][reference.removeprefix("#/$defs/")])
        for word in ("anyOf", "oneOf", "allOf"):
            stack.extend(one for one in here.get(word, ()) if isinstance(one, dict))
