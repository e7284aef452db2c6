"""Text and JSON with expressions in them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from flov7.language.expressions.budget import MAX_DEPTH, MAX_HOLES, MAX_TEXT, Budget
from flov7.language.expressions.clock import Clock
from flov7.language.expressions.errors import ExpressionError
from flov7.language.expressions.expression import Expression, from_tokens
from flov7.language.expressions.paths import Reference
from flov7.language.expressions.tokens import tokenize
from flov7.language.expressions.values import Frame, Json, Scope, to_text

Part: TypeAlias = str | tuple[Expression, int]
"""A piece of plain text, or an expression and where its braces begin."""


class Template:
    """Text with `{{ … }}` in it. One expression alone keeps its value's type. Immutable.

    Two are equal when their canonical text is.
    """

    __slots__ = ("_parts", "is_literal", "is_whole", "references", "source")

    source: str
    references: tuple[Reference, ...]
    is_literal: bool
    is_whole: bool

    def __init__(self, parts: tuple[Part, ...]) -> None:
        holes = [part for part in parts if not isinstance(part, str)]
        around = "".join(part for part in parts if isinstance(part, str))
        self.is_literal = not holes
        self.is_whole = len(holes) == 1 and not around.strip()
        self._parts = tuple(holes) if self.is_whole else parts
        self.source = "".join(part if isinstance(part, str) else f"{{{{ {part[0].source} }}}}" for part in self._parts)
        self.references = tuple(reference for expression, _ in holes for reference in expression.references)

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions in it, in the order of writing."""
        return tuple(part[0] for part in self._parts if not isinstance(part, str))

    def render(self, scope: Scope, /, *, clock: Clock | None = None, budget: Budget | None = None) -> Json:
        """The text with values in place; one expression alone gives its value, which may be null.

        Inside longer text, strings stand bare and all else as compact JSON; null is `expression.null`.
        """
        if self.is_literal:
            return self.source
        budget = budget or Budget()
        if self.is_whole:
            return self.expressions[0].evaluate(scope, clock=clock, budget=budget)
        frame = Frame(scope, slots=0, budget=budget, clock=clock)
        written: list[str] = []
        for part in self._parts:
            piece = part if isinstance(part, str) else _text_of(frame, part)
            budget.grow(len(piece))
            written.append(piece)
        return "".join(written)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Template({self.source!r})"


def _text_of(frame: Frame, part: tuple[Expression, int]) -> str:
    expression, offset = part
    value = expression.evaluate(frame.scope, clock=frame.clock, budget=frame.budget)
    if value is not None:
        return to_text(frame, value)
    raise ExpressionError(
        f"{expression.source} is null, and stands inside text",
        code="expression.null",
        hint=f'check the path, or give a default: {{{{ default({expression.source}, "…") }}}}',
        offset=offset,
    )


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template:
    """Read text with `{{ … }}` in it; offsets of references and errors are places in the text."""
    if len(text) > MAX_TEXT and "{{" in text:
        raise ExpressionError(f"text with expressions has at most {MAX_TEXT} characters", code="expression.budget")
    return Template(tuple(_parts(text)))


def _parts(text: str) -> Iterator[Part]:
    at = holes = 0
    while (start := text.find("{{", at)) >= 0:
        holes += 1
        if holes > MAX_HOLES:
            raise ExpressionError(
                f"one text holds at most {MAX_HOLES} expressions", code="expression.budget", offset=start
            )
        if start > at:
            yield text[at:start]
        tokens, at = tokenize(text, start=start + 2, in_braces=True)
        yield from_tokens(tokens, text=text), start
    if at < len(text):
        yield text[at:]


class ValueTemplate:
    """A JSON value whose texts, names of members included, may hold expressions. Immutable."""

    __slots__ = ("_value", "templates")

    templates: tuple[tuple[str, Template], ...]
    """Every text with expressions in it, by its JSON pointer; a member's name by the member's pointer."""

    def __init__(self, value: Json) -> None:
        found: list[tuple[str, Template]] = []
        self._value = _read(value, "", found, depth=0)
        self.templates = tuple(found)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The references of all texts; each offset counts within its own text."""
        return tuple(reference for _, template in self.templates for reference in template.references)

    @property
    def is_literal(self) -> bool:
        """Whether there is no expression anywhere in it."""
        return not self.templates

    @property
    def source(self) -> Json:
        """The value with every text in its canonical form."""
        return _unread(self._value)

    def render(self, scope: Scope, /, *, clock: Clock | None = None, budget: Budget | None = None) -> Json:
        """The value with values in place; errors carry the JSON pointer as `details["where"]`."""
        return _render(self._value, Frame(scope, slots=0, budget=budget or Budget(), clock=clock), "")


def parse_value(value: Json) -> ValueTemplate:
    """Read a JSON value whose texts may hold expressions; errors carry the pointer as `details["where"]`."""
    return ValueTemplate(value)


def _pointer(where: str, step: str | int) -> str:
    return f"{where}/{str(step).replace('~', '~0').replace('/', '~1')}"


def _read(value: Json, where: str, found: list[tuple[str, Template]], *, depth: int) -> Json:
    """The value with a Template for each text that holds expressions, and pairs for each object."""
    if depth > MAX_DEPTH:
        raise ExpressionError("this value is nested too deeply", code="expression.budget", details={"where": where})
    if isinstance(value, str) and "{{" in value:
        try:
            template = parse_template(value)
        except ExpressionError as problem:
            raise _located(problem, where) from None
        found.append((where, template))
        return template
    if isinstance(value, list):
        return [_read(item, _pointer(where, at), found, depth=depth + 1) for at, item in enumerate(value)]
    if isinstance(value, dict):
        return tuple(
            (
                _read(name, _pointer(where, name), found, depth=depth + 1),
                _read(item, _pointer(where, name), found, depth=depth + 1),
            )
            for name, item in value.items()
        )
    return value


def _located(problem: ExpressionError, where: str) -> ExpressionError:
    problem.details.setdefault("where", where)
    return problem


def _unread(value: Json) -> Json:
    if isinstance(value, Template):
        return value.source
    if isinstance(value, list):
        return [_unread(item) for item in value]
    if isinstance(value, tuple):
        return {_unread(name): _unread(item) for name, item in value}
    return value


def _render(value: Json, frame: Frame, where: str) -> Json:
    if isinstance(value, Template):
        try:
            return value.render(frame.scope, clock=frame.clock, budget=frame.budget)
        except ExpressionError as problem:
            raise _located(problem, where) from None
    if isinstance(value, list):
        return [_render(item, frame, _pointer(where, at)) for at, item in enumerate(value)]
    if isinstance(value, tuple):
        return _render_object(value, frame, where)
    return value


def _render_object(pairs: tuple[tuple[Json, Json], ...], frame: Frame, where: str) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for written, item in pairs:
        place = _pointer(where, written.source if isinstance(written, Template) else written)
        name = _render(written, frame, place)
        if not isinstance(name, str) or name in made:
            said = "comes twice" if isinstance(name, str) else "is not text"
            raise ExpressionError(f"the name of a member {said}", code="expression.type", details={"where": place})
        made[name] = _render(item, frame, place)
    return made
