"""A lexical index of operations: words are found by their stems, rare ones count more, the verb in front most."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from flov7.kit.ranking import rarity, weight
from flov7.language.catalogue import Entry

_WORD = re.compile(r"[a-z0-9]+")
_SILENT = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "me",
        "my",
        "new",
        "of",
        "on",
        "or",
        "our",
        "please",
        "so",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "this",
        "to",
        "us",
        "we",
        "when",
        "where",
        "which",
        "with",
        "you",
        "your",
        "all",
        "each",
        "every",
        "some",
        "any",
    ]
)
_K, _B = 1.4, 0.6
_FEW, _NAMED, _MEANT = 50, 12.0, 3.0


def stem(word: str) -> str:
    """A word without its most usual endings: enough to find `creates` by `create`, and `pages` by `page`."""
    for ending in ("ings", "ing", "ies", "ied", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            base = word[: -len(ending)]
            return base + "i" if ending in ("ies", "ied") else base.rstrip("e")
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word.rstrip("e") if len(word) > 3 else word


def terms(text: str) -> list[str]:
    """The stems of a text, without small words; camelCase and snake_case are split."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).lower()
    return [stem(word) for word in _WORD.findall(spaced) if word not in _SILENT]


class WordIndex:
    """Entries by their words (BM25). Made once; a search touches only entries that share a word."""

    def __init__(self, entries: Sequence[Entry], *, title: str, always: str = "") -> None:
        """`title` names the connector, `always` are further words of all its entries: they say that it is meant."""
        self._entries = entries
        self._title, self._always = frozenset(terms(title)), frozenset(terms(always))
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        counts = [_counted(entry) for entry in entries]
        mean = sum(map(Counter.total, counts)) / max(1, len(counts)) or 1.0
        for position, count in enumerate(counts):
            length = count.total() / mean
            for term, often in count.items():
                self._postings[term].append((position, weight(often, length=length, b=_B, k=_K)))

    def search(self, words: str, *, limit: int) -> list[tuple[float, Entry]]:
        """What fits, best first, with how well. All entries count as found where the connector alone is meant."""
        asked = list(dict.fromkeys(terms(words)))
        named = _NAMED * sum(term in self._title for term in asked) / max(1, len(self._title))
        named += _MEANT * any(term in self._always for term in asked)
        scores: dict[int, float] = defaultdict(float)
        for place, term in enumerate(asked):
            found = self._postings.get(term, ())
            # A small connector's words count as if it stood among many, so that shelves can be compared.
            total = max(len(self._entries), _FEW)
            rare = max(rarity(total, len(found)), 0.1)
            for position, heavy in found:
                scores[position] += heavy * rare * (1.5 if place == 0 else 1.0)
        if named:
            left = range(len(self._entries)) if not scores else list(scores)
            for position in left:
                scores[position] += named
        best = sorted(scores.items(), key=lambda one: (-one[1], self._entries[one[0]].name))[:limit]
        return [(score, self._entries[position]) for position, score in best]


def _counted(entry: Entry) -> Counter[str]:
    count: Counter[str] = Counter()
    weighted: Iterable[tuple[str, int]] = ((entry.name.split(".", 1)[-1], 2), (entry.title, 3), (entry.words, 1))
    for text, share in weighted:
        for term in terms(text):
            count[term] += share
    return count
