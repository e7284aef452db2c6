"""The templates of a workspace, those that the community has accepted, and ratings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import desc, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from flov7.kit.errors import Conflict, NotFound
from flov7.store import tables
from flov7.store.scope import Scope

State = Literal["workspace", "proposed", "community", "refused"]


@dataclass(frozen=True)
class Published:
    """One version of a template. `body` is the template as JSON; `mine` says whether this workspace published it."""

    slug: str
    version: int
    state: State
    body: dict[str, Any]
    published_by: str
    reviewed_by: str | None
    created_at: datetime
    mine: bool = True


@dataclass(frozen=True)
class Rating:
    """How a workspace's people like a template: how many said so, and how many stars on average."""

    slug: str
    count: int
    stars: float


async def publish(scope: Scope, slug: str, *, body: dict[str, Any], by: str, state: State = "workspace") -> Published:
    """A new version, counting from 1. Earlier ones stay as they are."""
    table = tables.published_templates
    last = await scope.row(scope.select(table, func.max(table.c.version).label("version")).where(table.c.slug == slug))
    number = int((last or {}).get("version") or 0) + 1
    statement = scope.insert(
        table, slug=slug, version=number, state=state, body=body, published_by=by, created_at=func.now()
    )
    row = await scope.row(statement.returning(*table.c))
    assert row is not None
    return _published(row, scope)


async def listed(scope: Scope) -> list[Published]:
    """The newest version of each of this workspace, and of each that the community has accepted; by slug."""
    table = tables.published_templates
    newest = table.c.slug, table.c.workspace_id
    everything = select(table).ext(distinct_on(*newest)).order_by(*newest, desc(table.c.version))
    accepted = everything.where((table.c.workspace_id == scope.workspace_id) | (table.c.state == "community"))
    return sorted(
        (_published(row, scope) for row in await scope.rows(accepted)), key=lambda one: (one.slug, not one.mine)
    )


async def versions_of(scope: Scope, slug: str) -> list[Published]:
    """All versions of a template of this workspace, newest first. `NotFound`."""
    table = tables.published_templates
    rows = await scope.rows(scope.select(table).where(table.c.slug == slug).order_by(desc(table.c.version)))
    if not rows:
        raise NotFound(f"This workspace has published no template `{slug}`.")
    return [_published(row, scope) for row in rows]


async def move(scope: Scope, slug: str, *, to: State, by: str, reviews: bool = False) -> Published:
    """The newest version goes on: proposed to the community, accepted or refused.

    A review is for what is proposed, and by someone else than who published it. `NotFound`, `Conflict`.
    """
    newest = (await versions_of(scope, slug))[0]
    if reviews and newest.state != "proposed":
        raise Conflict(f"`{slug}` is not proposed.", hint="Propose it first.", code="template.not_proposed")
    if reviews and newest.published_by == by:
        raise Conflict(
            "Nobody reviews their own template.", hint="Ask someone else of the workspace.", code="template.own"
        )
    table = tables.published_templates
    changes: dict[str, Any] = {"state": to, **({"reviewed_by": by} if reviews else {})}
    statement = scope.update(table, **changes).where(table.c.slug == slug, table.c.version == newest.version)
    row = await scope.row(statement.returning(*table.c))
    assert row is not None
    return _published(row, scope)


async def rate(scope: Scope, slug: str, *, stars: int, by: str) -> Rating:
    """One person's stars, 1 to 5; said again, they replace what was said before."""
    table = tables.template_ratings
    statement = insert(table).values(
        workspace_id=scope.workspace_id, slug=slug, rated_by=by, stars=stars, rated_at=func.now()
    )
    replaced = {"stars": statement.excluded.stars, "rated_at": statement.excluded.rated_at}
    await scope.run(statement.on_conflict_do_update(index_elements=["workspace_id", "slug", "rated_by"], set_=replaced))
    return (await ratings(scope))[slug]


async def ratings(scope: Scope) -> dict[str, Rating]:
    """By slug, what people of this workspace think."""
    table = tables.template_ratings
    counted = scope.select(table, table.c.slug, func.count().label("count"), func.avg(table.c.stars).label("stars"))
    rows = await scope.rows(counted.group_by(table.c.slug))
    return {row["slug"]: Rating(row["slug"], int(row["count"]), round(float(row["stars"]), 2)) for row in rows}


def _published(row: dict[str, Any], scope: Scope) -> Published:
    mine = row.pop("workspace_id") == scope.workspace_id
    return Published(**row, mine=mine)
