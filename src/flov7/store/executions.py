"""Runs as people read them: one, or a page of them. `flov7.store.recording` is how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import desc, literal_column, select

from flov7.kit import paging
from flov7.store import tables
from flov7.store.scope import Row, Scope

TABLE = "workflow_executions"
ACCEPTED = "accepted"
SEALED = ("input", "output", "error", "unmet", "handled")
"""What of a run may hold the customer's data: it lies sealed."""
_COMMON = "succeeded"


@dataclass(frozen=True, kw_only=True)
class Execution:
    """A run as it is stored. `status` is the engine's word; times are UTC; `input` and `output` are JSON values.

    `error` is `{code, message, primitive?, …}`, `unmet` a list of expectations, `handled` a list of failures.
    """

    id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    plan_digest: str
    mode: str
    status: str
    trigger: str
    event_id: str
    created_at: datetime
    rerun_of: str | None = None
    parent_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    input: Any = None
    output: Any = None
    error: dict[str, Any] | None = None
    unmet: list[Any] | None = None
    handled: list[Any] | None = None
    event_count: int = 0


async def get(scope: Scope, execution_id: str) -> Execution | None:
    """The run with input and output opened. An express run that has only been accepted is made of its journal row."""
    table = tables.workflow_executions
    row = await scope.row(_select(scope).where(table.c.id == execution_id))
    if row is not None:
        return await _opened(scope, row, whole=True)
    journal = tables.journal
    entry = await scope.row(scope.select(journal).where(journal.c.execution_id == execution_id))
    return await _accepted(scope, entry) if entry is not None else None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which runs a list shows; None does not ask."""

    workflow_id: str | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def page(
    scope: Scope, *, wanted: Wanted | None = None, cursor: str | None = None, limit: int | None = None
) -> paging.Page[Execution]:
    """Runs, newest first, without inputs and outputs; those accepted and not yet begun are among them."""
    wanted = wanted or Wanted()
    size = paging.limit(limit)
    before = None if cursor is None else str(paging.decode(cursor, kinds=[str])[0])
    runs = tables.workflow_executions
    statement = _filtered(
        _select(scope), runs.c.id, runs.c.workflow_id, runs.c.created_at, wanted=wanted, before=before
    )
    if wanted.status is not None:
        statement = statement.where(runs.c.status == wanted.status)
        if wanted.status != _COMMON:
            statement = statement.where(runs.c.status != literal_column(f"'{_COMMON}'"))  # lets the index answer
    found = [await _opened(scope, row, whole=False) for row in await scope.rows(statement.limit(size + 1))]
    if wanted.status in (None, ACCEPTED):
        found += await _waiting(scope, wanted=wanted, before=before, limit=size + 1)
        found.sort(key=lambda run: run.id, reverse=True)
    return paging.page(found[: size + 1], size=size, key=lambda run: (run.id,))


async def _waiting(scope: Scope, *, wanted: Wanted, before: str | None, limit: int) -> list[Execution]:
    """Journal rows without a run. `state <> 'done'` lets the small index of what is open answer."""
    journal, runs = tables.journal, tables.workflow_executions
    columns = [column for column in journal.c if column.name not in ("payload", "outputs")]
    statement = scope.select(journal, *columns).where(
        journal.c.state != "done", ~select(runs.c.id).where(runs.c.id == journal.c.execution_id).exists()
    )
    statement = _filtered(
        statement, journal.c.execution_id, journal.c.workflow_id, journal.c.clock, wanted=wanted, before=before
    )
    return [_of_journal(row, payload=None) for row in await scope.rows(statement.limit(limit))]


def _filtered(statement: Any, id_: Any, workflow: Any, created: Any, *, wanted: Wanted, before: str | None) -> Any:
    if wanted.workflow_id is not None:
        statement = statement.where(workflow == wanted.workflow_id)
    if wanted.since is not None:
        statement = statement.where(created >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(created < wanted.until)
    if before is not None:
        statement = statement.where(id_ < before)
    return statement.order_by(desc(id_))


def _select(scope: Scope) -> Any:
    table = tables.workflow_executions
    return scope.select(table, *(column for column in table.c if column.name != "events"))


async def _opened(scope: Scope, row: Row, *, whole: bool) -> Execution:
    """Opened; without `whole` input and output, which may be large, are left out."""
    for name in SEALED:
        wanted = whole or name not in ("input", "output")
        row[name] = await scope.open(row[name], table=TABLE, row=f"{row['id']}/{name}") if wanted else None
    return Execution(**row)


async def _accepted(scope: Scope, entry: Row) -> Execution:
    event = await scope.open(entry["payload"], table="journal", row=f"{entry['execution_id']}/payload")
    return _of_journal(entry, payload=event)


def _of_journal(entry: Row, *, payload: Any) -> Execution:
    """A run that has no row yet; what the journal keeps of an event has its payload in `payload`."""
    return Execution(
        id=entry["execution_id"],
        workspace_id=entry["workspace_id"],
        workflow_id=entry["workflow_id"],
        workflow_version=entry["workflow_version"],
        plan_digest=entry["plan_digest"],
        mode=entry["mode"],
        status=ACCEPTED,
        trigger=entry["trigger"],
        event_id=entry["event_id"],
        created_at=entry["clock"],
        input=payload.get("payload") if isinstance(payload, dict) else payload,
    )
