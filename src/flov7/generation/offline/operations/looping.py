"""Loops: over a list that a step gave, or that is read first."""

from __future__ import annotations

from dataclasses import replace

from flov7.generation.offline import lexicon
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.operations.asking import Asking
from flov7.generation.offline.operations.phrases import Thing
from flov7.generation.offline.operations.placing import place_test
from flov7.generation.offline.operations.resolve import stems
from flov7.generation.offline.operations.scene import Frame, Primitive, Result, Scene
from flov7.generation.offline.operations.tests import comparison, field, logic
from flov7.generation.offline.operations.vocabulary import Operation, Vocabulary
from flov7.generation.offline.slots import singular
from flov7.generation.offline.words import Word, closed, find, snake

THEM = closed("it them these those this that each one ones all every item items")
_WHICH = ("that", "which", "whose", "where", "if", "who")


class Loops:
    """Opens loops in the scene."""

    def __init__(self, desk: Desk, vocabulary: Vocabulary, scene: Scene, asking: Asking) -> None:
        self._desk = desk
        self._vocabulary = vocabulary
        self._scene = scene
        self._asking = asking

    def over_all(self, thing: Thing, found: Operation) -> None:
        """`delete all files`: for each of the list."""
        listed = self._asking.plain("retrieve", thing.words, self._scene, named={found.connector: 1.0})
        if listed is None:
            return
        self.over(replace(thing, around=()), named={found.connector: 1.0})
        self.only_those(thing.relative)

    def only_those(self, words: tuple[Word, ...]) -> None:
        """`that belong to a given user`, `whose amount is over 100`: a condition on the item."""
        owned = find(words, "belong to", "belongs to", "owned by", "belonging to")
        if owned and owned[1] < len(words):
            owner = field(words[owned[1] :]).removeprefix("given_").removeprefix("specific_")
            place_test(self._scene, f"{self.item()}.owned_by == {owner or 'user'}", desk=self._desk)
            return
        if not words or words[0].low not in _WHICH:
            return
        rest = words[1:]
        read = comparison(rest) or comparison([Word("it", "it", "it", "word", 0), *rest])
        if read is not None:
            name = field([word for word in read.subject if word.low != "it"])
            path = f"{self.item()}.{name}" if name else self.item()
            place_test(self._scene, logic(path, sign=read.sign, value=read.value), desk=self._desk)

    def item(self) -> str:
        """The name of the innermost loop's item."""
        return next((frame.noun for frame in reversed(self._scene.frames) if frame.kind == "loop"), "item")

    def over(self, thing: Thing, *, named: dict[str, float], fresh: bool = False) -> None:
        """Opens a loop over what the words name, and reads the list first where nothing has it yet."""
        known = self._known(thing)
        if known is not None:
            if fresh or self._scene.frames[-1].kind in ("then", "else"):
                self._scene.back_to(known.frames)
            self.open(known)
            return
        if fresh and not self._scene.speaks_of_inside(thing.all_words):
            self._scene.leave("then", "else", "loop")
        operation = self._asking.listing(thing, self._scene, named=named)
        if operation is None:
            self.open(self._unknown(thing))
            return
        self.call(operation, thing, many=True)
        self.open(self._scene.results[-1])

    def call(self, operation: Operation, thing: Thing, *, many: bool) -> None:
        """Puts an operation where one is."""
        name = self._desk.name(operation.noun)
        made: Primitive = {"type": "action", "kind": operation.name, "name": name}
        self._scene.put({**made, **self._asking.settings(operation, name, thing)})
        self._scene.give(name, noun=operation.noun, many=many, operation=operation)
        self._scene.near(operation.connector)

    def open(self, listed: Result) -> None:
        """A loop over a result; one that stands there already is gone on with."""
        for one in listed.frames[-1].items:
            if one.get("kind") == "loop" and one.get("over") == listed.name and one["name"] in self._scene.standing:
                self._scene.back_to([*listed.frames, Frame("loop", one["do"], str(one["as"]))])
                return
        noun = singular(listed.noun.split("_")[-1]) or "item"
        chosen = self._desk.name(noun if noun != listed.name else f"{noun}_item")
        body: list[Primitive] = []
        loop: Primitive = {"type": "condition", "kind": "loop", "name": self._desk.name(f"each_{noun}"),
                           "over": listed.name, "as": chosen, "do": body}  # fmt: skip
        self._scene.put(loop)
        self._scene.open_loop(body, noun=chosen, name=chosen, operation=listed.operation)

    def _known(self, thing: Thing) -> Result | None:
        main = stems(thing.words, self._vocabulary)
        lists = [one for one in reversed(self._scene.results) if one.many]
        lows = {word.low for word in thing.words}
        if lists and (not main or lows <= THEM | lexicon.DETERMINERS):
            return lists[0]
        for one in lists:
            if any(term in one.stems or _begins(term, one.stems) for term in main[-1:]):
                return one
        return None

    def _unknown(self, thing: Thing) -> Result:
        named = [word for word in thing.words if word.low not in lexicon.DETERMINERS]
        noun = snake(named[-1:] or "items")
        path = self._desk.ask(f"each_{noun}.over", f"Where is the list of {noun}?", [f"trigger.payload.{noun}"])
        return Result(path, noun, True, tuple(self._scene.frames))


def _begins(term: str, known: frozenset[str]) -> bool:
    return len(term) >= 4 and any(one.startswith(term) for one in known)
