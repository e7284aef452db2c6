"""Nodes that a workspace wrote itself: every version stays, a person accepts or refuses each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import asc, desc, func

from flov7.kit.errors import Conflict, NotFound
from flov7.store import tables
from flov7.store.scope import Row, Scope

State = Literal["proposed", "accepted", "refused"]


@dataclass(frozen=True, kw_only=True)
class StoredNode:
    """One version. `about` is what it declares, `report` what its tests showed."""

    workspace_id: str
    name: str
    version: int
    state: State
    about: dict[str, Any]
    code: str
    tests: str
    report: dict[str, Any]
    made_by: str
    reviewed_by: str | None
    created_at: datetime


async def propose(
    scope: Scope, name: str, *, about: Mapping[str, Any], code: str, tests: str, report: Mapping[str, Any], by: str
) -> StoredNode:
    """A new version, which waits for a person."""
    table = tables.custom_nodes
    last = await scope.row(
        scope.select(table, table.c.version).where(table.c.name == name).order_by(desc(table.c.version)).limit(1)
    )
    made = scope.insert(
        table,
        name=name,
        version=1 if last is None else last["version"] + 1,
        state="proposed",
        about=dict(about),
        code=code,
        tests=tests,
        report=dict(report),
        made_by=by,
        reviewed_by=None,
        created_at=func.now(),
    )
    row = await scope.row(made.returning(*table.c))
    assert row is not None
    return _node(row)


async def decide(scope: Scope, name: str, version: int, *, accept: bool, by: str) -> StoredNode:
    """Accept or refuse a version that waits. `NotFound`, `Conflict`."""
    node = await get(scope, name, version)
    if node.state != "proposed":
        raise Conflict(f"Version {version} of `{name}` is {node.state} already.", code="node.decided")
    table = tables.custom_nodes
    changed = scope.update(table, state="accepted" if accept else "refused", reviewed_by=by)
    row = await scope.row(changed.where(table.c.name == name, table.c.version == version).returning(*table.c))
    assert row is not None
    return _node(row)


async def get(scope: Scope, name: str, version: int | None = None) -> StoredNode:
    """A version, or the newest. `NotFound`."""
    table = tables.custom_nodes
    statement = scope.select(table).where(table.c.name == name).order_by(desc(table.c.version)).limit(1)
    row = await scope.row(statement if version is None else statement.where(table.c.version == version))
    if row is None:
        raise NotFound(f"There is no node `{name}`{f' in version {version}' if version else ''}.")
    return _node(row)


async def listed(scope: Scope) -> list[StoredNode]:
    """All versions, by name, the newest first."""
    table = tables.custom_nodes
    rows = await scope.rows(scope.select(table).order_by(asc(table.c.name), desc(table.c.version)))
    return [_node(row) for row in rows]


async def accepted(scope: Scope) -> list[StoredNode]:
    """The newest accepted version of each."""
    table = tables.custom_nodes
    statement = scope.select(table).where(table.c.state == "accepted").order_by(asc(table.c.name), asc(table.c.version))
    newest = {row["name"]: row for row in await scope.rows(statement)}
    return [_node(row) for row in newest.values()]


def _node(row: Row) -> StoredNode:
    return StoredNode(**row)
