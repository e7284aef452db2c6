"""The effect ledger's rows: reserve before doing, record or release after. Written in groups, each commits.

What an answer means is the engine's to decide (`flov7.engine.ledger`); here is only what is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

import asyncpg
from sqlalchemy import asc

from flov7.kit import json
from flov7.kit.errors import Conflict, FlowError
from flov7.store import tables
from flov7.store.batches import Batcher
from flov7.store.journal import TABLE as JOURNAL
from flov7.store.journal import fenced
from flov7.store.scope import Scope
from flov7.store.vault import Connection, Pool, Vault

TABLE = "effects"
State = Literal["reserved", "recorded", "released", "in_doubt"]


@dataclass(frozen=True)
class EffectKey:
    """Which effect: `path` is the iteration path ("" outside of loops), `call` counts calls of one primitive."""

    execution_id: str
    primitive: str
    path: str = ""
    call: int = 0

    @property
    def row(self) -> str:
        """Its place in one text, for sealing."""
        return f"{self.execution_id}/{self.primitive}/{self.path}/{self.call}"


@dataclass(frozen=True, kw_only=True)
class Reserve:
    """A wish to do an effect. With `epoch`, only while the journal's lease has it; `outputs` go there with it.

    `again` takes a row that is reserved or in doubt as well: for effects that may be repeated. `again_after` takes it
    once, after so many attempts: a person said so, and a crash in that attempt needs another word.
    """

    key: EffectKey
    workspace_id: str
    effect: str
    idempotency_key: str
    input_digest: str
    again: bool = False
    again_after: int = 0
    epoch: int | None = None
    outputs: Any = None


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """`granted`: go and do it. Otherwise what an earlier attempt left: its state, and its output if recorded."""

    granted: bool
    state: State
    attempts: int
    output: Any = None
    input_digest: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, kw_only=True)
class EffectRow:
    """One effect of a run, for people."""

    key: EffectKey
    state: State
    effect: str
    idempotency_key: str
    input_digest: str
    output: Any
    attempts: int
    reserved_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class _Settle:
    key: EffectKey
    state: State
    output: bytes | None


_RESERVE = """
WITH input AS (
    SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[],
                         $9::text[], $10::bool[], $11::int[], $12::bytea[], $13::int[])
    AS t(n, execution_id, primitive, path, call, workspace_id, effect, key, input_digest, again, epoch, outputs, again_after)
), held AS (
    UPDATE journal j SET outputs = coalesce(i.outputs, j.outputs)
    FROM (SELECT DISTINCT ON (execution_id, epoch) * FROM input WHERE epoch IS NOT NULL
          ORDER BY execution_id, epoch, outputs IS NULL, n DESC) i
    WHERE j.execution_id = i.execution_id AND j.lease_epoch = i.epoch AND j.state <> 'done'
    RETURNING j.execution_id, j.lease_epoch
), allowed AS (
    SELECT * FROM input i WHERE epoch IS NULL
    OR EXISTS (SELECT 1 FROM held h WHERE h.execution_id = i.execution_id AND h.lease_epoch = i.epoch)
), made AS (
    INSERT INTO effects AS e (execution_id, primitive, path, call, workspace_id, state, effect, key, input_digest,
                              attempts, reserved_at)
    SELECT execution_id, primitive, path, call, workspace_id, 'reserved', effect, key, input_digest, 1 + again_after, now()
    FROM allowed WHERE NOT again
    ON CONFLICT (execution_id, primitive, path, call) DO UPDATE
    SET state = 'reserved', attempts = e.attempts + 1, reserved_at = now(), settled_at = NULL,
        key = excluded.key, input_digest = excluded.input_digest
    WHERE e.state = 'released' OR (e.state <> 'recorded' AND e.attempts = excluded.attempts - 1)
    RETURNING execution_id, primitive, path, call, attempts
), remade AS (
    INSERT INTO effects AS e (execution_id, primitive, path, call, workspace_id, state, effect, key, input_digest,
                              attempts, reserved_at)
    SELECT execution_id, primitive, path, call, workspace_id, 'reserved', effect, key, input_digest, 1, now()
    FROM allowed WHERE again
    ON CONFLICT (execution_id, primitive, path, call) DO UPDATE
    SET state = 'reserved', attempts = e.attempts + 1, reserved_at = now(), settled_at = NULL,
        key = excluded.key, input_digest = excluded.input_digest
    WHERE e.state <> 'recorded'
    RETURNING execution_id, primitive, path, call, attempts
)
SELECT i.n, m.attempts, a.n IS NOT NULL AS allowed FROM input i
LEFT JOIN (SELECT * FROM made UNION ALL SELECT * FROM remade) m USING (execution_id, primitive, path, call)
LEFT JOIN allowed a USING (n)
"""
_FOUND = """
SELECT i.n, e.state, e.attempts, e.output, e.input_digest, e.key
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::int[]) AS i(n, execution_id, primitive, path, call)
JOIN effects e USING (execution_id, primitive, path, call)
"""
_SETTLE = """
UPDATE effects e SET state = i.state, output = coalesce(i.output, e.output), settled_at = now()
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::bytea[])
     AS i(n, execution_id, primitive, path, call, state, output)
WHERE e.execution_id = i.execution_id AND e.primitive = i.primitive AND e.path = i.path AND e.call = i.call
  AND e.state IN ('reserved', 'in_doubt')
