"""`Idempotency-Key`: the same request again gets the same answer; another request under the same key is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from flov7.kit.errors import Conflict, Unavailable
from flov7.store import tables
from flov7.store.scope import Scope

TABLE = "idempotency_keys"
_ABANDONED = timedelta(minutes=2)  # a request that began and never answered: its process died


@dataclass(frozen=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: Any


async def begin(scope: Scope, key: str, *, request_digest: str) -> Answer | None:
    """None: go on, and `finish`. An answer: give that. `Conflict` for another request under the key.

    `Unavailable` where the first request is still being worked on. Commit before doing the work.
    """
    table = tables.idempotency_keys
    statement = insert(table).values(
        workspace_id=scope.workspace_id, key=key, request_digest=request_digest, created_at=func.now()
    )
    abandoned = table.c.status.is_(None) & (table.c.created_at < func.now() - _ABANDONED)
    statement = statement.on_conflict_do_update(
        index_elements=["workspace_id", "key"],
        set_={"created_at": func.now()},
        where=abandoned & (table.c.request_digest == request_digest),
    )
    if await scope.row(statement.returning(table.c.key)) is not None:
        return None
    row = await scope.row(scope.select(table).where(table.c.key == key))
    if row is None or (row["request_digest"] == request_digest and row["status"] is None):
        raise Unavailable("The first request with this key is still being worked on.", retry_after=1.0)
    if row["request_digest"] != request_digest:
        raise Conflict(
            "This Idempotency-Key was used for another request.",
            code="idempotency.reused",
            hint="Use a new key for a new request; repeat a request byte for byte.",
        )
    return Answer(row["status"], await scope.open(row["answer"], table=TABLE, row=key))


async def finish(scope: Scope, key: str, *, status: int, body: Any) -> None:
    """Keep the answer for the next time."""
    table = tables.idempotency_keys
    answer = await scope.seal(body, table=TABLE, row=key)
    await scope.run(scope.update(table, status=status, answer=answer).where(table.c.key == key))


async def abandon(scope: Scope, key: str) -> None:
    """The work failed and may be tried again under the same key."""
    table = tables.idempotency_keys
    await scope.run(scope.delete(table).where(table.c.key == key, table.c.status.is_(None)))


async def forget(scope: Scope, *, before: datetime) -> int:
    """Delete keys older than that; how many."""
    table = tables.idempotency_keys
    return await scope.run(scope.delete(table).where(table.c.created_at < before))
