"""The journal: what was accepted, before anything ran. One event, one run; a lease says who works on it.

An express run is worked on under a lease with an epoch. Whoever claims an expired one raises the epoch, and every
write of the former holder is refused from then on (`journal.fenced`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import asyncpg

from flov7.kit import json
from flov7.kit.errors import Conflict, FlowError
from flov7.store.batches import Batcher
from flov7.store.failures import translated
from flov7.store.vault import Pool, Vault

TABLE = "journal"
State = Literal["accepted", "started", "done"]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """An event to accept. Without an `event_id` of the sender it is its own event: give the execution's id.

    `payload` is what a run is started with: `{payload, headers?, …}`; its `payload` is shown as the run's input.
    """

    execution_id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    plan_digest: str
    mode: str
    trigger: str
    event_id: str
    payload: Any
    clock: datetime
    seed: int
    lease_owner: str | None = None
    lease_until: datetime | None = None


@dataclass(frozen=True)
class Accepted:
    """The run of an event: ours if `created`, else the one that the first delivery made."""

    execution_id: str
    created: bool
    state: State


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A journal row, opened. `outputs` are an express run's so far; `epoch` is what its writes must show."""

    execution_id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    plan_digest: str
    mode: str
    trigger: str
    event_id: str
    payload: Any
    clock: datetime
    seed: int
    state: State
    epoch: int
    lease_owner: str | None
    lease_until: datetime | None
    outputs: Any


_ACCEPT = """
INSERT INTO journal (execution_id, workspace_id, workflow_id, workflow_version, plan_digest, mode, trigger, event_id,
                     payload, clock, seed, lease_owner, lease_until, lease_epoch, state)
SELECT *, 1, 'accepted' FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[],
                     $8::text[], $9::bytea[], $10::timestamptz[], $11::bigint[], $12::text[], $13::timestamptz[])
ON CONFLICT (workspace_id, workflow_id, event_id) DO NOTHING
RETURNING execution_id
"""
_FIRST = """
SELECT i.n, j.execution_id, j.state
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]) AS i(n, workspace_id, workflow_id, event_id)
JOIN journal j USING (workspace_id, workflow_id, event_id)
"""
_COLUMNS = """execution_id, workspace_id, workflow_id, workflow_version, plan_digest, mode, trigger, event_id, payload,
 clock, seed, state, lease_epoch, lease_owner, lease_until, outputs"""
_CLAIM = f"""
UPDATE journal SET lease_owner = $1, lease_until = $3, lease_epoch = lease_epoch + 1
WHERE execution_id IN (
    SELECT execution_id FROM journal WHERE state <> 'done' AND lease_until < $2
    ORDER BY lease_until LIMIT $4 FOR UPDATE SKIP LOCKED)
RETURNING {_COLUMNS}
"""  # noqa: S608 - constants only
_HAND_OVER = f"""
UPDATE journal SET state = 'accepted', mode = $3, lease_until = now() + $4 * interval '1 second',
    lease_epoch = lease_epoch + 1
WHERE execution_id = $1 AND lease_epoch = $2 AND state <> 'done' RETURNING {_COLUMNS}
"""  # noqa: S608
_RENEW = """
UPDATE journal SET lease_until = $3 WHERE execution_id = $1 AND lease_epoch = $2 AND state <> 'done' RETURNING 1
"""
_RENEW_ALL = """
UPDATE journal j SET lease_until = $3 FROM unnest($1::text[], $2::int[]) AS h(execution_id, epoch)
WHERE j.execution_id = h.execution_id AND j.lease_epoch = h.epoch AND j.state <> 'done' RETURNING j.execution_id
"""
_OUTPUTS = """
UPDATE journal SET outputs = $3 WHERE execution_id = $1 AND lease_epoch = $2 AND state <> 'done' RETURNING 1
"""


