"""Express runs that were accepted while the line was full: their numbers are here, everything else is in the journal.

So the memory of a flood is that of its numbers, and what was accepted first still begins first.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

from flov7.engine.runtimes.express import utc_now
from flov7.kit.errors import FlowError
from flov7.store.journal import Entry, Journal

LEASES = 4
"""So many leases long is the one of a run that waits: there may be very many to renew."""
_AT_ONCE = 200
_LOOK_EVERY = 0.05
_AGAIN_AFTER = 1.0

Begin = Callable[[Entry], Awaitable[None]]


class Backlog:
    """One per process. `begin` starts a run from its journal entry."""

    def __init__(self, journal: Journal, *, lease_seconds: float) -> None:
        self._journal = journal
        self._lease = lease_seconds
        self._waiting: dict[str, None] = {}
        self._held_since: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, execution_id: str, *, room: Callable[[], int], begin: Begin) -> None:
        """Remember a run that was accepted under a long lease; it begins when there is room."""
        self._waiting[execution_id] = None
        self._held_since[execution_id] = asyncio.get_running_loop().time()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._empty(room, begin))

    async def bring(self, execution_id: str, *, begin: Begin) -> None:
        """Begin this one now, if it waits here. Raises Unavailable."""
        if execution_id in self._waiting:
            await self._begin([execution_id], begin)

    async def renew(self) -> None:
        """Hold the leases of what waits longer, those that ran for a while. Raises Unavailable."""
        now, every = asyncio.get_running_loop().time(), self._lease * LEASES / 3
        due = [one for one, since in self._held_since.items() if now - since > every]
        if not due:
            return
        until = utc_now() + timedelta(seconds=self._lease * LEASES)
        held = await self._journal.renew_all(dict.fromkeys(due, 1), until=until)
        for one in due:
            if one in self._waiting and one not in held:
                self._forget(one)  # another process has it
            elif one in self._held_since:
                self._held_since[one] = now

    async def _empty(self, room: Callable[[], int], begin: Begin) -> None:
        while self._waiting:
            wanted = min(room(), _AT_ONCE)
            if wanted <= 0:
                await asyncio.sleep(_LOOK_EVERY)
                continue
            first = [one for one, _ in zip(self._waiting, range(wanted), strict=False)]
            try:
                await self._begin(first, begin)
            except FlowError:
                await asyncio.sleep(_AGAIN_AFTER)  # the store is away

    async def _begin(self, ids: list[str], begin: Begin) -> None:
        """Those that are still ours, under a lease as any run's. A run that is begun twice meets its own fence."""
        until = utc_now() + timedelta(seconds=self._lease)
        held = await self._journal.renew_all(dict.fromkeys(ids, 1), until=until)
        entries = {entry.execution_id: entry for entry in await self._journal.get_all(list(held))}
        for one in ids:
            if one not in self._waiting:
                continue  # it was brought meanwhile
            self._forget(one)
            if one in entries:
                with contextlib.suppress(FlowError):
                    await begin(entries[one])

    def _forget(self, execution_id: str) -> None:
        self._waiting.pop(execution_id, None)
        self._held_since.pop(execution_id, None)
