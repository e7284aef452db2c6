"""Message templates: subject, text and HTML with inputs, stored and versioned in the workspace, used by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import asc, desc, func, select

from flov7.kit.errors import Conflict, NotFound
from flov7.kit.ids import new_id
from flov7.store import tables
from flov7.store.scope import Row, Scope


@dataclass(frozen=True)
class MessageTemplate:
    """One version of a template, with the template's name. `inputs` is a JSON Schema of what it takes."""

    id: str
    workspace_id: str
    name: str
    current_version: int
    number: int
    subject: str
    text: str
    html: str | None
    inputs: dict[str, Any]
    created_by: str
    created_at: datetime


async def create(
    scope: Scope,
    *,
    name: str,
    subject: str,
    text: str,
    created_by: str,
    html: str | None = None,
    inputs: dict[str, Any] | None = None,
) -> MessageTemplate:
    """The first version. `Conflict` where the name is taken."""
    table = tables.message_templates
    identifier = new_id()
    statement = scope.insert(
        table, id=identifier, name=name, current_version=1, created_at=func.now(), updated_at=func.now()
    )
    try:
        await scope.run(statement)
    except Conflict as error:
        raise Conflict(f"There is a template {name!r} already.", hint="Change that one: it gets a version.") from error
    content = {"subject": subject, "text": text, "html": html, "inputs": inputs or {}, "created_by": created_by}
    await _insert(scope, identifier, number=1, content=content)
    return await get(scope, name)


async def save(
    scope: Scope,
    name: str,
    *,
    subject: str,
    text: str,
    created_by: str,
    html: str | None = None,
    inputs: dict[str, Any] | None = None,
) -> MessageTemplate:
    """The next version, made current; earlier ones stay for the plans that name them. `NotFound`."""
    table, versions = tables.message_templates, tables.message_template_versions
    head = await scope.row(scope.select(table).where(table.c.name == name).with_for_update())
    if head is None:
        raise _missing(name)
    last = await scope.row(
        scope.select(versions, func.max(versions.c.number).label("number")).where(versions.c.template_id == head["id"])
    )
    number = int((last or {"number": 0})["number"]) + 1
    content = {"subject": subject, "text": text, "html": html, "inputs": inputs or {}, "created_by": created_by}
    await _insert(scope, head["id"], number=number, content=content)
    changed = scope.update(table, current_version=number, updated_at=func.now()).where(table.c.id == head["id"])
    await scope.run(changed)
    return await get(scope, name)


async def get(scope: Scope, name: str, *, number: int | None = None) -> MessageTemplate:
    """By name (or id), the current version or that one. `NotFound`."""
    table, versions = tables.message_templates, tables.message_template_versions
    statement = _joined(scope).where((table.c.name == name) | (table.c.id == name))
    wanted = table.c.current_version if number is None else number
    row = await scope.row(statement.where(versions.c.number == wanted))
    if row is None:
        raise _missing(name)
    return MessageTemplate(**row)


async def listed(scope: Scope) -> list[MessageTemplate]:
    """The current version of each, by name."""
    table, versions = tables.message_templates, tables.message_template_versions
    statement = _joined(scope).where(versions.c.number == table.c.current_version).order_by(asc(table.c.name))
    return [MessageTemplate(**row) for row in await scope.rows(statement)]


async def versions_of(scope: Scope, name: str) -> list[MessageTemplate]:
    """All versions, newest first. `NotFound`."""
    table, versions = tables.message_templates, tables.message_template_versions
    statement = _joined(scope).where((table.c.name == name) | (table.c.id == name))
    rows = await scope.rows(statement.order_by(desc(versions.c.number)))
    if not rows:
        raise _missing(name)
    return [MessageTemplate(**row) for row in rows]


async def delete(scope: Scope, name: str) -> None:
    """Remove it with its versions; compiled plans carry their texts and go on. `NotFound`."""
    table = tables.message_templates
    if not await scope.run(scope.delete(table).where((table.c.name == name) | (table.c.id == name))):
        raise _missing(name)


def _joined(scope: Scope) -> Any:
    table, versions = tables.message_templates, tables.message_template_versions
    shown = [versions.c[n] for n in ("number", "subject", "text", "html", "inputs", "created_by", "created_at")]
    return (
        select(table.c.id, table.c.workspace_id, table.c.name, table.c.current_version, *shown)
        .join(versions, versions.c.template_id == table.c.id)
        .where(table.c.workspace_id == scope.workspace_id)
    )


async def _insert(scope: Scope, template_id: str, *, number: int, content: Row) -> None:
    statement = scope.insert(
        tables.message_template_versions, template_id=template_id, number=number, created_at=func.now(), **content
    )
    await scope.run(statement)


def _missing(name: str) -> NotFound:
    return NotFound(f"There is no message template {name!r}.", hint="Make it, or choose one that is there.")
