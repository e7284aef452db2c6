"""Where one is while a request is read: the open lists, what steps have given, which services were spoken of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from flov7.generation.offline import lexicon
from flov7.generation.offline.operations.vocabulary import Operation, terms
from flov7.generation.offline.slots import plural, singular
from flov7.generation.offline.words import Word, stem

Primitive = dict[str, Any]
Opened = Literal["root", "then", "else", "loop"]
_FADES = 0.8
_PRONOUNS = frozenset(["it", "its", "them", "their", "this", "that", "these", "those", "him", "her", "his"])


@dataclass
class Frame:
    """A list that steps are put into; `noun` is a loop's item."""

    kind: Opened
    items: list[Primitive]
    noun: str = ""


@dataclass
class Result:
    """What a step gave, under its name; `many` where it is a list; `frame` is where it stands."""

    name: str
    noun: str
    many: bool
    frames: tuple[Frame, ...]
    operation: Operation | None = None
    item: bool = False
    approval: bool = False

    @property
    def stems(self) -> frozenset[str]:
        """What it may be called."""
        own = {stem(part) for part in self.noun.split("_")[-1:]}
        if self.operation is not None:
            own |= {word for words in self.operation.objects if len(words) == 1 for word in words}
        return frozenset(own | {stem(self.name)})


@dataclass
class Scene:
    """Changes while a request is read from left to right."""

    frames: list[Frame]
    results: list[Result] = field(default_factory=list[Result])
    context: dict[str, float] = field(default_factory=dict[str, float])
    choice: tuple[Primitive, tuple[Frame, ...]] | None = None
    standing: frozenset[str] = frozenset()
    """Names of the primitives that a document had before."""

    @property
    def here(self) -> list[Primitive]:
        """The list that is open."""
        return self.frames[-1].items

    def put(self, primitive: Primitive) -> None:
        """Adds a step where one is."""
        self.here.append(primitive)

    def give(
        self, name: str, *, noun: str, many: bool, operation: Operation | None = None, approval: bool = False
    ) -> None:
        """Something can be spoken of from here on."""
        self.results.append(Result(name, noun, many, tuple(self.frames), operation, approval=approval))

    def open_loop(self, items: list[Primitive], *, noun: str, name: str, operation: Operation | None) -> None:
        """Enters a loop's list."""
        self.frames.append(Frame("loop", items, noun))
        one = singular(noun.split("_")[-1])
        self.results.append(Result(name, one, False, tuple(self.frames), operation, item=True))

    def leave(self, *kinds: Opened) -> None:
        """Leaves the innermost lists of these kinds."""
        while self.frames[-1].kind in kinds and len(self.frames) > 1:
            self.frames.pop()

    def back_to(self, frames: Sequence[Frame]) -> None:
        """Goes back to the list where something stands, where one is inside of it or beside it."""
        self.frames = list(frames)

    def near(self, connector: str, *, named: bool = True) -> None:
        """A service was used or spoken of."""
        self.context = {name: round(share * _FADES, 3) for name, share in self.context.items()}
        self.context[connector] = 1.0 if named else max(0.6, self.context.get(connector, 0.0))

    def sees(self, result: Result) -> bool:
        """Whether a result can be read where one is."""
        open_lists = {id(frame.items) for frame in self.frames}
        return id(result.frames[-1].items) in open_lists

    def visible(self) -> list[Result]:
        """What can be read here, the latest first."""
        return [one for one in reversed(self.results) if self.sees(one)]

    def speaks_of_inside(self, words: Sequence[Word]) -> bool:
        """Whether words speak of a loop's item, or of what was made inside of the loop."""
        loop = next((frame for frame in reversed(self.frames) if frame.kind == "loop"), None)
        if loop is None:
            return False
        lows = {word.low for word in words}
        if lows & _PRONOUNS:
            return True
        said = {word.stem for word in words if word.low not in lexicon.DETERMINERS}
        plurals = {word.low for word in words}
        for one in self.results:
            inside = any(frame is loop for frame in one.frames)
            if inside and (one.stems & said) and not (one.item and plural(one.noun) in plurals):
                return True
        return False


def stems_of(words: Sequence[Word]) -> list[str]:
    """The stems of the words that name something."""
    return [
        term
        for word in words
        if word.sort in ("word", "path") and word.low not in lexicon.DETERMINERS
        for term in terms(word.low)
    ]
