"""What happened in a run, numbered from 1: written live in segments, kept with the run when it is over.

An event is a JSON object whose `n` is its number. A replay repeats events; whatever overlaps is read once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flov7.kit import json
from flov7.kit.errors import FlowError
from flov7.store import tables
from flov7.store.batches import Batcher
from flov7.store.failures import translated
from flov7.store.scope import Scope
from flov7.store.vault import Pool, Sealer, Vault

TABLE = "execution_events"
Event = Mapping[str, Any]


@dataclass(frozen=True)
class _Segment:
    execution_id: str
    workspace_id: str
    first: int
    last: int
    body: bytes
    status: str | None


_APPEND = """
WITH input AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::bytea[], $6::text[])
         AS i(execution_id, workspace_id, first, last, body, status)
), written AS (
    INSERT INTO execution_events AS e (execution_id, workspace_id, first, last, body)
    SELECT execution_id, workspace_id, first, last, body FROM input i
    WHERE NOT EXISTS (
        SELECT 1 FROM workflow_executions w WHERE w.id = i.execution_id AND w.finished_at IS NOT NULL)
    ON CONFLICT (execution_id, first) DO UPDATE SET last = excluded.last, body = excluded.body
    WHERE e.last < excluded.last
)
UPDATE workflow_executions w SET status = i.status
FROM (SELECT DISTINCT ON (execution_id) * FROM input WHERE status IS NOT NULL ORDER BY execution_id, last DESC) i
WHERE w.id = i.execution_id AND w.finished_at IS NULL AND w.status <> i.status
  AND NOT EXISTS (SELECT 1 FROM execution_events e WHERE e.execution_id = i.execution_id AND e.last > i.last)
"""


class Events:
    """Runs as the engine; commits by itself."""

    def __init__(self, pool: Pool, *, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault
        self._batcher: Batcher[_Segment, None] = Batcher(self._write)

    async def append(
        self, execution_id: str, *, workspace_id: str, events: Sequence[Event], status: str | None = None
    ) -> None:
        """Commit these events (ascending `n`); repetitions and events of a finished run change nothing.

        `status` is the run's after the last of them. It is written in the same commit, so that nobody who dies in
        between leaves a run that shows another status than its events say; where a later event lies already, its
        status stays.
        """
        if not events:
            return
        sealer = await self._vault.sealer(workspace_id)
        first, last = int(events[0]["n"]), int(events[-1]["n"])
        body = sealer.seal(json.dumps(list(events)), table=TABLE, row=_segment(execution_id, first))
        await self._batcher.submit(_Segment(execution_id, workspace_id, first, last, body, status))

    async def last(self, execution_id: str) -> int:
        """The number of the last event that was written live; 0 where there is none."""
        with translated():
            found = await self._pool.fetchval(
                "SELECT max(last) FROM execution_events WHERE execution_id = $1", execution_id
            )
        return int(found or 0)

    async def close(self) -> None:
        """Write out what was taken."""
        await self._batcher.close()

    async def _write(self, items: Sequence[_Segment]) -> list[FlowError | None]:
        # The longest of segments that begin alike: one statement may not meet a row twice.
        best: dict[tuple[str, int], _Segment] = {}
        for item in items:
            known = best.get((item.execution_id, item.first))
            if known is None or known.last < item.last:
                best[item.execution_id, item.first] = item
        rows = [(s.execution_id, s.workspace_id, s.first, s.last, s.body, s.status) for s in best.values()]
        await self._pool.execute(_APPEND, *(list(column) for column in zip(*rows, strict=True)))
        return [None] * len(items)


def seal_all(sealer: Sealer, execution_id: str, events: Sequence[Event]) -> bytes:
    """All events of a finished run, as they lie in its row."""
    return sealer.seal(json.dumps(list(events)), table=tables.workflow_executions.name, row=f"{execution_id}/events")


async def read(scope: Scope, execution_id: str, *, after: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
    """Events with a number above `after`, in order, each once; empty where there is no such run."""
    runs, segments = tables.workflow_executions, tables.execution_events
    whole = await scope.row(scope.select(runs, runs.c.events).where(runs.c.id == execution_id))
    found: dict[int, dict[str, Any]] = {}
    if whole is not None and whole["events"] is not None:
        kept = await scope.open(whole["events"], table=runs.name, row=f"{execution_id}/events")
        found = {event["n"]: event for event in kept if event["n"] > after}
    else:
        statement = scope.select(segments).where(segments.c.execution_id == execution_id, segments.c.last > after)
        for row in await scope.rows(statement.order_by(segments.c.first)):
            body = await scope.open(row["body"], table=TABLE, row=_segment(execution_id, row["first"]))
            found.update((event["n"], event) for event in body if event["n"] > after and event["n"] not in found)
    return [found[n] for n in sorted(found)][:limit]


def _segment(execution_id: str, first: int) -> str:
    return f"{execution_id}/{first}"
