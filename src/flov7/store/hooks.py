"""Addresses that start workflows: one workflow for a path and method in a workspace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import asc, func

from flov7.kit.errors import Conflict
from flov7.kit.ids import new_id
from flov7.store import tables
from flov7.store.scope import Scope


@dataclass(frozen=True)
class Hook:
    """`path` has no leading slash. Without authentication, `token` is the unguessable part of the address."""

    id: str
    workspace_id: str
    path: str
    method: str
    workflow_id: str
    workflow_version: int
    trigger: str
    token: str | None
    auth: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class Wanted:
    """A hook that a workflow's version asks for."""

    path: str
    method: str
    trigger: str
    token: str | None
    auth: dict[str, Any]


async def replace(scope: Scope, workflow_id: str, *, workflow_version: int, wanted: Sequence[Wanted]) -> list[Hook]:
    """From now on the workflow has these hooks and no others. `Conflict` `hook.taken` names who has the path."""
    table = tables.hooks
    await clear(scope, workflow_id)
    for hook in wanted:
        other = await find(scope, path=hook.path, method=hook.method)
        if other is None and "{" in hook.path:
            known = await patterns(scope, method=hook.method)
            other = next((one for one in known if _shape(one.path) == _shape(hook.path)), None)
        if other is not None:
            raise _taken(hook, {"workflow_id": other.workflow_id, "trigger": other.trigger})
        statement = scope.insert(
            table,
            id=new_id(),
            path=hook.path.strip("/"),
            method=hook.method,
            workflow_id=workflow_id,
            workflow_version=workflow_version,
            trigger=hook.trigger,
            token=hook.token,
            auth=hook.auth,
            created_at=func.now(),
        )
        try:
            await scope.run(statement)
        except Conflict as error:  # another activation was faster by a moment
            raise _taken(hook, {}) from error
    return await of_workflow(scope, workflow_id)


def _shape(path: str) -> str:
    return re.sub(r"\{[^}/]*\}", "{}", path.strip("/"))


def _taken(hook: Wanted, details: dict[str, str]) -> Conflict:
    return Conflict(
        f"{hook.method} /{hook.path} starts another workflow already.",
        code="hook.taken",
        hint="Choose another url for this trigger, or deactivate the other workflow.",
        details=details,
    )


async def clear(scope: Scope, workflow_id: str) -> None:
    """The workflow has no hook any more."""
    await scope.run(scope.delete(tables.hooks).where(tables.hooks.c.workflow_id == workflow_id))


async def find(scope: Scope, *, path: str, method: str) -> Hook | None:
    """Who is called by this path and method."""
    table = tables.hooks
    row = await scope.row(scope.select(table).where(table.c.path == path.strip("/"), table.c.method == method))
    return Hook(**row) if row else None


async def patterns(scope: Scope, *, method: str) -> list[Hook]:
    """Hooks of the workspace whose path has named parts (`orders/{id}`)."""
    table = tables.hooks
    statement = scope.select(table).where(table.c.method == method, table.c.path.contains("{"))
    return [Hook(**row) for row in await scope.rows(statement)]


async def of_workflow(scope: Scope, workflow_id: str) -> list[Hook]:
    """All hooks of a workflow, by path."""
    table = tables.hooks
    statement = scope.select(table).where(table.c.workflow_id == workflow_id).order_by(asc(table.c.path))
    return [Hook(**row) for row in await scope.rows(statement)]


async def known_token(scope: Scope, workflow_id: str, *, trigger: str) -> str | None:
    """The token that this trigger's address has now: a new version keeps its address."""
    table = tables.hooks
    statement = scope.select(table, table.c.token).where(table.c.workflow_id == workflow_id)
    row = await scope.row(statement.where(table.c.trigger == trigger))
    return row["token"] if row else None
