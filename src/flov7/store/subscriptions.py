"""Subscriptions: which trigger waits for the outside, how far it has come, and who listens for it now.

`want`, `end` and `of_workflow` run in the gateway's transaction. `Subscriptions` is the listener's side: it runs as
the engine, in every workspace, and commits by itself. A lease has an epoch; whoever claims raises it, and every
write of the former holder is refused from then on. Times are the database's own, so machines' clocks may differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import asc, func

from flov7.kit import json
from flov7.kit.errors import Conflict
from flov7.store import tables
from flov7.store.failures import translated
from flov7.store.scope import Scope
from flov7.store.vault import Pool, Vault

TABLE = "subscriptions"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A trigger that somebody has to listen for.

    `source` is the digest of what is listened to: while it stays, so does how far we have come. `state` is where
    to begin. `config` is `{config, credential}`.
    """

    id: str
    trigger: str
    kind: str
    source: str
    config: dict[str, Any]
    state: Any = None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A subscription as people see it. `held` is whether somebody listens now."""

    id: str
    trigger: str
    kind: str
    source: str
    status: str
    error: dict[str, Any] | None
    delivered: int
    delivered_at: datetime | None
    held: bool


@dataclass(frozen=True, kw_only=True)
class Held:
    """A subscription that we listen for, opened. `live` is false where it has to be ended at its source."""

    id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    plan_digest: str
    trigger: str
    kind: str
    config: dict[str, Any]
    state: Any
    live: bool
    attempts: int
    epoch: int
    created_at: datetime


async def want(
    scope: Scope, workflow_id: str, *, workflow_version: int, plan_digest: str, wishes: Sequence[Wish]
) -> None:
    """From now on the workflow has these subscriptions; others are ended, one of the same source goes on."""
    table = tables.subscriptions
    present = {one.trigger: one for one in await of_workflow(scope, workflow_id)}
    keep = {wish.trigger for wish in wishes if wish.trigger in present and _same(present[wish.trigger], wish)}
    await end(scope, workflow_id, keep=keep)
    for wish in wishes:
        row_id = present[wish.trigger].id if wish.trigger in keep else wish.id
        facts: dict[str, Any] = {
            "workflow_version": workflow_version,
            "plan_digest": plan_digest,
            "config": await scope.seal(wish.config, table=TABLE, row=f"{row_id}/config"),
            "attempts": 0,
            "again_at": func.now(),
            "lease_until": None,  # whoever listens begins again, as this version says
        }
        if wish.trigger in keep:
            statement = scope.update(table, lease_epoch=table.c.lease_epoch + 1, **facts).where(table.c.id == row_id)
            await scope.run(statement)
            continue
        state = None
        if wish.state is not None:
            state = await scope.seal(wish.state, table=TABLE, row=f"{row_id}/state")
        await scope.run(
            scope.insert(
                table,
                id=row_id,
                workflow_id=workflow_id,
                trigger=wish.trigger,
                kind=wish.kind,
                source=wish.source,
                state=state,
                ending=False,
                status="waiting",
                delivered=0,
                lease_epoch=0,
                created_at=func.now(),
                **facts,
            )
        )


def _same(present: Shown, wish: Wish) -> bool:
    return (present.kind, present.source) == (wish.kind, wish.source)


async def end(scope: Scope, workflow_id: str, *, keep: set[str] | frozenset[str] = frozenset()) -> int:
    """Have the workflow's subscriptions ended at their sources, but those of the triggers `keep`; how many."""
    table = tables.subscriptions
    statement = scope.update(
        table, ending=True, again_at=func.now(), attempts=0, lease_until=None, lease_epoch=table.c.lease_epoch + 1
    ).where(table.c.workflow_id == workflow_id, ~table.c.ending)
    if keep:
        statement = statement.where(table.c.trigger.not_in(keep))
    return await scope.run(statement)


async def of_workflow(scope: Scope, workflow_id: str) -> list[Shown]:
    """The workflow's live subscriptions, by trigger."""
    table = tables.subscriptions
    held = (func.coalesce(table.c.lease_until, func.to_timestamp(0)) > func.now()).label("held")
    names = ("id", "trigger", "kind", "source", "status", "error", "delivered", "delivered_at")
    statement = scope.select(table, *(table.c[name] for name in names), held)
    statement = statement.where(table.c.workflow_id == workflow_id, ~table.c.ending).order_by(asc(table.c.trigger))
    return [Shown(**row) for row in await scope.rows(statement)]


_COLUMNS = """s.id, s.workspace_id, s.workflow_id, s.workflow_version, s.plan_digest, s.trigger, s.kind, s.config,
 s.state, s.ending, s.attempts, s.lease_epoch, s.created_at, (SELECT w.id FROM workflows w WHERE w.id = s.workflow_id)
 IS NULL AS orphan"""
