"""What is noted beside the work: who did what, which alert was sent, how many events were turned away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import desc, func
from sqlalchemy.dialects.postgresql import insert

from flov7.kit import paging
from flov7.kit.ids import new_id
from flov7.kit.redaction import redact
from flov7.store import tables
from flov7.store.scope import Scope


@dataclass(frozen=True)
class AuditEntry:
    """`who` is a key or a user, `what` a verb like `workflow.activate`, `target` the id of what it was done to."""

    id: str
    workspace_id: str
    who: str
    what: str
    target: str
    details: dict[str, Any]
    request_id: str | None
    at: datetime


async def audit(
    scope: Scope,
    *,
    who: str,
    what: str,
    target: str,
    details: dict[str, Any] | None = None,
    request_id: str | None = None,
) -> None:
    """Note it in the transaction that does it; secrets in `details` are masked. It cannot be changed later."""
    statement = scope.insert(
        tables.audit_log,
        id=new_id(),
        who=who,
        what=what,
        target=target,
        details=redact(details or {}),
        request_id=request_id,
        at=func.now(),
    )
    await scope.run(statement)


async def audit_page(
    scope: Scope, *, target: str | None = None, cursor: str | None = None, limit: int | None = None
) -> paging.Page[AuditEntry]:
    """The audit log, newest first."""
    table = tables.audit_log
    size = paging.limit(limit)
    statement = scope.select(table).order_by(desc(table.c.id)).limit(size + 1)
    if target is not None:
        statement = statement.where(table.c.target == target)
    if cursor is not None:
        statement = statement.where(table.c.id < paging.decode(cursor, kinds=[str])[0])
    rows = [AuditEntry(**row) for row in await scope.rows(statement)]
    return paging.page(rows, size=size, key=lambda entry: (entry.id,))


async def first_notice(scope: Scope, execution_id: str, *, kind: str) -> bool:
    """Whether this alert of this run is to be sent now: true once, however often and wherever it is asked."""
    statement = insert(tables.notices).values(
        id=new_id(), workspace_id=scope.workspace_id, execution_id=execution_id, kind=kind, at=func.now()
    )
    return await scope.row(statement.on_conflict_do_nothing().returning(tables.notices.c.id)) is not None


async def turned_away(scope: Scope, workflow_id: str, *, trigger: str, reason: str, number: int = 1) -> None:
    """Count events that made no run: `when` said no, the signature was wrong, the payload too large."""
    table = tables.turned_away
    statement = insert(table).values(
        workspace_id=scope.workspace_id,
        workflow_id=workflow_id,
        trigger=trigger,
        reason=reason,
        day=func.current_date(),
        count=number,
    )
    keys = ["workspace_id", "workflow_id", "trigger", "reason", "day"]
    await scope.run(statement.on_conflict_do_update(index_elements=keys, set_={"count": table.c.count + number}))


async def turned_away_counts(scope: Scope, workflow_id: str) -> dict[tuple[str, str], int]:
    """`{(trigger, reason): count}` of all days."""
    table = tables.turned_away
    statement = scope.select(table, table.c.trigger, table.c.reason, func.sum(table.c.count).label("count"))
    rows = await scope.rows(
        statement.where(table.c.workflow_id == workflow_id).group_by(table.c.trigger, table.c.reason)
    )
    return {(row["trigger"], row["reason"]): int(row["count"]) for row in rows}
