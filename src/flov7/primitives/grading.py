"""How complete a kind is: documented, typed, tested, its effect declared, safe to repeat, with sentences that ask for it.

A grade looks at what is there; it runs exchanges of connectors, and nothing that reaches outside.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flov7.kit.errors import FlowError, NotFound
from flov7.language.catalogue import KindSpec, Lowering
from flov7.language.effects import Effect
from flov7.primitives.connectors import builtin
from flov7.primitives.connectors.exchanges import Exchanges, exchanges_of, played
from flov7.primitives.registry import registry

_ENOUGH = 60
"""Letters from which a text counts as one that explains something."""
_TESTS = Path("tests/primitives")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One thing that a kind should have: `ok` is None where it cannot be seen from here, or does not apply."""

    name: str
    ok: bool | None
    words: str


@dataclass(frozen=True, kw_only=True)
class Grade:
    """All marks of a kind."""

    key: str
    marks: tuple[Mark, ...]

    @property
    def missing(self) -> tuple[Mark, ...]:
        """What is not there."""
        return tuple(mark for mark in self.marks if mark.ok is False)

    @property
    def letter(self) -> str:
        """A where nothing is missing, B for one thing, C for two, D for more."""
        return "ABCD"[min(len(self.missing), 3)]


def graded(name: str | None = None) -> list[Grade]:
    """The grades of one kind, of one connector's operations, or of every kind. Raises NotFound."""
    catalogue = registry().catalogue()
    if name is None:
        return [_of_kind(spec) for spec in catalogue.kinds.values() if spec.built]
    shelf = builtin.shelves().get(name.split(".", 1)[0])
    if shelf is not None and name in (shelf.name, *(entry.name for entry in shelf.entries())):
        names = [entry.name for entry in shelf.entries() if name in (shelf.name, entry.name)]
        found = [shelf.get(one) for one in names]
        return [_of_operation(spec) for spec in found if spec is not None]
    specs = [spec for spec in catalogue.kinds.values() if spec.built and name in (spec.name, spec.key)]
    if not specs:
        raise NotFound(f"There is no kind or connector {name}.", hint="`flov7 kinds` lists the kinds.")
    return [_of_kind(spec) for spec in specs]


def _of_kind(spec: KindSpec) -> Grade:
    runner = registry().runner(spec.type.value, spec.name)
    described = len(runner.docs) >= _ENOUGH and bool(spec.summary)
    tested = _mentioned(spec)
    return Grade(
        key=spec.key,
        marks=(
            Mark(name="documented", ok=described, words="Its docstring says what it does, and when to choose it."),
            *_typed(spec),
            Mark(name="tested", ok=tested, words="A test below tests/primitives names it."),
            *_effects(spec),
            Mark(name="sentences", ok=len(spec.examples) >= 2, words="At least two sentences that ask for it."),
        ),
    )


def _of_operation(spec: KindSpec) -> Grade:
    connector, _, operation = spec.name.partition(".")
    wrong = _wrong(connector, operation)
    words = "; ".join(wrong) if wrong else "Every exchange makes the request that its vendor's page says."
    return Grade(
        key=spec.key,
        marks=(
            Mark(name="documented", ok=bool(spec.summary), words="It says what it does."),
            *_typed(spec),
            Mark(name="tested", ok=not wrong, words=words),
            Mark(name="compared", ok=_is_compared(connector), words=_compared(connector)),
            Mark(name="tried", ok=None, words="It was not tried on the service itself, which needs an account there."),
            *_effects(spec),
            Mark(name="sentences", ok=bool(spec.examples), words="A sentence that asks for it."),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How a connector that ships was checked: its exchanges, and what it was held against besides (may be empty)."""

    connector: str
    operations: int
    date: str
    against: str
    wrong: tuple[str, ...]


def compared() -> list[Compared]:
    """Every connector that ships. Plays all exchanges, without a network."""
    found: list[Compared] = []
    for name, shelf in builtin.shelves().items():
        shown = _shown(name)
        names = list(shelf.connector.operations)
        wrong = tuple(f"{one}: {words}" for one in names for words in _wrong(name, one))
        date, against = ("", "") if isinstance(shown, str) else (shown.date, shown.against)
        found.append(Compared(connector=name, operations=len(names), date=date, against=against, wrong=wrong))
    return found


def _is_compared(connector: str) -> bool | None:
    """None for a connector that does not ship with exchanges of its own."""
    shown = _shown(connector)
    return None if isinstance(shown, str) else bool(shown.against)


def _compared(connector: str) -> str:
    shown = _shown(connector)
    if not isinstance(shown, str) and shown.against:
        return f"Held against {shown.against}, on {shown.date}."
    return "Nothing that its vendor publishes for programs was compared with it; only the page that it cites."


def _typed(spec: KindSpec) -> Iterator[Mark]:
    properties = spec.inputs.get("properties", {})
    bare = [name for name, one in properties.items() if not one.get("description") and not one.get("x-internal")]
    words = f"Say what these are: {', '.join(bare)}." if bare else "Every field says what it is."
    yield Mark(name="typed", ok=not bare, words=words)


def _effects(spec: KindSpec) -> Iterator[Mark]:
    if spec.lowering is not Lowering.CALL:
        yield Mark(name="effect", ok=None, words="It touches nothing outside.")
        return
    declared = spec.effect is not Effect.PURE
    yield Mark(name="effect", ok=declared, words="It says what it may do to the world.")
    plain = isinstance(spec.effect, Effect)
    safe = bool(spec.takes_key) or (spec.effect.repeatable if isinstance(spec.effect, Effect) else True)
    words = "A repeat is safe, or its receiver knows a repetition by its key."
    if not safe:
        words = "A repeat could do it twice, and the receiver takes no key; then a person is asked."
    yield Mark(name="retry_safe", ok=True if safe else None if plain else False, words=words)


def _mentioned(spec: KindSpec) -> bool | None:
    """Whether tests name a kind; None where there are no tests at hand."""
    text = _tests()
    if text is None:
        return None
    folder = r"(?:actions|conditions|connections|data|triggers)"
    return (
        re.search(rf"""["'`/.]{re.escape(spec.name)}["'`:,)]|{folder}[./]{re.escape(spec.name)}\b""", text) is not None
    )


@cache
def _tests() -> str | None:
    if not _TESTS.is_dir():
        return None
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(_TESTS.rglob("test_*.py")))


@cache
def _shown(connector: str) -> Exchanges | str:
    try:
        return exchanges_of(connector)
    except FlowError as error:
        return error.message


def _wrong(connector: str, operation: str) -> list[str]:
    shown = _shown(connector)
    if isinstance(shown, str):
        return [shown]
    mine = [one for one in shown.exchanges if one.op == operation]
    if not mine:
        return ["It has no exchange."]
    table = builtin.shelves()[connector].connector

    async def play() -> list[str]:
        return [words for one in mine for words in await played(table, one, shown)]

    return asyncio.run(play())
