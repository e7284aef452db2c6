"""Events on their way out of a worker: kept until the run's record is written, sent on in small batches.

Watchers are told at once. The store is told of a run that lasts, or that waits for somebody; one that is over within
a moment is written once, as a whole. An event may come again on a replay, and may be lost with the process; numbers
make the first harmless and the final record repairs the second.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from flov7.engine.events import RunEvent, RunStatus
from flov7.engine.standing import Standing
from flov7.kit.errors import FlowError
from flov7.store.database import Database
from flov7.store.executions import Execution

FLUSH_EVERY = 0.2
"""Seconds between two looks at what is new."""

REST = 9.0
"""After a look that took long, so many times as long a rest: live events never take more than a tenth of the time."""

STORE_AFTER = 1.0
"""Seconds after which a run that does nothing but work is in the store; before that the journal knows it."""

Publish = Callable[[str, str, Sequence[dict[str, Any]]], Awaitable[None]]
"""Workspace, execution and events, to whoever watches. Never raises."""


@dataclass(slots=True)
class _Run:
    facts: Execution
    events: dict[int, RunEvent] = field(default_factory=dict[int, RunEvent])
    opened: float = field(default_factory=time.monotonic)
    told: int = 0
    sent: int = 0
    begun: bool = False
    replayed: bool = False
    standing: Standing = field(default_factory=Standing)

    def after(self, number: int) -> list[RunEvent]:
        """Events above that number, in order. They come in order, so only the new ones are looked at."""
        new = [self.events[one] for one in takewhile(lambda one: one > number, reversed(self.events))]
        return new[::-1]

    @property
    def may_end_soon(self) -> bool:
        """Nothing of it is stored, nobody is needed, and it is young: its end may be all that must be written."""
        working = self.standing.status == RunStatus.RUNNING
        return working and not self.begun and time.monotonic() - self.opened < STORE_AFTER


class EventSink:
    """One per process. `emit` may be called from any thread; everything else from the loop that `start` ran in."""

    def __init__(self, database: Database, *, publish: Publish) -> None:
        self._database = database
        self._publish = publish
        self._runs: dict[str, _Run] = {}
        self._dirty: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def open(self, facts: Execution) -> None:
        """Say which run the coming events belong to; a repetition changes nothing."""
        if facts.id not in self._runs:
            self._runs[facts.id] = _Run(facts, standing=Standing(paused=facts.status == RunStatus.PAUSED))

    def emit(self, execution_id: str, event: RunEvent, *, replayed: bool) -> None:
        """Keep an event, and send it on soon; what was sent before a replay is not sent again."""
        run = self._runs.get(execution_id)
        if run is None:
            return
        run.events[event.number] = event
        run.replayed = run.replayed or replayed
        self._dirty.add(execution_id)

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        """Send what is left, then end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush(whole=True)

    async def _forever(self) -> None:
        loop, took = asyncio.get_running_loop(), 0.0
        while True:
            await asyncio.sleep(max(FLUSH_EVERY, REST * took))
            begun = loop.time()
            await self.flush()
            took = loop.time() - begun

    async def flush(self, *, whole: bool = False) -> None:
        """Send all that is new; what the store does not take now is sent again later, or with the record.

        With `whole` the store is told of young runs too.
        """
        ids = list(self._dirty)
        if ids:
            await asyncio.gather(*(self._send(one, whole=whole) for one in ids))

    async def _send(self, execution_id: str, *, whole: bool) -> None:
        self._dirty.discard(execution_id)
        run = self._runs.get(execution_id)
        if run is None:
            return
        if run.replayed and not run.begun and not await self._catch_up(run):
            return
        await self._tell(run)
        if run.may_end_soon and not whole:
            self._dirty.add(execution_id)
            return
        await self._store(run)

    async def _tell(self, run: _Run) -> None:
        new = run.after(max(run.told, run.sent))
        if new:
            run.told = new[-1].number
            run.standing.take(run.after(run.standing.seen))
            await self._publish(run.facts.workspace_id, run.facts.id, [event.as_json() for event in new])

    async def _store(self, run: _Run) -> None:
        new, facts = run.after(run.sent), run.facts
        if not new:
            return
        status = run.standing.take(run.after(run.standing.seen))
        try:
            if not run.begun:
                await self._database.executions.begin(facts)
                run.begun = True
            await self._database.events.append(
                facts.id,
                workspace_id=facts.workspace_id,
                events=[event.as_json() for event in new],
                status=status.value,
            )
            run.sent = max(run.sent, new[-1].number)
        except FlowError:
            self._dirty.add(facts.id)

    async def _catch_up(self, run: _Run) -> bool:
        """After a replay: see how far the process that died had come, so that only what it lost is sent."""
        try:
            run.sent = await self._database.events.last(run.facts.id)
            run.begun = run.sent > 0
        except FlowError:
            self._dirty.add(run.facts.id)
            return False
        run.replayed = False
        return True

    async def save(self, execution_id: str) -> None:
        """Send all of a run now. Raises Unavailable; for the end of a generation."""
        run = self._runs.get(execution_id)
        if run is None:
            return
        await self._send(execution_id, whole=True)
        if execution_id in self._dirty:
            await self._database.ping()  # says what is wrong
            await self._send(execution_id, whole=True)

    def facts_of(self, execution_id: str) -> Execution | None:
        """What is known of a run beside its events; None where it is not here any more."""
        run = self._runs.get(execution_id)
        return None if run is None else run.facts

    def events_of(self, execution_id: str) -> list[dict[str, Any]]:
        """All events of a run that this process has seen, by number."""
        run = self._runs.get(execution_id)
        return [] if run is None else [run.events[number].as_json() for number in sorted(run.events)]

    async def close_run(self, execution_id: str) -> None:
        """The record is written: tell the watchers the rest and forget the run."""
        run = self._runs.pop(execution_id, None)
        self._dirty.discard(execution_id)
        if run is not None:
            await self._tell(run)