RETURNING i.n
"""


class Effects:
    """Runs as the engine; commits by itself."""

    def __init__(self, pool: Pool, *, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault
        self._reserving: Batcher[tuple[Reserve, bytes | None], Reservation] = Batcher(self._write_reserves)
        self._settling: Batcher[_Settle, bool] = Batcher(self._write_settles)

    async def reserve(self, wish: Reserve) -> Reservation:
        """Commit the intent. `Conflict` `journal.fenced` where `epoch` is not the lease's any more.

        `Unavailable` leaves open whether the intent was written; nothing was done, so ask again with `again`.
        """
        outputs = None
        if wish.outputs is not None:
            row = f"{wish.key.execution_id}/outputs"
            outputs = await self._vault.seal(wish.workspace_id, json.dumps(wish.outputs), table=JOURNAL, row=row)
        found = await self._reserving.submit((wish, outputs))
        if isinstance(found.output, bytes):
            plain = await self._vault.open(wish.workspace_id, found.output, table=TABLE, row=wish.key.row)
            return Reservation(**{**vars(found), "output": json.loads(plain)})
        return found

    async def record(self, key: EffectKey, *, workspace_id: str, output: Any) -> None:
        """Commit that it happened, with what came back. `Conflict` `effect.settled` unless reserved or in doubt."""
        sealed = await self._vault.seal(workspace_id, json.dumps(output), table=TABLE, row=key.row)
        await self._settle(_Settle(key, "recorded", sealed))

    async def release(self, key: EffectKey) -> None:
        """Commit that it surely did not happen: it may be tried again."""
        await self._settle(_Settle(key, "released", None))

    async def doubt(self, key: EffectKey) -> None:
        """Commit that nobody knows whether it happened: a person answers."""
        await self._settle(_Settle(key, "in_doubt", None))

    async def close(self) -> None:
        """Write out what was taken."""
        await self._reserving.close()
        await self._settling.close()

    async def _settle(self, item: _Settle) -> None:
        if not await self._settling.submit(item):
            raise Conflict(
                f"The effect of {item.key.primitive} is neither reserved nor in doubt.",
                code="effect.settled",
                hint="Look at the run: it was settled before.",
            )

    async def _write_reserves(self, items: Sequence[tuple[Reserve, bytes | None]]) -> list[Reservation | FlowError]:
        answers: dict[int, Reservation | FlowError] = {}
        async with self._pool.acquire() as connection, connection.transaction():
            for round_ in _rounds(items):
                answers.update(await _reserve(connection, round_))
        return [answers[n] for n in range(len(items))]

    async def _write_settles(self, items: Sequence[_Settle]) -> list[bool]:
        rows = [(n, *_key(item.key), item.state, item.output) for n, item in enumerate(items)]
        done = await self._pool.fetch(_SETTLE, *_columns(rows))
        settled = {row["n"] for row in done}
        return [n in settled for n in range(len(items))]


async def of_execution(scope: Scope, execution_id: str) -> list[EffectRow]:
    """All effects of a run, in the order they were first wanted."""
    table = tables.effects
    statement = scope.select(table).where(table.c.execution_id == execution_id)
    rows = await scope.rows(statement.order_by(asc(table.c.reserved_at), asc(table.c.primitive), asc(table.c.call)))
    found: list[EffectRow] = []
    for row in rows:
        key = EffectKey(row["execution_id"], row["primitive"], row["path"], row["call"])
        output = await scope.open(row["output"], table=TABLE, row=key.row)
        found.append(
            EffectRow(
                key=key,
                state=row["state"],
                effect=row["effect"],
                idempotency_key=row["key"],
                input_digest=row["input_digest"],
                output=output,
                attempts=row["attempts"],
                reserved_at=row["reserved_at"],
                settled_at=row["settled_at"],
            )
        )
    return found


_Numbered = list[tuple[int, tuple[Reserve, bytes | None]]]


def _rounds(items: Sequence[tuple[Reserve, bytes | None]]) -> list[_Numbered]:
    """One statement may not meet a row twice: a second wish for the same effect comes in a second round."""
    rounds: list[_Numbered] = []
    seen: list[set[EffectKey]] = []
    for n, item in enumerate(items):
        place = next((k for k, keys in enumerate(seen) if item[0].key not in keys), len(rounds))
        if place == len(rounds):
            rounds.append([])
            seen.append(set())
        rounds[place].append((n, item))
        seen[place].add(item[0].key)
    return rounds


async def _reserve(connection: Connection, items: _Numbered) -> dict[int, Reservation | FlowError]:
    rows = [
        (
            n,
            *_key(w.key),
            w.workspace_id,
            w.effect,
            w.idempotency_key,
            w.input_digest,
            w.again,
            w.epoch,
            outputs,
            w.again_after,
        )
        for n, (w, outputs) in items
    ]
    answers: dict[int, Reservation | FlowError] = {}
    wishes = {n: wish for n, (wish, _) in items}
    for row in await connection.fetch(_RESERVE, *_columns(rows)):
        if row["attempts"] is not None:
            answers[row["n"]] = Reservation(granted=True, state="reserved", attempts=row["attempts"])
        elif not row["allowed"]:
            answers[row["n"]] = fenced(wishes[row["n"]].key.execution_id)
    missing = [(n, *_key(wish.key)) for n, wish in wishes.items() if n not in answers]
    if missing:
        found = await connection.fetch(_FOUND, *_columns(missing))
        answers.update((row["n"], _reservation(row)) for row in found)
    return answers


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _key(key: EffectKey) -> tuple[str, str, str, int]:
    return key.execution_id, key.primitive, key.path, key.call


def _reservation(row: asyncpg.Record) -> Reservation:
    return Reservation(
        granted=False,
        state=cast(State, row["state"]),
        attempts=row["attempts"],
        output=row["output"],
        input_digest=row["input_digest"],
        idempotency_key=row["key"],
    )
