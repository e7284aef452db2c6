"""Looking at a table again and again: rows beyond a watermark, and the last ones once more for those committed late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flov7.kit.errors import StepRefused
from flov7.primitives.actions.db_query import mysql, postgres, sqlite
from flov7.primitives.actions.db_query.work import Result, Statement, Work
from flov7.primitives.declare import Json
from flov7.primitives.watching import Batch, Event, WatchContext

_PAGE = 1000
_PATIENCE = 30.0
Pair = tuple[Json, Json]
"""Watermark and key of a row."""


@dataclass(frozen=True, kw_only=True)
class Looking:
    """Where to look; `every` in seconds."""

    service: str
    table: str
    watermark: str
    key: str
    every: float
    overlap: int


async def beginning(context: WatchContext, looking: Looking, *, first: bool) -> dict[str, Any]:
    """The rows that are there already, as far as they are looked at again."""
    mark, key = _quoted(looking.watermark), _quoted(looking.key)
    if first:
        await _read(context, looking, f"SELECT {mark}, {key} FROM {_quoted(looking.table)} LIMIT 1", ())  # noqa: S608
        return {"recent": []}
    text = (
        f"SELECT {mark}, {key} FROM {_quoted(looking.table)} WHERE {mark} IS NOT NULL "  # noqa: S608
        f"ORDER BY {mark} DESC, {key} DESC LIMIT {looking.overlap}"
    )
    found = await _read(context, looking, text, ())
    return {"recent": [_pair(row, looking) for row in reversed(found.rows)]}


async def rows(context: WatchContext, looking: Looking) -> AsyncGenerator[Batch, None]:
    """New rows, in the order of their watermark."""
    state: dict[str, Any] = context.state or await beginning(context, looking, first=False)
    recent: list[Pair] = [(mark, key) for mark, key in state["recent"]]
    while True:
        found = await _page(context, looking, recent)
        await context.ready()
        seen = set(recent)
        fresh = [row for row in found.rows if _pair(row, looking) not in seen]
        if fresh:
            recent = _kept(recent, fresh, looking)
            yield Batch(events=tuple(_event(row, looking) for row in fresh), state={"recent": recent})
        if len(found.rows) < _PAGE:
            await asyncio.sleep(looking.every)


def _kept(recent: list[Pair], fresh: list[dict[str, Any]], looking: Looking) -> list[Pair]:
    """The last rows in the database's order: late ones go where they belong."""
    pairs = recent + [_pair(row, looking) for row in fresh]
    with suppress(TypeError):  # keys of mixed types: the order in which they came has to do
        pairs.sort(key=lambda pair: (pair[0], pair[1]))
    return pairs[-looking.overlap :]


async def _page(context: WatchContext, looking: Looking, recent: list[Pair]) -> Result:
    """From the oldest of the last rows on."""
    mark, key, table = _quoted(looking.watermark), _quoted(looking.key), _quoted(looking.table)
    order = f"ORDER BY {mark}, {key} LIMIT {_PAGE}"
    if not recent:
        return await _read(context, looking, f"SELECT * FROM {table} WHERE {mark} IS NOT NULL {order}", ())  # noqa: S608
    oldest = recent[0]
    text = f"SELECT * FROM {table} WHERE {mark} > $1 OR ({mark} = $1 AND {key} >= $2) {order}"  # noqa: S608
    return await _read(context, looking, text, oldest)


async def _read(context: WatchContext, looking: Looking, text: str, params: tuple[Json, ...]) -> Result:
    assert context.connection is not None
    work = Work(statements=[Statement(sql=text, params=params)], reads=True, max_rows=_PAGE, cut=True)
    call = context.call(seconds=_PATIENCE)
    match looking.service:
        case "mysql":
            return (await mysql.execute(call, context.connection, work))[0]
        case "sqlite":
            return (await sqlite.execute(call, context.connection, work))[0]
        case _:
            return (await postgres.execute(call, context.connection, work))[0]


def _pair(row: dict[str, Any], looking: Looking) -> Pair:
    try:
        return row[looking.watermark], row[looking.key]
    except KeyError as error:
        raise StepRefused(
            f"`{looking.table}` has no column {error}.",
            hint="Look at `watermark` and `key`.",
            code="database.no_column",
        ) from error


def _event(row: dict[str, Any], looking: Looking) -> Event:
    mark, key = _pair(row, looking)
    payload = {"operation": "change", "table": looking.table, "row": row, "before": None, "at": None}
    return Event(id=f"{looking.table}:{key}:{mark}", payload=payload)


def _quoted(name: str) -> str:
    """A name whose letters were checked; quoted, so that no word of SQL is met."""
    return ".".join(f'"{part}"' for part in name.split("."))
