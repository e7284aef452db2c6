"""Steps in the sequence in which they are done, and those that were said as one taken apart."""

from __future__ import annotations

from collections.abc import Sequence

from flov7.generation.offline import lexicon, steps
from flov7.generation.offline.places import named_at
from flov7.generation.offline.slots import singular
from flov7.generation.offline.structure import Doing, Each, Item
from flov7.generation.offline.words import closed
from flov7.language.catalogue import Catalogue

_SKIPS = closed("skip ignore exclude omit")
_READS = closed("get fetch read look load download pull retrieve scrape list check find search query collect select")


def apart(doing: Doing) -> list[Doing]:
    """`tell sales and finance` is two steps."""
    words = doing.words
    at = next((n for n, word in enumerate(words) if word.low == "and"), 0)
    verb = words[0].low if words else ""
    if (
        not 1 < at < len(words) - 1
        or at > 4
        or verb not in ("tell", "email", "notify", "inform", "alert", "mail", "warn")
    ):
        return [doing]
    second = [word for word in words[at + 1 :] if word.low not in ("the", "a", "an", "also")]
    plain = all(word.sort == "word" and word.low not in lexicon.PREPOSITIONS for word in (*words[1:at], *second))
    if not plain or len(second) > 2:
        return [doing]
    other = (words[0], *words[at + 1 :])
    return [Doing(words[:at], doing.handlers, doing.policy), Doing(other, [], doing.policy)]


def joined(items: Sequence[Item]) -> list[Item]:
    """Neighbouring loops over the same are one."""
    made: list[Item] = []
    for item in items:
        last = made[-1] if made else None
        if isinstance(item, Each) and isinstance(last, Each) and _noun(item) == _noun(last):
            last.body += item.body
        else:
            made.append(item)
    return made


def per_service(doing: Doing, catalogue: Catalogue) -> list[Doing]:
    """`post it to A, B and C`: one step for each service."""
    words = [word for word in doing.words if word.low != "both"]
    known = frozenset(catalogue.shelves)
    places = [at for at in range(len(words)) if named_at(words, at, known)]
    if len(places) < 2 or words[places[0] - 1].low not in ("to", "on", "in", "into", "the", "our"):
        return [doing]
    between = words[places[0] + 1 : places[-1]]
    if any(word.sort != "mark" and word.low not in ("and", "our", "the", "to", "on", "google") and named_at(words, at, known) is None
           for at, word in enumerate(between, places[0] + 1)):  # fmt: skip
        return [doing]
    return [Doing((*words[: places[0]], words[at]), doing.handlers if n == 0 else []) for n, at in enumerate(places)]


def _noun(each: Each) -> str:
    return singular(each.words[0].low) if each.words else ""


def reordered(items: Sequence[Item]) -> list[Item]:
    """`skip what is old`, said at the end, is done to the list before it is used: behind the step that fetches it."""
    late = [
        one
        for one in items
        if isinstance(one, Doing) and one.words and one.words[0].low in _SKIPS and not steps.is_stop(one.words)
    ]
    fetched = next(
        (n for n, one in enumerate(items) if isinstance(one, Doing) and one.words and one.words[0].low in _READS), None
    )
    if not late or fetched is None:
        return list(items)
    rest = [one for one in items if one not in late]
    at = next(n for n, one in enumerate(rest) if one is items[fetched]) + 1
    return [*rest[:at], *late, *rest[at:]]