class Journal:
    """Runs as the engine; commits by itself."""

    def __init__(self, pool: Pool, *, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault
        self._batcher: Batcher[tuple[Arrival, bytes], Accepted] = Batcher(self._write)

    async def accept(self, arrival: Arrival) -> Accepted:
        """Commit the event, or find the run that an earlier delivery of it made."""
        sealer = await self._vault.sealer(arrival.workspace_id)
        payload = sealer.seal(json.dumps(arrival.payload), table=TABLE, row=_row(arrival.execution_id, "payload"))
        return await self._batcher.submit((arrival, payload))

    async def find(self, workspace_id: str, *, workflow_id: str, event_id: str) -> Accepted | None:
        """The run that this event made, if it was seen before."""
        with translated():
            row = await self._pool.fetchrow(
                "SELECT execution_id, state FROM journal WHERE workspace_id = $1 AND workflow_id = $2 AND event_id = $3",
                workspace_id,
                workflow_id,
                event_id,
            )
        return Accepted(row["execution_id"], created=False, state=row["state"]) if row else None

    async def get(self, execution_id: str) -> Entry | None:
        """The row of this run, opened."""
        with translated():
            row = await self._pool.fetchrow(f"SELECT {_COLUMNS} FROM journal WHERE execution_id = $1", execution_id)  # noqa: S608
        return await self._entry(row) if row else None

    async def get_all(self, execution_ids: Sequence[str]) -> list[Entry]:
        """The rows of these runs, opened, in no order; those that are not there are left out."""
        with translated():
            rows = await self._pool.fetch(
                f"SELECT {_COLUMNS} FROM journal WHERE execution_id = ANY($1::text[])",  # noqa: S608
                list(execution_ids),
            )
        return [await self._entry(row) for row in rows]

    async def claim_expired(self, owner: str, *, now: datetime, until: datetime, limit: int = 100) -> list[Entry]:
        """Take over runs whose lease ended before `now`, each once however many processes ask; epochs go up."""
        with translated():
            rows = await self._pool.fetch(_CLAIM, owner, now, until, limit)
        return [await self._entry(row) for row in rows]

    async def renew(self, execution_id: str, *, epoch: int, until: datetime) -> None:
        """Hold the lease longer. `Conflict` `journal.fenced` where another process has taken the run."""
        with translated():
            held = await self._pool.fetchval(_RENEW, execution_id, epoch, until)
        _fence(held, execution_id)

    async def renew_all(self, epochs: Mapping[str, int], *, until: datetime) -> set[str]:
        """Hold these leases longer, in one statement; the ids that are still held."""
        with translated():
            rows = await self._pool.fetch(_RENEW_ALL, list(epochs), list(epochs.values()), until)
        return {row["execution_id"] for row in rows}

    async def save_outputs(self, execution_id: str, *, workspace_id: str, epoch: int, outputs: Any) -> None:
        """Keep what an express run has so far, under its epoch. `Conflict` `journal.fenced`."""
        sealed = await self.seal_outputs(execution_id, workspace_id=workspace_id, outputs=outputs)
        with translated():
            held = await self._pool.fetchval(_OUTPUTS, execution_id, epoch, sealed)
        _fence(held, execution_id)

    async def seal_outputs(self, execution_id: str, *, workspace_id: str, outputs: Any) -> bytes:
        """The outputs as they lie in the journal."""
        row = _row(execution_id, "outputs")
        return await self._vault.seal(workspace_id, json.dumps(outputs), table=TABLE, row=row)

    async def hand_over(self, execution_id: str, *, epoch: int, mode: str = "durable", seconds: float = 15.0) -> Entry:
        """Give an express run to another runtime under the same id; the epoch goes up, the outputs so far stay.

        Until `start` says that the other runtime has it, the lease runs: after `seconds` somebody else tries.
        """
        with translated():
            row = await self._pool.fetchrow(_HAND_OVER, execution_id, epoch, mode, seconds)
        _fence(row, execution_id)
        assert row is not None
        return await self._entry(row)

    async def start(self, execution_id: str) -> None:
        """Note that a durable run is in Temporal's hands: nobody has to start it again."""
        with translated():
            await self._pool.execute(
                "UPDATE journal SET state = 'started', lease_owner = NULL, lease_until = NULL "
                "WHERE execution_id = $1 AND state = 'accepted'",
                execution_id,
            )

    async def waiting(self) -> int:
        """How many were accepted and neither started nor finished: the backlog."""
        with translated():
            return int(await self._pool.fetchval("SELECT count(*) FROM journal WHERE state = 'accepted'") or 0)

    async def forget(self, before: datetime, *, limit: int = 10_000) -> int:
        """Delete finished entries older than that; their events' ids may make a run again."""
        with translated():
            done = await self._pool.execute(
                "DELETE FROM journal WHERE execution_id IN (SELECT execution_id FROM journal "
                "WHERE state = 'done' AND clock < $1 LIMIT $2)",
                before,
                limit,
            )
        return int(done.rpartition(" ")[2])

    async def close(self) -> None:
        """Write out what was taken."""
        await self._batcher.close()

    async def _write(self, items: Sequence[tuple[Arrival, bytes]]) -> list[Accepted | FlowError]:
        columns = zip(*(_values(arrival, payload) for arrival, payload in items), strict=True)
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(_ACCEPT, *(list(column) for column in columns))
            made = {row["execution_id"] for row in rows}
            answers: list[Accepted | None] = [
                Accepted(a.execution_id, created=True, state="accepted") if a.execution_id in made else None
                for a, _ in items
            ]
            again = [n for n, answer in enumerate(answers) if answer is None]
            if again:
                keys = [(n, items[n][0].workspace_id, items[n][0].workflow_id, items[n][0].event_id) for n in again]
                for row in await connection.fetch(_FIRST, *(list(part) for part in zip(*keys, strict=True))):
                    # Our own id: the commit of a first try whose answer was lost.
                    ours = row["execution_id"] == items[row["n"]][0].execution_id
                    answers[row["n"]] = Accepted(row["execution_id"], created=ours, state=row["state"])
        return [answer or _vanished() for answer in answers]

    async def _entry(self, row: asyncpg.Record) -> Entry:
        facts = dict(row)
        facts["epoch"] = facts.pop("lease_epoch")
        for name in ("payload", "outputs"):
            if facts[name] is not None:
                place = _row(facts["execution_id"], name)
                plain = await self._vault.open(facts["workspace_id"], facts[name], table=TABLE, row=place)
                facts[name] = json.loads(plain)
        return Entry(**facts)


def _values(arrival: Arrival, payload: bytes) -> tuple[Any, ...]:
    return (
        arrival.execution_id,
        arrival.workspace_id,
        arrival.workflow_id,
        arrival.workflow_version,
        arrival.plan_digest,
        arrival.mode,
        arrival.trigger,
        arrival.event_id,
        payload,
        arrival.clock,
        arrival.seed,
        arrival.lease_owner,
        arrival.lease_until,
    )


def _row(execution_id: str, name: str) -> str:
    return f"{execution_id}/{name}"


def fenced(execution_id: str) -> Conflict:
    """What a holder hears whose run another process has taken."""
    return Conflict(
        f"The run {execution_id} is worked on by another process now.",
        code="journal.fenced",
        hint="Stop working on it; the other process goes on from what was saved.",
    )


def _vanished() -> Conflict:
    return Conflict("The first run of this event was just forgotten.", hint="Send it again.", code="journal.vanished")


def _fence(held: object, execution_id: str) -> None:
    if held is None:
        raise fenced(execution_id)
