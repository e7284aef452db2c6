"""Workspaces: whose everything is, with the settings that hold for all of their workflows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, text, update

from flov7.kit.errors import Conflict, Invalid, NotFound
from flov7.kit.ids import new_id
from flov7.store import tables
from flov7.store.database import Database
from flov7.store.scope import Scope

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Workspace:
    """`slug` stands in addresses; `settings` are JSON: `default_mail`, `alerts` and the like."""

    id: str
    slug: str
    title: str
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime


async def create(database: Database, *, slug: str, title: str, settings: dict[str, Any] | None = None) -> Workspace:
    """Make one. `Invalid` or `Conflict` for the slug."""
    if not _SLUG.fullmatch(slug):
        raise Invalid(f"{slug!r} cannot stand in an address.", hint="Use a-z, 0-9 and -, at most 63 characters.")
    identifier = new_id()
    table = tables.workspaces
    made = insert(table).values(
        id=identifier, slug=slug, title=title, settings=settings or {}, created_at=func.now(), updated_at=func.now()
    )
    try:
        async with database.workspace(identifier) as scope:
            row = await scope.row(made.returning(*table.c))
    except Conflict as error:
        raise Conflict(f"There is a workspace {slug!r} already.", hint="Choose another slug.") from error
    assert row is not None
    return Workspace(**row)


async def get(scope: Scope) -> Workspace:
    """The scope's own. `NotFound` where it is no more."""
    table = tables.workspaces
    row = await scope.row(select(table).where(table.c.id == scope.workspace_id))
    if row is None:
        raise NotFound("There is no such workspace.")
    return Workspace(**row)


async def by_slug(database: Database, slug: str) -> Workspace | None:
    """The workspace that an address names."""
    table = tables.workspaces
    async with database.by(slug=slug) as scope:
        row = await scope.row(select(table).where(table.c.slug == slug))
    return Workspace(**row) if row else None


async def everyone(database: Database) -> list[Workspace]:
    """All workspaces, as the engine and the operator see them."""
    async with database.as_engine("") as scope:
        rows = await scope.rows(select(tables.workspaces).order_by(tables.workspaces.c.id))
    return [Workspace(**row) for row in rows]


async def change_settings(scope: Scope, **changes: Any) -> Workspace:
    """Set some settings (None removes one), leaving the others."""
    gone = [name for name, value in changes.items() if value is None]
    kept = {name: value for name, value in changes.items() if value is not None}
    table = tables.workspaces
    await scope.row(select(table.c.id).where(table.c.id == scope.workspace_id).with_for_update())
    present = (await get(scope)).settings
    merged = {name: value for name, value in {**present, **kept}.items() if name not in gone}
    statement = update(table).where(table.c.id == scope.workspace_id).values(settings=merged, updated_at=text("now()"))
    row = await scope.row(statement.returning(*table.c))
    assert row is not None
    return Workspace(**row)
