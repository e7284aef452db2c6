"""Conversations in which a workflow is made: what was said and which document it led to, sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import asc, desc, func

from flov7.kit import paging
from flov7.kit.errors import NotFound
from flov7.kit.ids import new_id
from flov7.store import tables
from flov7.store.scope import Scope

Role = Literal["user", "assistant", "system"]
MESSAGES = "conversation_messages"


@dataclass(frozen=True)
class Conversation:
    """`state` is the generator's word for where it stands; `workflow_id` is set once it is saved as a workflow."""

    id: str
    workspace_id: str
    title: str
    state: str
    workflow_id: str | None
    started_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Message:
    """`body` is JSON: the text, and with it a document, diagnostics, questions or choices."""

    number: int
    role: Role
    body: dict[str, Any]
    at: datetime


async def create(scope: Scope, *, title: str, started_by: str, state: str = "open") -> Conversation:
    """A new one, without messages."""
    table = tables.conversations
    statement = scope.insert(
        table,
        id=new_id(),
        title=title,
        state=state,
        started_by=started_by,
        created_at=func.now(),
        updated_at=func.now(),
    )
    row = await scope.row(statement.returning(*table.c))
    assert row is not None
    return Conversation(**row)


async def get(scope: Scope, conversation_id: str, *, for_update: bool = False) -> Conversation:
    """By id. `NotFound`."""
    statement = scope.select(tables.conversations).where(tables.conversations.c.id == conversation_id)
    row = await scope.row(statement.with_for_update() if for_update else statement)
    if row is None:
        raise NotFound("There is no such conversation.")
    return Conversation(**row)


async def page(scope: Scope, *, cursor: str | None = None, limit: int | None = None) -> paging.Page[Conversation]:
    """Conversations, newest first."""
    table = tables.conversations
    size = paging.limit(limit)
    statement = scope.select(table).order_by(desc(table.c.id)).limit(size + 1)
    if cursor is not None:
        statement = statement.where(table.c.id < paging.decode(cursor, kinds=[str])[0])
    rows = [Conversation(**row) for row in await scope.rows(statement)]
    return paging.page(rows, size=size, key=lambda found: (found.id,))


async def change(
    scope: Scope, conversation_id: str, *, state: str | None = None, workflow_id: str | None = None
) -> Conversation:
    """Note where it stands. `NotFound`."""
    table = tables.conversations
    changes = {name: value for name, value in (("state", state), ("workflow_id", workflow_id)) if value is not None}
    statement = scope.update(table, **changes, updated_at=func.now()).where(table.c.id == conversation_id)
    row = await scope.row(statement.returning(*table.c))
    if row is None:
        raise NotFound("There is no such conversation.")
    return Conversation(**row)


async def say(scope: Scope, conversation_id: str, *, role: Role, body: dict[str, Any]) -> Message:
    """Add a message after the last one. `NotFound`."""
    table = tables.conversation_messages
    await get(scope, conversation_id, for_update=True)
    last = await scope.row(
        scope.select(table, func.max(table.c.number).label("number")).where(table.c.conversation_id == conversation_id)
    )
    number = int((last or {}).get("number") or 0) + 1
    sealed = await scope.seal(body, table=MESSAGES, row=f"{conversation_id}/{number}")
    statement = scope.insert(
        table, conversation_id=conversation_id, number=number, role=role, body=sealed, at=func.now()
    )
    row = await scope.row(statement.returning(table.c.at))
    assert row is not None
    await change(scope, conversation_id)
    return Message(number, role, body, row["at"])


async def messages(scope: Scope, conversation_id: str) -> list[Message]:
    """All messages in order."""
    table = tables.conversation_messages
    statement = scope.select(table).where(table.c.conversation_id == conversation_id).order_by(asc(table.c.number))
    found: list[Message] = []
    for row in await scope.rows(statement):
        body = await scope.open(row["body"], table=MESSAGES, row=f"{conversation_id}/{row['number']}")
        found.append(Message(row["number"], row["role"], body, row["at"]))
    return found
