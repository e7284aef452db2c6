"""Lists that come in pages: asking for one page after the other until there are enough, whoever asks."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urljoin

from flov7.kit.errors import StepFailed
from flov7.primitives.declare import Json
from flov7.primitives.outside import Answer

MOST_PAGES = 1_000
_NEXT_LINK = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page: the answer, its value, the items on it."""

    answer: Answer
    value: Json
    items: list[Json]


@dataclass(frozen=True, kw_only=True)
class Following:
    """What names the next page: an `address`, or a `mark` (a cursor, a number) that is sent with the next request."""

    mark: str
    is_address: bool = False


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The items of all pages that were read, `more` where there are further ones, and the last page."""

    items: list[Json]
    more: bool
    pages: int
    last: Page


Ask = Callable[[Following | None], Awaitable[Page]]
"""Asks for a page; None is the first. An address is whole."""
Next = Callable[[Page, int, int], Following | None]
"""What follows a page: the page, how many items there are so far, how many pages were read; None: it was the last."""


async def collected(ask: Ask, *, following: Next, limit: int) -> Collected:
    """At most `limit` items. Raises StepFailed (`answer.pages`) where the pages have no end."""
    items: list[Json] = []
    seen: set[str] = set()
    wanted: Following | None = None
    for number in range(1, MOST_PAGES + 1):
        page = await ask(wanted)
        items += page.items
        wanted = following(page, len(items), number)
        if wanted is None or len(items) >= limit:
            more = wanted is not None or len(items) > limit
            return Collected(items=items[:limit], more=more, pages=number, last=page)
        if wanted.is_address:
            wanted = Following(mark=urljoin(page.answer.url, wanted.mark), is_address=True)
        if wanted.mark in seen:
            raise StepFailed(
                "The service names the same next page twice; reading on would never end.", code="answer.pages"
            )
        seen.add(wanted.mark)
    raise StepFailed(f"There are more than {MOST_PAGES} pages.", hint="Give a `limit`.", code="answer.pages")


def by_link(answer: Answer) -> Following | None:
    """The next page by the `Link` header (RFC 8288)."""
    found = _NEXT_LINK.search(answer.headers.get("link", ""))
    return Following(mark=found[1], is_address=True) if found else None


def by_value(found: Json, *, is_address: bool) -> Following | None:
    """The next page by what stands in the answer; null, false and an empty text end the list."""
    return None if found in (None, "", False) else Following(mark=str(found), is_address=is_address)
