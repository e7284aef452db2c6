"""Watching a run: what the store has, then what the bus brings, each event once and in order.

A watcher resumes after number *n*. What the bus loses (nobody is told, Redis is away, a process died) is read
from the store: at once where a gap shows, and every few seconds where nothing comes at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from typing import Any

from flov7.cache.bus import Bus, Subscription
from flov7.kit.errors import FlowError, NotFound
from flov7.store import events, executions
from flov7.store.database import Database

Event = dict[str, Any]

LAST = "run.finished"
"""The type of a run's last event."""
LOOK_EVERY = 2.0
"""Seconds after which the store is asked although the bus is well: whoever publishes may have died."""
LOOK_WITHOUT_BUS = 0.25


def topic(execution_id: str) -> str:
    """The bus topic of a run's events; a message is `{workspace_id, events}`."""
    return f"run:{execution_id}"


class Watcher:
    """One per process."""

    def __init__(self, database: Database, *, bus: Bus | None) -> None:
        self._database = database
        self._bus = bus

    async def watch(
        self, workspace_id: str, execution_id: str, *, after: int = 0, patience: float = 15.0
    ) -> AsyncGenerator[Event | None, None]:
        """Events above `after` until the run ends; None where nothing came for `patience` seconds.

        Raises NotFound at the first step for a run that the workspace does not have, Unavailable where the store
        is away at the beginning; later it waits until the store is back.
        """
        await self._must_exist(workspace_id, execution_id)
        async with AsyncExitStack() as stack:
            live = None
            if self._bus is not None:
                live = await stack.enter_async_context(self._bus.subscribe(topic(execution_id)))
            following = _Following(self._database, workspace_id, execution_id, after=after, live=live)
            async for event in following.run(patience):
                yield event

    async def _must_exist(self, workspace_id: str, execution_id: str) -> None:
        async with self._database.workspace(workspace_id) as scope:
            if await executions.get(scope, execution_id) is None:
                raise NotFound("There is no such run.", hint="List them with GET /api/v1/executions.")


class _Following:
    def __init__(
        self, database: Database, workspace_id: str, execution_id: str, *, after: int, live: Subscription | None
    ) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self._execution_id = execution_id
        self._seen = after
        self._live = live
        self._over = False
        self._ahead: dict[int, Event] = {}

    async def run(self, patience: float) -> AsyncGenerator[Event | None, None]:
        quiet = 0.0
        for event in await self._from_store():
            yield event
        while not self._over:
            batch, waited = await self._next()
            quiet = 0.0 if batch else quiet + waited
            for event in batch:
                yield event
            if quiet >= patience:
                quiet = 0.0
                yield None

    async def _next(self) -> tuple[list[Event], float]:
        """What is new, and how long it was waited for."""
        if self._live is None or self._live.missed:
            await asyncio.sleep(LOOK_WITHOUT_BUS)
            if self._live is not None:
                self._live.missed = False
            return await self._looked(), LOOK_WITHOUT_BUS
        message = await self._live.next(patience=LOOK_EVERY)
        if message is None or message.get("workspace_id") != self._workspace_id:
            return await self._looked(), LOOK_EVERY
        found = self._in_order(message.get("events", []))
        if not found and self._ahead:
            return await self._looked(), 0.0
        return found, 0.0

    async def _looked(self) -> list[Event]:
        try:
            return await self._from_store()
        except FlowError:
            return []  # the store is away; it is asked again soon

    async def _from_store(self) -> list[Event]:
        async with self._database.workspace(self._workspace_id) as scope:
            run = await executions.get(scope, self._execution_id)
            ended = run is not None and run.finished_at is not None  # then what is read next is all there will be
            fresh = self._in_order(await events.read(scope, self._execution_id, after=self._seen), gaps=ended)
        self._over = self._over or ended
        return fresh

    def _in_order(self, batch: Sequence[Event], *, gaps: bool = False) -> list[Event]:
        """Those that come next, each once; what is ahead of a gap waits until the store has what lies between."""
        for event in batch:
            if event["n"] > self._seen:
                self._ahead[event["n"]] = event
        fresh: list[Event] = []
        for number in sorted(self._ahead):
            if number != self._seen + 1 and not gaps:
                break
            event = self._ahead.pop(number)
            self._seen = number
            fresh.append(event)
            self._over = self._over or event["type"] == LAST
        return fresh
