"""Workflows: a name, a status, and which of their versions is current and which one is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import desc, func, tuple_

from flov7.kit import paging
from flov7.kit.errors import Conflict, NotFound
from flov7.kit.ids import new_id
from flov7.store import tables, versions
from flov7.store.scope import Scope

Status = Literal["draft", "active", "paused", "archived"]


@dataclass(frozen=True)
class Workflow:
    """`current_version` is what is edited and run by hand; `active_version` is what its triggers start."""

    id: str
    workspace_id: str
    name: str
    description: str
    status: Status
    current_version: int
    active_version: int | None
    owner: str
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime


async def create(
    scope: Scope, *, name: str, document: dict[str, Any], owner: str, description: str = "", note: str = ""
) -> Workflow:
    """A draft with its first version. `Conflict` where the name is taken."""
    table = tables.workflows
    statement = scope.insert(
        table,
        id=new_id(),
        name=name,
        description=description,
        status="draft",
        current_version=1,
        owner=owner,
        settings={},
        created_at=func.now(),
        updated_at=func.now(),
    )
    try:
        row = await scope.row(statement.returning(*table.c))
    except Conflict as error:
        raise Conflict(f"There is a workflow {name!r} already.", hint="Choose another name.") from error
    assert row is not None
    await versions.insert(scope, row["id"], number=1, document=document, note=note, created_by=owner)
    return Workflow(**row)


async def get(scope: Scope, workflow_id: str, *, for_update: bool = False) -> Workflow:
    """By id. `NotFound`. With `for_update` nobody else changes it until the transaction ends."""
    table = tables.workflows
    statement = scope.select(table).where(table.c.id == workflow_id)
    row = await scope.row(statement.with_for_update() if for_update else statement)
    if row is None:
        raise NotFound(f"There is no workflow {workflow_id}.")
    return Workflow(**row)


async def by_name(scope: Scope, name: str) -> Workflow | None:
    """By its name, unique in the workspace."""
    row = await scope.row(scope.select(tables.workflows).where(tables.workflows.c.name == name))
    return Workflow(**row) if row else None


async def page(
    scope: Scope,
    *,
    statuses: Sequence[Status] = (),
    search: str = "",
    cursor: str | None = None,
    limit: int | None = None,
) -> paging.Page[Workflow]:
    """Workflows, the one changed last first. Without `statuses` all but the archived ones."""
    table = tables.workflows
    size = paging.limit(limit)
    statement = scope.select(table).where(table.c.status.in_(statuses or ("draft", "active", "paused")))
    if search:
        statement = statement.where(table.c.name.icontains(search, autoescape=True))
    if cursor is not None:
        key = paging.decode(cursor, kinds=[datetime, str])
        statement = statement.where(tuple_(table.c.updated_at, table.c.id) < key)
    rows = await scope.rows(statement.order_by(desc(table.c.updated_at), desc(table.c.id)).limit(size + 1))
    return paging.page([Workflow(**row) for row in rows], size=size, key=lambda found: (found.updated_at, found.id))


async def save(
    scope: Scope,
    workflow_id: str,
    *,
    document: dict[str, Any],
    created_by: str,
    note: str = "",
    based_on: int | None = None,
) -> Workflow:
    """A new version, made current; the same document again makes none.

    `based_on` is the version that the writer saw: `Conflict` `workflow.changed` where it is not current any more.
    """
    present = await get(scope, workflow_id, for_update=True)
    if based_on is not None and based_on != present.current_version:
        raise Conflict(
            f"The workflow is at version {present.current_version}; you changed version {based_on}.",
            hint="Load it again and make your change there.",
            code="workflow.changed",
        )
    latest = await versions.get(scope, workflow_id, number=present.current_version)
    if latest.digest == versions.digest(document):
        return present
    number = await versions.next_number(scope, workflow_id)
    await versions.insert(scope, workflow_id, number=number, document=document, note=note, created_by=created_by)
    return await _change(scope, workflow_id, current_version=number)


async def make_current(scope: Scope, workflow_id: str, *, number: int) -> Workflow:
    """Go back, or forward: that version is current now. `NotFound`."""
    await versions.get(scope, workflow_id, number=number)
    return await _change(scope, workflow_id, current_version=number)


async def set_status(scope: Scope, workflow_id: str, *, status: Status, active_version: int | None = None) -> Workflow:
    """Change the status; `active` needs the version that goes live, `draft` and `archived` have none."""
    match status:
        case "active":
            assert active_version is not None
            return await _change(scope, workflow_id, status=status, active_version=active_version)
        case "paused":
            return await _change(scope, workflow_id, status=status)
        case "draft" | "archived":
            return await _change(scope, workflow_id, status=status, active_version=None)


async def describe(
    scope: Scope, workflow_id: str, *, name: str | None = None, description: str | None = None
) -> Workflow:
    """Change name or description. `Conflict` where the name is taken."""
    changes = {key: value for key, value in (("name", name), ("description", description)) if value is not None}
    try:
        return await _change(scope, workflow_id, **changes)
    except Conflict as error:
        raise Conflict(f"There is a workflow {name!r} already.", hint="Choose another name.") from error


async def change_settings(scope: Scope, workflow_id: str, **changes: Any) -> Workflow:
    """Set some of the workflow's own settings; None removes one."""
    present = await get(scope, workflow_id, for_update=True)
    merged = {name: value for name, value in {**present.settings, **changes}.items() if value is not None}
    return await _change(scope, workflow_id, settings=merged)


async def delete(scope: Scope, workflow_id: str) -> None:
    """Remove it with its versions and hooks; its runs stay readable. `NotFound`."""
    if not await scope.run(scope.delete(tables.workflows).where(tables.workflows.c.id == workflow_id)):
        raise NotFound(f"There is no workflow {workflow_id}.")


async def _change(scope: Scope, workflow_id: str, **changes: Any) -> Workflow:
    table = tables.workflows
    statement = scope.update(table, **changes, updated_at=func.clock_timestamp()).where(table.c.id == workflow_id)
    row = await scope.row(statement.returning(*table.c))
    if row is None:
        raise NotFound(f"There is no workflow {workflow_id}.")
    return Workflow(**row)
