"""What a noun in the sentence is in the data: `its amount`, `the buyer's address` become paths."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flov7.generation.offline import lexicon
from flov7.generation.offline.words import Word, snake

_DROP = lexicon.DETERMINERS | frozenset(
    ["following", "whole", "entire", "full", "complete", "own", "current", "corresponding", "same"]
)
_SELF = frozenset(["it", "they", "them", "this", "that", "he", "she", "him", "her"])
_RESULT = frozenset(["result", "results", "response", "answer", "output", "list", "data", "reply"])
_LISTS = (".items", ".values")
"""Results of operations that list: what lies in them lies in each item."""
RESERVED = frozenset([*keyword.kwlist, "trigger", "run", "error", "index", "true", "false", "null", "none"])
"""Words that no path of an expression may hold."""


@dataclass(frozen=True)
class Scope:
    """What nouns mean at one place of the document.

    `noun` is the thing in hand (what the trigger brought, or a loop's item) and `root` its path; an empty
    root means that its fields lie at the top of the payload, None that there is no such thing. `results` are
    the paths of earlier steps' outputs by noun, `last` the latest of them. `people` are persons that were named.
    `asker` is the way on which whoever started it hears an answer: `http`, `email`, `sms` or a chat's name; `judge` is the latest
    step at which a model was asked.
    """

    noun: str | None = None
    root: str | None = None
    results: dict[str, str] = field(default_factory=dict[str, str])
    last: str | None = None
    approval: str | None = None
    person: str | None = None
    asker: str | None = None
    judge: str | None = None

    def item(self, noun: str, *, root: str) -> Scope:
        """Inside a loop: the item is the thing in hand, what was in hand before keeps its name."""
        outer = {self.noun: self.root} if self.noun and self.root else {}
        before = {name: path for name, path in self.results.items() if "_" not in name}
        return replace(self, noun=noun, root=root, results={**before, **outer}, person=None)

    def after(self, path: str, *, noun: str | None) -> Scope:
        """With one more result."""
        named = {noun: path} if noun else {}
        return replace(self, results={**self.results, **named}, last=path)

    @property
    def base(self) -> str | None:
        """Where an unowned field is looked for."""
        return self.last if self.root is None else self.root

    @property
    def whole(self) -> str | None:
        """The whole of what is in hand, as an expression."""
        return "trigger.payload" if self.root == "" else self.root or self.last

    def join(self, *fields: str) -> str | None:
        """A path below the thing in hand; None where nothing is in hand."""
        if self.base is None or (fields and self.root is None and self.base.endswith(_LISTS)):
            return None
        return ".".join(one for one in (self.base, *fields) if one)

    def path(self, words: Sequence[Word]) -> str | None:
        """The path of a noun phrase; None where it cannot be found out."""
        found = self._path(words)
        parts = found.split(".") if found else []
        return None if parts[:1] != ["trigger"] and RESERVED & set(parts) else found

    def _path(self, words: Sequence[Word]) -> str | None:
        words = [word for word in words if word.sort != "mark"]
        if len(words) == 1 and words[0].sort == "path" and "." in words[0].text:
            return words[0].text
        if len(words) == 1 and words[0].sort == "code":
            return words[0].text.strip("`{} ")
        if not words or any(word.sort not in ("word", "path") for word in words):
            return None
        return self._owned(words)

    def _owned(self, words: Sequence[Word]) -> str | None:
        plain = [word.low for word in words]
        if plain[0] in lexicon.OWNERS and len(words) > 1:
            return self.join(*self._fields(words[1:]))
        if "of" in plain[1:]:
            at = plain.index("of", 1)
            return self._below(words[at + 1 :], words[:at])
        if "'s" in plain:
            at = plain.index("'s")
            return self._below(words[:at], words[at + 1 :])
        bare = [word for word in words if word.low not in _DROP]
        if not bare:
            return self.whole if plain[-1] in _SELF or plain[-1] in lexicon.DETERMINERS else None
        if len(bare) == 1 and bare[0].low in _SELF:
            return self.whole
        return self._named(bare)

    def _below(self, owner: Sequence[Word], fields: Sequence[Word]) -> str | None:
        base = self._owned(owner) if owner else None
        names = self._fields(fields)
        if base is None or not names:
            return base
        if base == "trigger.payload":
            return ".".join(names)
        return ".".join((base, *names))

    def _named(self, bare: Sequence[Word]) -> str | None:
        if self.noun is not None and self.root is not None:
            parts = self.noun.split("_")
            if _same(bare, parts) or _same(bare, parts[-1:]):
                return self.whole
            for known in (parts, parts[-1:]):
                if len(bare) > len(known) and _same(bare[: len(known)], known):
                    return self.join(*self._fields(bare[len(known) :]))
        if self.last is not None and len(bare) == 1 and bare[0].low in _RESULT:
            return self.last
        for noun, path in reversed(self.results.items()):
            if _same(bare, noun.split("_")) or _same(bare, noun.split("_")[-1:]):
                return path
            if len(bare) > 1 and _same(bare[:1], noun.split("_")[-1:]):
                return ".".join((path, *self._fields(bare[1:])))
        return self.join(*self._fields(bare))

    def _fields(self, words: Sequence[Word]) -> tuple[str, ...]:
        plain = [word.low for word in words]
        if "'s" in plain:
            at = plain.index("'s")
            return (*self._fields(words[:at]), *self._fields(words[at + 1 :]))
        if "of" in plain:
            at = plain.index("of")
            return (*self._fields(words[at + 1 :]), *self._fields(words[:at]))
        kept = [word for word in words if word.low not in _DROP and word.sort in ("word", "path")]
        if not kept:
            return ()
        name = snake([word for word in kept if word.low != "email" or len(kept) == 1 or word is kept[0]])
        name = "email" if name in ("email_address", "mail_address", "mail") else name
        return (name,)


def _same(words: Sequence[Word], parts: Sequence[str]) -> bool:
    if len(words) != len(parts):
        return False
    return all(word.low == part or word.stem == _stem(part) for word, part in zip(words, parts, strict=True))


def _stem(part: str) -> str:
    from flov7.generation.offline.words import stem

    return stem(part)


def noun_phrase(words: Sequence[Word]) -> list[Word]:
    """The words of a noun without what points at it: `a new support ticket` gives `support ticket`."""
    fresh = frozenset(["incoming", "fresh", "single", "individual"])
    return [word for word in words if word.low not in lexicon.DETERMINERS | fresh and word.sort in ("word", "path")]


def singular(low: str) -> str:
    """One of many: `lines` gives `line`, `entries` gives `entry`."""
    if low.endswith("ies") and len(low) > 4:
        return low[:-3] + "y"
    if low.endswith(("sses", "xes", "ches", "shes")):
        return low[:-2]
    return low[:-1] if low.endswith("s") and not low.endswith(("ss", "us", "is", "news")) and len(low) > 3 else low


def plural(low: str) -> str:
    """Many of one: `line` gives `lines`."""
    if singular(low) != low:
        return low
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return low[:-1] + "ies"
    return low + ("es" if low.endswith(("s", "x", "ch", "sh")) else "s")
