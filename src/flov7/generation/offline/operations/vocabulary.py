"""A catalogue's operations, ready to be recognised: their service, what they do, and to what."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from flov7.generation.offline.operations.verbs import EVERY, deed
from flov7.generation.offline.words import read, stem
from flov7.language.catalogue import Catalogue, KindSpec

_LINKS = frozenset(["for", "and", "of", "the", "in", "from", "to", "on", "by", "using", "with", "at", "which"])
_SILENT = frozenset(["a", "an", "the", "all", "new", "existing", "specific", "given", "your", "my", "one", "set",
                     "information", "about", "details", "operation", "model", "single", "system"])  # fmt: skip
_KEPT = 8
_WORDS = 10_000
_SHORT = {"ms": "microsoft", "gcs": "google_cloud_storage", "aws": "amazon", "repo": "repository", "pr": "pullrequest",
          "mr": "mergerequest", "db": "database", "mail": "email", "doc": "document", "org": "organization"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `objects` are the ways in which its object is called, as stems; `does` what it does to it."""

    name: str
    title: str
    connector: str
    does: frozenset[str]
    objects: tuple[frozenset[str], ...]
    noun: str
    aliases: frozenset[str]
    terms: frozenset[str]

    @property
    def gives_many(self) -> bool:
        """Whether its result is a list."""
        return "retrieve" in self.does

    @property
    def removes(self) -> bool:
        """Whether what it worked on is gone."""
        return bool(self.does & {"delete", "purge"})


class Vocabulary:
    """All operations of a catalogue: actions named `connector.operation`, in it or on its shelves."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.operations = [_operation(*one) for one in sorted(_found(catalogue))]
        self.by_name = {one.name: one for one in self.operations}
        self._by_term: dict[str, list[Operation]] = {}
        for one in self.operations:
            for term in {term for words in one.objects for term in words}:
                self._by_term.setdefault(term, []).append(one)
        self._terms = sorted(self._by_term)
        self._mended: dict[str, str] = {}
        known_as: dict[str, set[str]] = {}
        for one in self.operations:
            for alias in one.aliases:
                known_as.setdefault(alias, set()).add(one.connector)
        self._known_as = {alias: found.pop() for alias, found in known_as.items() if len(found) == 1 and len(alias) > 3}
        names = sorted({one.connector for one in self.operations})
        self.connectors = {name: [part for part in name.split("_") if part not in _LINKS] for name in names}
        self._used = used = Counter(part for parts in self.connectors.values() for part in set(parts))
        self._rarity = {part: math.log(1 + len(names) / count) for part, count in used.items()}
        self.nouns = frozenset(term for one in self.operations for words in one.objects for term in words)
        self._known = sorted(self.nouns | set(used))

    def about(self, stems: Iterable[str], *, connectors: Iterable[str] = ()) -> list[Operation]:
        """The operations whose object may be called by one of the stems, and all of these connectors."""
        wanted = frozenset(connectors)
        found = {one.name: one for one in self.operations if one.connector in wanted} if wanted else {}
        for given in stems:
            at = bisect_left(self._terms, given)
            while at < len(self._terms) and self._terms[at].startswith(given):
                if self._terms[at] == given or len(given) >= 4:
                    found |= {one.name: one for one in self._by_term[self._terms[at]]}
                at += 1
        return list(found.values())

    def named(self, low: str) -> dict[str, float]:
        """How well a word names each connector: 1 names it fully, less where others share the word."""
        token = _SHORT.get(low, low).replace("-", "").replace("'", "")
        tokens = token.split("_") if "_" in token else token.replace(".", " ").split()
        found: dict[str, float] = {}
        for name, parts in self.connectors.items():
            own = sum(self._rarity[part] for part in parts)
            hit = sum(self._rarity[part] for part in parts if part in tokens)
            if not hit and len(token) >= 3 and stem(token) not in self.nouns and token not in EVERY:
                hit = 0.6 * sum(self._rarity[part] for part in parts if part.startswith(token) and part != token)
            if not hit and token == _initials(parts):
                hit = 0.45 * own
            if not hit and self._known_as.get(token) == name:
                hit = 0.9 * own
            if hit and own:
                telling = any(part in tokens and self._is_telling(part) for part in parts)
                found[name] = max(hit / own, 0.85) if telling else hit / own
        return found

    def _is_telling(self, part: str) -> bool:
        """Whether one word of a service's name is enough to know it."""
        return len(part) >= 4 and self._used[part] == 1 and stem(part) not in self.nouns

    def mended(self, low: str) -> str:
        """A word that is misspelled, as the catalogue writes it."""
        if len(low) < 5 or stem(low) in self.nouns or low in self._rarity:
            return low
        if low not in self._mended:
            near = get_close_matches(stem(low), self._known, n=1, cutoff=0.86)
            if len(self._mended) > _WORDS:
                self._mended.clear()
            self._mended[low] = near[0] if near else low
        return self._mended[low]


