"""Runs as the engine writes them: a row when one begins, the whole of it when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from flov7.kit import json
from flov7.kit.errors import FlowError
from flov7.store.batches import Batcher
from flov7.store.events import Event, Events, seal_all
from flov7.store.executions import SEALED, TABLE, Execution
from flov7.store.journal import fenced
from flov7.store.vault import Pool, Vault

Finished = Literal["saved", "already"]


@dataclass(frozen=True)
class _Final:
    row: tuple[Any, ...]
    epoch: int | None
    execution_id: str = field(default="")


_PLAIN = [
    "id",
    "workspace_id",
    "workflow_id",
    "workflow_version",
    "plan_digest",
    "mode",
    "status",
    "trigger",
    "event_id",
    "rerun_of",
    "parent_id",
    "created_at",
    "started_at",
    "finished_at",
]
_KINDS = {
    "workflow_version": "int",
    "created_at": "timestamptz",
    "started_at": "timestamptz",
    "finished_at": "timestamptz",
    "event_count": "int",
    "events": "bytea",
    **dict.fromkeys(SEALED, "bytea"),
}
_NAMES = [*_PLAIN, *SEALED, "event_count", "events"]
_COLUMNS = ", ".join(_NAMES)
_ARRAYS = ", ".join(f"${n}::{_KINDS.get(name, 'text')}[]" for n, name in enumerate(_NAMES, start=1))
_BEGIN = f"""
INSERT INTO workflow_executions ({_COLUMNS}) SELECT {_COLUMNS} FROM unnest({_ARRAYS}) AS t({_COLUMNS}) ON CONFLICT (id) DO NOTHING
"""  # noqa: S608 - constants only
_FINISH = f"""
WITH input AS (
    SELECT * FROM unnest({_ARRAYS}, ${len(_NAMES) + 1}::int[]) AS t({_COLUMNS}, epoch)
), held AS (
    UPDATE journal j SET state = 'done', payload = NULL, outputs = NULL, lease_owner = NULL, lease_until = NULL
    FROM input i WHERE j.execution_id = i.id AND (i.epoch IS NULL OR j.lease_epoch = i.epoch)
    RETURNING j.execution_id
), allowed AS (
    SELECT {_COLUMNS} FROM input i WHERE i.epoch IS NULL OR i.id IN (SELECT execution_id FROM held)
), tidied AS (
    DELETE FROM execution_events e USING allowed a WHERE e.execution_id = a.id
), saved AS (
    INSERT INTO workflow_executions AS w ({_COLUMNS}) SELECT {_COLUMNS} FROM allowed
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, mode = excluded.mode, finished_at = excluded.finished_at,
        started_at = coalesce(w.started_at, excluded.started_at), output = excluded.output, error = excluded.error,
        unmet = excluded.unmet, handled = excluded.handled, event_count = excluded.event_count,
        events = excluded.events, input = coalesce(w.input, excluded.input)
    WHERE w.finished_at IS NULL
    RETURNING id
)
SELECT a.id, s.id IS NOT NULL AS saved FROM allowed a LEFT JOIN saved s USING (id)
"""  # noqa: S608


class Executions:
    """The engine's writing side; commits by itself."""

    def __init__(self, pool: Pool, *, vault: Vault, events: Events) -> None:
        self._pool = pool
        self._vault = vault
        self._events = events
        self._beginning: Batcher[tuple[Any, ...], None] = Batcher(self._write_begun)
        self._finishing: Batcher[_Final, Finished] = Batcher(self._write_finished)

    async def begin(self, execution: Execution) -> None:
        """Commit that a run exists; a repetition changes nothing."""
        await self._beginning.submit(await self._row(execution, events=None))

    async def finish(self, execution: Execution, *, events: Sequence[Event], epoch: int | None = None) -> Finished:
        """Commit the end, all events and the journal's `done` in one: the run is one row from now on.

        With `epoch` (express) only under the lease that has it: else `Conflict` `journal.fenced`. `already` where
        the run was finished before; what was written then stays.
        """
        row = await self._row(execution, events=events)
        return await self._finishing.submit(_Final(row, epoch, execution.id))

    async def close(self) -> None:
        """Write out what was taken."""
        for batcher in (self._beginning, self._finishing):
            await batcher.close()

    async def _row(self, run: Execution, *, events: Sequence[Event] | None) -> tuple[Any, ...]:
        sealer = await self._vault.sealer(run.workspace_id)

        def seal(name: str, value: Any) -> bytes | None:
            return None if value is None else sealer.seal(json.dumps(value), table=TABLE, row=f"{run.id}/{name}")

        plain = (getattr(run, name) for name in _PLAIN)
        closed = (seal(name, getattr(run, name)) for name in SEALED)
        packed = None if events is None else seal_all(sealer, run.id, events)
        count = run.event_count if events is None else len(events)
        return (*plain, *closed, count, packed)

    async def _write_begun(self, items: Sequence[tuple[Any, ...]]) -> list[FlowError | None]:
        await self._pool.execute(_BEGIN, *_columns(items))
        return [None] * len(items)

    async def _write_finished(self, items: Sequence[_Final]) -> list[Finished | FlowError]:
        first: dict[str, _Final] = {}
        for item in items:  # a statement may not meet a row twice; a repetition says the same
            first.setdefault(item.execution_id, item)
        rows = [(*item.row, item.epoch) for item in first.values()]
        done = {row["id"]: row["saved"] for row in await self._pool.fetch(_FINISH, *_columns(rows))}
        answers: list[Finished | FlowError] = []
        for item in items:
            saved = done.get(item.execution_id)
            if saved is None:
                answers.append(fenced(item.execution_id))
            else:
                answers.append("saved" if saved and first[item.execution_id] is item else "already")
        return answers


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
