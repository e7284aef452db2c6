"""Connections that a person is about to allow: what we must remember until they come back, and only so long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func

from flov7.kit.errors import Gone
from flov7.store import tables
from flov7.store.scope import Scope

TABLE = "connection_logins"
LASTS = timedelta(minutes=15)


@dataclass(frozen=True)
class Login:
    """`key_id` is whose key began it, `body` what only we know: verifier, redirect, device code."""

    login: str
    connection: str
    key_id: str
    body: dict[str, Any]


async def begin(
    scope: Scope, *, login: str, connection: str, key_id: str, body: dict[str, Any], lasts: timedelta = LASTS
) -> None:
    """Remember it under the digest of its state; those that ended are forgotten."""
    table = tables.connection_logins
    await scope.run(scope.delete(table).where(table.c.expires_at < func.now()))
    sealed = await scope.seal(body, table=TABLE, row=login)
    values = {"connection": connection, "key_id": key_id, "body": sealed}
    times = {"created_at": func.now(), "expires_at": func.now() + lasts}
    await scope.run(scope.insert(table, id=login, **values, **times))


async def take(scope: Scope, login: str, *, keep: bool = False) -> Login:
    """What was remembered; it can be taken once, unless `keep`. `Gone` where it is not there, or has ended."""
    table = tables.connection_logins
    here = (table.c.id == login) & (table.c.expires_at > func.now())
    query = scope.select(table).where(here) if keep else scope.delete(table).where(here).returning(*table.c)
    row = await scope.row(query)
    if row is None:
        raise Gone(
            "This login is not open any more: it was used, or took longer than 15 minutes.",
            hint="Begin again: `flov7 connections login NAME`.",
            code="login.gone",
        )
    body = await scope.open(row["body"], table=TABLE, row=row["id"])
    return Login(login=row["id"], connection=row["connection"], key_id=row["key_id"], body=body)


async def owner_holds(scope: Scope, key_id: str) -> bool:
    """Whether the key that began a login still opens its workspace."""
    table = tables.api_keys
    good = (table.c.id == key_id) & (table.c.revoked_at.is_(None))
    good &= (table.c.expires_at.is_(None)) | (table.c.expires_at > func.now())
    return await scope.row(scope.select(table, table.c.id).where(good)) is not None
