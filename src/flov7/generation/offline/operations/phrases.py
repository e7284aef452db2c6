"""A step's words as verb, things, and what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flov7.generation.offline import lexicon
from flov7.generation.offline.operations.pieces import VERBS
from flov7.generation.offline.words import Word, begins, closed, number

_LISTED = closed("list set lists number copy details information contents collection content bunch group kind type")
_PARTICLES = closed("me us in up out off down back over")
_RELATIVE = closed("that which who whose where so accessible containing belonging based named called titled if when because "
                   "while until whether describing regarding about")  # fmt: skip
_PLACES = closed("in into to on onto from within inside at for with using via through by of under over between across "
                 "without as after before against during per")  # fmt: skip
_MANY = closed("all every each any")


@dataclass(frozen=True, slots=True)
class Around:
    """A preposition with what follows it; `new` where that shall be made."""

    link: str
    words: tuple[Word, ...]

    @property
    def new(self) -> bool:
        """`to a new folder`."""
        return any(word.low == "new" for word in self.words[:3])


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that a step works on: its words, what stands around, how many, and `each` where it is done for all."""

    words: tuple[Word, ...]
    around: tuple[Around, ...] = ()
    relative: tuple[Word, ...] = ()
    count: int = 1
    each: bool = False

    @property
    def all_words(self) -> tuple[Word, ...]:
        """Its words with those around it."""
        return (*self.words, *(word for one in self.around for word in one.words))


@dataclass(frozen=True, slots=True)
class Deed:
    """A verb and its things."""

    verb: str
    things: tuple[Thing, ...]
    words: tuple[Word, ...]


def deed(words: Sequence[Word]) -> Deed:
    """Reads a step's words; a step without a verb has the verb ``."""
    plain = [word for word in words if word.low not in ("please", "also", "too", "just", "then")]
    if not plain:
        return Deed("", (), tuple(words))
    has_verb = plain[0].low in VERBS
    verb, rest = (plain[0].low, plain[1:]) if has_verb else ("", plain)
    if verb == "make" and begins(rest, "sure", "use"):
        verb = ""
    if verb in ("search", "look", "check", "ask", "wait") and len(rest) > 1 and rest[0].low == "for":
        rest = rest[1:]
    while rest and rest[0].low in _PARTICLES and len(rest) > 1 and (verb or rest[0].low in ("me", "us")):
        if rest[0].low in ("in", "on") and rest[1].sort == "word" and rest[1].low in lexicon.DETERMINERS:
            break
        rest = rest[1:]
    return Deed(verb, tuple(things(rest)), tuple(words))


def things(words: Sequence[Word]) -> list[Thing]:
    """The things that words name, joined by `and` or commas."""
    found: list[Thing] = []
    for part in _joined(words):
        thing = _thing(part)
        if thing.words or thing.around:
            found.append(thing)
    return found


def _joined(words: Sequence[Word]) -> list[list[Word]]:
    """Cut where things are joined: `a, b and also c`."""
    found: list[list[Word]] = [[]]
    at = 0
    while at < len(words):
        link = begins(
            words[at:], "and also", "as well as", "along with", "and then", "and", "plus", "together with", "or"
        )
        if words[at].sort == "mark" or link:
            found.append([])
            at += link or 1
            continue
        found[-1].append(words[at])
        at += 1
    return [part for part in found if part]


def _thing(words: Sequence[Word]) -> Thing:
    head: list[Word] = []
    around: list[list[Word]] = []
    relative: list[Word] = []
    for at, word in enumerate(words):
        if word.low in _RELATIVE and (head or around) and not (word.low == "about" and not head):
            relative = list(words[at:])
            break
        if word.low in _PLACES and word.sort == "word":
            around.append([word])
        elif around:
            around[-1].append(word)
        else:
            head.append(word)
    places = tuple(Around(one[0].low, tuple(one[1:])) for one in around if len(one) > 1)
    if head and head[-1].low in ("one",) and len(head) == 1:
        return Thing((), places, tuple(relative), 1)
    if not [w for w in head if w.low not in lexicon.DETERMINERS] and places and places[0].link == "of":
        many = any(word.low in _MANY for word in head)
        return replace(_counted(places[0].words, places[1:], relative), each=many)
    if head and head[-1].low in _LISTED and places and places[0].link in ("of", "about", "on"):
        return _counted(places[0].words, places[1:], relative)
    if not head and places:
        return _counted(places[0].words, places[1:], relative)
    return _counted(head, places, relative)


def _counted(head: Sequence[Word], around: Sequence[Around], relative: Sequence[Word]) -> Thing:
    """`two new leads` is done twice."""
    count, kept = 1, list(head)
    for at, word in enumerate(kept[:2]):
        value = number(word)
        if isinstance(value, int) and 1 < value <= 10 and at + 1 < len(kept):
            count = value
            kept.pop(at)
            break
    if kept and kept[-1].low == "twice":
        count, kept = 2, kept[:-1]
    each = any(word.low in ("each", "every") for word in kept)
    return Thing(tuple(kept), tuple(around), tuple(relative), count, each)


def is_all(thing: Thing) -> bool:
    """`all box files`: every one of them is meant."""
    return thing.each or any(word.low in _MANY for word in thing.words)
