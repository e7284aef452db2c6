"""Messages of PostgreSQL's NOTIFY, while somebody listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson

from flov7.kit.errors import StepUnreachable
from flov7.primitives.actions.db_query import postgres
from flov7.primitives.watching import Batch, Event, WatchContext

_PATIENCE = 10.0
_AT_ONCE = 100
_ALIVE_EVERY = 15.0


async def check(context: WatchContext) -> None:
    """Whether the database lets us in. Raises step errors."""
    async with _session(context) as opened:
        await opened.fetchval("SELECT 1")


async def messages(context: WatchContext, *, channel: str) -> AsyncGenerator[Batch, None]:
    """What is sent from now on; text that is JSON is read as that."""
    came: asyncio.Queue[str | None] = asyncio.Queue()

    def heard(_connection: object, _pid: int, _channel: str, text: object) -> None:
        came.put_nowait(str(text))

    def ended(_connection: object) -> None:
        came.put_nowait(None)

    async with _session(context) as opened:
        await opened.add_listener(channel, heard)
        opened.add_termination_listener(ended)
        await context.ready()
        while True:
            texts = await _next(opened, came)
            if texts:
                yield Batch(events=tuple(_event(one, channel) for one in texts), state=context.state)


async def _next(opened: Any, came: asyncio.Queue[str | None]) -> list[str]:
    """What came; nothing after a while, once the connection was found alive."""
    try:
        found = [await asyncio.wait_for(came.get(), _ALIVE_EVERY)]
    except TimeoutError:
        try:
            await asyncio.wait_for(opened.fetchval("SELECT 1"), _PATIENCE)
        except Exception as error:
            raise StepUnreachable(f"The database broke off: {error}.") from error
        return []
    while not came.empty() and len(found) < _AT_ONCE:
        found.append(came.get_nowait())
    if None in found:
        if found[0] is None:
            raise StepUnreachable("The database ended the connection.")
        came.put_nowait(None)  # first what came before it
    return [one for one in found if one is not None]


def _event(text: str, channel: str) -> Event:
    try:
        row: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        row = text
    payload = {"operation": "notify", "table": channel, "row": row, "before": None, "at": None}
    return Event(payload=payload)


def _session(context: WatchContext) -> Any:
    assert context.connection is not None
    return postgres.session(context.call(seconds=_PATIENCE), context.connection, timeout=_PATIENCE)
