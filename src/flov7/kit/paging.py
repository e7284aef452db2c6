"""Lists in pages by key, not by count: a cursor says after which row to go on, so new rows shift nothing.

The cursor is opaque to callers but not signed: it holds only sort values, and every query is scoped to the
workspace anyway.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import orjson

from flov7.kit.errors import Invalid

Key = tuple[str | int | float | datetime | None, ...]
Item = TypeVar("Item")

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page; `next_cursor` is None on the last one."""

    items: list[Item]
    next_cursor: str | None


def limit(wanted: int | None) -> int:
    """How many rows a page has: 1 to 200, 50 when nobody says. Raises `Invalid`."""
    if wanted is None:
        return DEFAULT_LIMIT
    if not 1 <= wanted <= LARGEST_LIMIT:
        raise Invalid(f"`limit` is {wanted}.", hint=f"Ask for 1 to {LARGEST_LIMIT}.", code="paging.limit")
    return wanted


def encode(key: Key) -> str:
    """The cursor that goes on after the row with this key."""
    marked = [{"t": part.isoformat()} if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(orjson.dumps(marked)).rstrip(b"=").decode()


def decode(cursor: str, *, kinds: Sequence[type]) -> Key:
    """The key in a cursor, which must have exactly these kinds of parts. Raises `Invalid`."""
    refusal = Invalid("The cursor is not one of ours.", hint="Take `next_cursor` as it was.", code="paging.cursor")
    try:
        raw = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key = tuple(datetime.fromisoformat(part["t"]) if isinstance(part, dict) else part for part in raw)
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise refusal from error
    if len(key) != len(kinds) or not all(isinstance(part, kind) for part, kind in zip(key, kinds, strict=True)):
        raise refusal
    return key


def page(rows: Sequence[Item], *, size: int, key: Callable[[Item], Key]) -> Page[Item]:
    """A page out of up to `size` + 1 rows: the one too many only says that there is more."""
    shown = list(rows[:size])
    more = len(rows) > size
    return Page(items=shown, next_cursor=encode(key(shown[-1])) if more else None)
