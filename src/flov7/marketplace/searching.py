"""Finding templates by words: BM25 over title, summary and prompt, the title counting most; ties by slug."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from flov7.kit.ranking import rarity, weight
from flov7.marketplace.template import Template

_B = 0.6
SILENT = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "and",
        "or",
        "in",
        "on",
        "at",
        "for",
        "it",
        "its",
        "with",
        "by",
        "from",
        "is",
        "are",
        "be",
        "our",
        "my",
        "each",
        "every",
        "when",
        "if",
        "then",
        "them",
        "that",
    ]
)
"""Words that say nothing of what a text is about."""


def search(templates: Iterable[Template], words: str, *, limit: int = 20) -> list[tuple[float, Template]]:
    """What fits, best first, each with its score; without words all of them, by slug."""
    listed = sorted(templates, key=lambda one: one.slug)
    terms = list(dict.fromkeys(_terms(words)))
    if not terms:
        return [(0.0, one) for one in listed[:limit]]
    counts = [_counted(one) for one in listed]
    mean = sum(sum(one.values()) for one in counts) / max(1, len(counts))
    seen = Counter(term for one in counts for term in one)
    scored = [(_score(count, terms, seen, len(listed), mean), one) for count, one in zip(counts, listed, strict=True)]
    found = sorted((one for one in scored if one[0] > 0), key=lambda one: (-one[0], one[1].slug))
    return [(round(score, 4), one) for score, one in found[:limit]]


def _score(count: Counter[str], terms: Sequence[str], seen: Counter[str], total: int, mean: float) -> float:
    length = sum(count.values()) / mean
    score = 0.0
    for term in terms:
        often = count.get(term, 0)
        if often:
            score += rarity(total, seen[term]) * weight(often, length=length, b=_B)
    return score


def _counted(template: Template) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text, share in ((template.title, 3), (template.summary, 2), (template.prompt, 1), (template.industry, 2),
                         (template.area, 2)):  # fmt: skip
        for term in _terms(text):
            counts[term] += share
    return counts


def _terms(text: str) -> list[str]:
    plain = re.findall(r"[a-z0-9]+", text.lower().replace("e-mail", "email"))
    return [_stem(one) for one in plain if one not in SILENT]


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
