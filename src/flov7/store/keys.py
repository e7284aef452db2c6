"""API keys: shown once, kept as a digest, found by it before the workspace is known."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import asc, func, or_, select, text

from flov7.kit import ids
from flov7.kit.errors import NotFound
from flov7.store import tables
from flov7.store.database import Database
from flov7.store.scope import Row, Scope

PREFIX = "flov7_"
_SHOWN = 12
_USED_EVERY = timedelta(minutes=1)  # "last used" is written at most this often: a request stays a read


@dataclass(frozen=True)
class ApiKey:
    """What may be known of a key; the key itself is nowhere. `prefix` is its first 12 characters."""

    id: str
    workspace_id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


def digest_of(key: str) -> str:
    """SHA-256: the key has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


async def create(
    scope: Scope, *, name: str, scopes: Sequence[str], created_by: str, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key, and its text, which is never to be had again."""
    secret = PREFIX + ids.token()
    table = tables.api_keys
    statement = scope.insert(
        table,
        id=ids.new_id(),
        name=name,
        prefix=secret[:_SHOWN],
        digest=digest_of(secret),
        scopes=list(scopes),
        created_by=created_by,
        created_at=func.now(),
        expires_at=expires_at,
    )
    row = await scope.row(statement.returning(*_columns()))
    assert row is not None
    return _key(row), secret


async def find(database: Database, secret: str) -> ApiKey | None:
    """The key that this text is, unless it is revoked or expired. Notes that it was used, once a minute."""
    table = tables.api_keys
    digest = digest_of(secret)
    async with database.by(key_digest=digest) as scope:
        statement = select(*_columns()).where(table.c.digest == digest, table.c.revoked_at.is_(None))
        row = await scope.row(statement.where(or_(table.c.expires_at.is_(None), table.c.expires_at > func.now())))
    if row is None:
        return None
    key = _key(row)
    if key.last_used_at is None or datetime.now(key.last_used_at.tzinfo) - key.last_used_at > _USED_EVERY:
        async with database.workspace(key.workspace_id) as scope:
            await scope.run(scope.update(table, last_used_at=text("now()")).where(table.c.id == key.id))
    return key


async def listed(scope: Scope) -> list[ApiKey]:
    """All keys of the workspace, revoked ones too, oldest first."""
    table = tables.api_keys
    rows = await scope.rows(scope.select(table, *_columns()).order_by(asc(table.c.created_at), asc(table.c.id)))
    return [_key(row) for row in rows]


async def revoke(scope: Scope, key_id: str) -> None:
    """End a key now and for good; a second time changes nothing. `NotFound`."""
    table = tables.api_keys
    ended = func.coalesce(table.c.revoked_at, func.now())
    if not await scope.run(scope.update(table, revoked_at=ended).where(table.c.id == key_id)):
        raise NotFound("There is no such key.")


def _columns() -> list[Any]:
    return [column for column in tables.api_keys.c if column.name != "digest"]


def _key(row: Row) -> ApiKey:
    row["scopes"] = tuple(row["scopes"])
    return ApiKey(**row)
