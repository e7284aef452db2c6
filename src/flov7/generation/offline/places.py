"""Where a step goes that names a place outside: a service with a connector, or a connection that holds its address."""

from __future__ import annotations

from collections.abc import Sequence

from flov7.generation.offline import lexicon
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.slots import Scope, noun_phrase
from flov7.generation.offline.words import Word, closed, said, snake
from flov7.language.catalogue import Catalogue

_CALLED: dict[str, tuple[str, ...]] = {
    "google_sheets": ("sheet", "sheets", "spreadsheet", "spreadsheets", "gsheet", "gsheets"),
    "google_docs": ("gdoc", "gdocs"),
    "google_drive": ("drive", "gdrive"),
    "google_calendar": ("gcal",),
    "x": ("twitter", "tweet", "tweets"),
    "microsoft_teams": ("teams",),
    "monday": ("monday.com",),
    "whatsapp": ("whatsapp",),
}
"""What people call a service, where that is not its name."""
_WITH_GOOGLE = {"doc": "google_docs", "docs": "google_docs", "document": "google_docs", "calendar": "google_calendar",
                "drive": "google_drive", "sheet": "google_sheets", "sheets": "google_sheets"}  # fmt: skip
_COMMON = closed("google microsoft amazon cloud api for and the com x monday linear outlook reddit")
"""Parts of names that mean other things as well: they count only as written, with a capital letter."""
_LINKS = closed("in into to on onto from with at via using through")
_PAGES = closed(
    "page pages website websites site sites url urls link links webpage homepage pdf image file feed article"
)


def connector_of(words: Sequence[Word], catalogue: Catalogue) -> str | None:
    """The service with a connector that the words name: where it goes to (`to`, `in`) before what else is named."""
    found: list[tuple[int, str]] = []
    known = frozenset(catalogue.shelves)
    for at in range(len(words)):
        name = named_at(words, at, known)
        if name is None:
            continue
        near = [one.low for one in words[max(0, at - 3) : at]]
        found.append((0 if any(low in _LINKS for low in near) else 1, name))
    return min(found, key=lambda one: one[0])[1] if found else None


def named_at(words: Sequence[Word], at: int, known: frozenset[str]) -> str | None:
    """The service that is named at this word, among those that are known."""
    word = words[at]
    if word.sort not in ("word", "path"):
        return None
    before = words[at - 1].low if at else ""
    if before == "google" and (name := _WITH_GOOGLE.get(word.low)) in known:
        return name
    if before == "microsoft" and f"microsoft_{word.low}" in known:
        return f"microsoft_{word.low}"
    for name, called in _CALLED.items():
        if name in known and word.low in called and (word.low not in ("teams", "drive") or word.text[:1].isupper()):
            return name
    if word.low in known and (word.low not in _COMMON or (word.text[:1].isupper() and at > 0)):
        return word.low
    return None


def names_place(words: Sequence[Word]) -> bool:
    """Whether a place outside is named: with a capital letter, or behind `in`, `to`, `from` with `our` or `the`."""
    return _proper(words) is not None or _linked(words) is not None


def data_address(words: Sequence[Word], scope: Scope) -> str | None:
    """`download the page`, where what is in hand has its address: the path of it."""
    named = [word for word in noun_phrase(words[1:]) if word.low in _PAGES]
    if not named or (scope.root is None and scope.last is None):
        return None
    return scope.path([named[0]])


def outside(words: Sequence[Word], desk: Desk, *, noun: str | None) -> str:
    """A connection for a place whose address was not said; it is named after the place, and holds address and login."""
    named = _proper(words) or _linked(words) or (noun or "service")
    name = snake(named)[:32].strip("_") or "service"
    desk.connect(name, service="api", credentials="api_key")
    return name


def _proper(words: Sequence[Word]) -> str | None:
    """A name with a capital letter within the words."""
    taken: list[str] = []
    for at, word in enumerate(words):
        capital = (
            word.sort == "word"
            and word.text[:1].isupper()
            and at > 0
            and word.low not in ("i", "ai", "csv", "json", "pdf", "xml", "api", "http", "excel")
        )
        if capital:
            taken.append(word.low)
        elif taken:
            break
    return " ".join(taken[:2]) if taken else None


def _linked(words: Sequence[Word]) -> str | None:
    """`from the weather service`, `to our archive`."""
    for at, word in enumerate(words):
        if at and word.low in _LINKS and at + 1 < len(words):
            taken: list[Word] = []
            for one in words[at + 1 : at + 6]:
                if one.sort != "word" or (
                    taken and one.low in lexicon.PREPOSITIONS | {"and", "or", "that", "which", "'s"}
                ):
                    break
                taken.append(one)
            found = noun_phrase(taken)
            if found:
                return said(found[-2:])
    return None
