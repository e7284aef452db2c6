"""Versions of workflows: once saved, a version never changes; the database itself refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import desc, func

from flov7.kit import json, paging
from flov7.kit.errors import NotFound
from flov7.store import tables
from flov7.store.scope import Scope


@dataclass(frozen=True)
class Version:
    """`number` counts from 1 in its workflow; `digest` is SHA-256 of the document's canonical bytes."""

    workflow_id: str
    number: int
    workspace_id: str
    document: Any
    digest: str
    note: str
    created_by: str
    created_at: datetime


def digest(document: Any) -> str:
    """The digest that a document's version has."""
    return json.digest(document)


async def insert(scope: Scope, workflow_id: str, *, number: int, document: Any, note: str, created_by: str) -> Version:
    """Save a version. Use `workflows.save`, which finds the number and makes it current."""
    table = tables.workflow_versions
    statement = scope.insert(
        table,
        workflow_id=workflow_id,
        number=number,
        document=document,
        digest=digest(document),
        note=note,
        created_by=created_by,
        created_at=func.now(),
    )
    row = await scope.row(statement.returning(*table.c))
    assert row is not None
    return Version(**row)


async def get(scope: Scope, workflow_id: str, *, number: int) -> Version:
    """One version. `NotFound`."""
    table = tables.workflow_versions
    row = await scope.row(scope.select(table).where(table.c.workflow_id == workflow_id, table.c.number == number))
    if row is None:
        raise NotFound(f"The workflow has no version {number}.")
    return Version(**row)


async def next_number(scope: Scope, workflow_id: str) -> int:
    """The number after the highest one; hold the workflow (`get(…, for_update=True)`) meanwhile."""
    table = tables.workflow_versions
    row = await scope.row(
        scope.select(table, func.max(table.c.number).label("highest")).where(table.c.workflow_id == workflow_id)
    )
    return int((row or {}).get("highest") or 0) + 1


async def page(
    scope: Scope, workflow_id: str, *, cursor: str | None = None, limit: int | None = None
) -> paging.Page[Version]:
    """Versions, newest first, documents included."""
    table = tables.workflow_versions
    size = paging.limit(limit)
    statement = scope.select(table).where(table.c.workflow_id == workflow_id).order_by(desc(table.c.number))
    if cursor is not None:
        statement = statement.where(table.c.number < paging.decode(cursor, kinds=[int])[0])
    rows = [Version(**row) for row in await scope.rows(statement.limit(size + 1))]
    return paging.page(rows, size=size, key=lambda version: (version.number,))
