"""Counts events that made no run; a flood of them costs one write a second, not one each."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

from flov7.kit.errors import FlowError
from flov7.observability.metrics import Metrics
from flov7.store import records
from flov7.store.database import Database

_EVERY = 1.0
_Key = tuple[str, str, str, str]


class TurnedAway:
    """One per process; what was counted is written soon, and at the end."""

    def __init__(self, database: Database, *, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._counts: Counter[_Key] = Counter()
        self._task: asyncio.Task[None] | None = None

    def count(self, workspace_id: str, workflow_id: str, *, trigger: str, reason: str, source: str = "webhook") -> None:
        """One more event that made no run; `source` is the trigger's kind."""
        self._metrics.turned_away.labels(source, reason).inc()
        self._counts[workspace_id, workflow_id, trigger, reason] += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._soon())

    async def flush(self) -> None:
        """Write what was counted; what cannot be written now is kept."""
        counts, self._counts = self._counts, Counter()
        for (workspace_id, workflow_id, trigger, reason), number in counts.items():
            try:
                async with self._database.workspace(workspace_id) as scope:
                    await records.turned_away(scope, workflow_id, trigger=trigger, reason=reason, number=number)
            except FlowError:
                self._counts[workspace_id, workflow_id, trigger, reason] += number

    async def close(self) -> None:
        """Write the rest."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def _soon(self) -> None:
        await asyncio.sleep(_EVERY)
        await self.flush()