_CLAIM = f"""
UPDATE subscriptions s SET lease_owner = $1, lease_until = now() + $2 * interval '1 second',
    lease_epoch = s.lease_epoch + 1
WHERE s.id IN (
    SELECT f.id FROM subscriptions f LEFT JOIN workflows w ON w.id = f.workflow_id
    WHERE (f.lease_until IS NULL OR f.lease_until < now()) AND f.again_at <= now()
      AND (f.ending OR w.id IS NULL OR w.status = 'active')
    ORDER BY f.again_at LIMIT $3 FOR UPDATE OF f SKIP LOCKED)
RETURNING {_COLUMNS}
"""  # noqa: S608 - constants only
_RENEW = """
UPDATE subscriptions s SET lease_until = now() + $2 * interval '1 second'
FROM unnest($3::text[], $4::int[]) AS h(id, epoch)
WHERE s.id = h.id AND s.lease_owner = $1 AND s.lease_epoch = h.epoch
  AND (s.ending OR EXISTS (SELECT 1 FROM workflows w WHERE w.id = s.workflow_id AND w.status = 'active'))
RETURNING s.id
"""
_SAVE = """
UPDATE subscriptions SET state = $3, delivered = delivered + $4, status = 'listening', error = NULL, attempts = 0,
    delivered_at = CASE WHEN $4 > 0 THEN now() ELSE delivered_at END
WHERE id = $1 AND lease_epoch = $2 RETURNING 1
"""
_HEARD = """
UPDATE subscriptions SET status = 'listening', error = NULL, attempts = 0 WHERE id = $1 AND lease_epoch = $2
"""
_FAIL = """
UPDATE subscriptions SET status = 'failing', error = $3, attempts = attempts + 1, lease_until = NULL,
    again_at = now() + $4 * interval '1 second'
WHERE id = $1 AND lease_epoch = $2
"""


class Subscriptions:
    """The listener's side, in all workspaces."""

    def __init__(self, pool: Pool, *, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    async def claim(self, owner: str, *, seconds: float, limit: int) -> list[Held]:
        """Take what nobody listens for, each once however many processes ask."""
        with translated():
            rows = await self._pool.fetch(_CLAIM, owner, seconds, limit)
        return [await self._held(row) for row in rows]

    async def renew(self, owner: str, *, epochs: dict[str, int], seconds: float) -> set[str]:
        """Hold these longer; the ids that are still ours. Others were taken, paused, changed or ended."""
        if not epochs:
            return set()
        with translated():
            rows = await self._pool.fetch(_RENEW, owner, seconds, list(epochs), list(epochs.values()))
        return {row["id"] for row in rows}

    async def save(self, held: Held, *, state: Any, delivered: int) -> None:
        """Remember how far we have come. `Conflict` `subscription.fenced` where another process listens now."""
        sealed = None
        if state is not None:
            row = f"{held.id}/state"
            sealed = await self._vault.seal(held.workspace_id, json.dumps(state), table=TABLE, row=row)
        with translated():
            kept = await self._pool.fetchval(_SAVE, held.id, held.epoch, sealed, delivered)
        if kept is None:
            raise Conflict(
                f"Another process listens for the trigger `{held.trigger}` now.",
                hint="Stop listening; the other one goes on from what was saved.",
                code="subscription.fenced",
            )

    async def heard(self, held: Held) -> None:
        """Note that the source answers."""
        with translated():
            await self._pool.execute(_HEARD, held.id, held.epoch)

    async def fail(self, held: Held, *, error: dict[str, Any], again_in: float) -> None:
        """Note what went wrong, and let anybody try again in so many seconds."""
        with translated():
            await self._pool.execute(_FAIL, held.id, held.epoch, error, again_in)

    async def release(self, held: Held) -> None:
        """Let another process take it at once."""
        with translated():
            await self._pool.execute(
                "UPDATE subscriptions SET lease_until = NULL WHERE id = $1 AND lease_epoch = $2", held.id, held.epoch
            )

    async def forget(self, held: Held) -> None:
        """It is ended at its source: its row goes."""
        with translated():
            await self._pool.execute(
                "DELETE FROM subscriptions WHERE id = $1 AND lease_epoch = $2", held.id, held.epoch
            )

    async def _held(self, row: asyncpg.Record) -> Held:
        facts = dict(row)
        for name in ("config", "state"):
            if facts[name] is not None:
                place = f"{facts['id']}/{name}"
                plain = await self._vault.open(facts["workspace_id"], facts[name], table=TABLE, row=place)
                facts[name] = json.loads(plain)
        ending, orphan = facts.pop("ending"), facts.pop("orphan")
        facts["live"] = not (ending or orphan)
        facts["epoch"] = facts.pop("lease_epoch")
        return Held(**facts)