def terms(text: str) -> list[str]:
    """Stems of a text's words, in order; short forms are opened."""
    found: list[str] = []
    for word in read(text):
        if word.sort in ("word", "path"):
            found.append(stem(_SHORT.get(word.low, word.low)))
    return found


def _initials(parts: Iterable[str]) -> str:
    plain = [part for part in parts if len(part) > 2]
    return "".join(part[0] for part in plain[-3:]) if len(plain) >= 3 else ""


def _found(catalogue: Catalogue) -> list[tuple[str, str, str]]:
    """Name, title and further words of each operation."""
    own = [(one.name, one.title, " ".join(one.synonyms)) for one in _loose(catalogue)]
    shelved = [
        (one.name, one.title.partition(": ")[2] or one.title, one.words)
        for shelf in catalogue.shelves.values()
        for one in shelf.entries()
    ]
    return own + shelved


def _operation(full: str, title: str, more: str) -> Operation:
    connector, _, name = full.partition(".")
    tokens = name.split("_")
    told = terms(title)
    does = {one for one in (deed(tokens[0]), deed(told[0]) if told else None) if one}
    rest = tokens[1:] or tokens
    named = frozenset(stem(_SHORT.get(one, one)) for one in rest if one != "model")
    objects = [named, *_told(title, connector), *(frozenset([one]) for one in terms(more)[:8])]
    unique = tuple(dict.fromkeys(one for one in objects if one))
    leading = next((one for one in objects[1:] if one), named)
    noun = "_".join(part for part in _ordered(title, name, leading))
    own = {stem(part) for part in connector.split("_")}
    shown = [word for word in read(title)[1:] if word.sort == "word" and word.text[:1].isupper()]
    aliases = frozenset(word.low for word in shown if word.stem not in own and word.stem not in named)
    everything = frozenset([*told, *named, *connector.split("_")])
    return Operation(
        full, title, connector, frozenset(does or {"invoke"}), unique, noun or "result", aliases, everything
    )


def _told(title: str, connector: str) -> list[frozenset[str]]:
    """The object as the title says it: what stands between its verb and its first preposition."""
    words = [word.low for word in read(title) if word.sort in ("word", "path")]
    if len(words) < 2 or "__" in title:
        return []
    taken: list[str] = []
    for low in words[1:]:
        if low in _LINKS | {"is", "that", "if"}:
            if taken:
                break
            continue
        if low not in _SILENT:
            taken.append(stem(low))
    own = set(connector.split("_"))
    found = frozenset(one for one in taken if one not in {stem(part) for part in own})
    return [found] if found else []


def _ordered(title: str, name: str, leading: frozenset[str]) -> list[str]:
    plain = [word.low for word in read(title) if word.sort == "word" and stem(word.low) in leading]
    found = list(dict.fromkeys(plain)) or [part for part in name.split("_")[1:] if part.isalpha()]
    return found[:4]


def _loose(catalogue: Catalogue) -> list[KindSpec]:
    """Operations that stand on no shelf. What a shortlist took from a shelf is on it all the same."""
    return [
        one
        for one in catalogue.of_type("action")
        if "." in one.name and one.name.partition(".")[0] not in catalogue.shelves
    ]


_MADE: dict[tuple[str, ...], Vocabulary] = {}


def vocabulary_of(catalogue: Catalogue) -> Vocabulary:
    """The vocabulary of a catalogue, made once for the same shelves and operations."""
    shelved = [f"{name}={shelf.digest}" for name, shelf in sorted(catalogue.shelves.items())]
    key = (*shelved, *(f"{one.name}:{one.title}" for one in _loose(catalogue)))
    if key not in _MADE:
        if len(_MADE) >= _KEPT:
            _MADE.clear()
        _MADE[key] = Vocabulary(catalogue)
    return _MADE[key]
