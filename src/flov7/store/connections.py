"""Connections to the outside and their secrets: a secret goes in and comes out only for the step that uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import asc, func

from flov7.kit.errors import Conflict, NotFound
from flov7.kit.ids import new_id
from flov7.store import tables
from flov7.store.scope import Scope

SECRETS = "secrets"


@dataclass(frozen=True)
class Connection:
    """`secret` names the secret, it does not hold it. `config` is what may be seen: host, scopes, address."""

    id: str
    workspace_id: str
    name: str
    service: str
    kind: str
    description: str
    config: dict[str, Any]
    credentials_type: str
    secret: str
    created_at: datetime
    updated_at: datetime
    tested_at: datetime | None
    test_passed: bool | None
    test_message: str | None


async def create(
    scope: Scope,
    *,
    name: str,
    service: str,
    kind: str,
    credentials_type: str,
    config: dict[str, Any] | None = None,
    credentials: dict[str, Any] | None = None,
    secret: str | None = None,
    description: str = "",
) -> Connection:
    """A connection and, with `credentials`, its secret (named `secret`, or like the connection). `Conflict`."""
    table = tables.connections
    statement = scope.insert(
        table,
        id=new_id(),
        name=name,
        service=service,
        kind=kind,
        description=description,
        config=config or {},
        credentials_type=credentials_type,
        secret=secret or name,
        created_at=func.now(),
        updated_at=func.now(),
    )
    try:
        row = await scope.row(statement.returning(*table.c))
    except Conflict as error:
        raise Conflict(f"There is a connection {name!r} already.", hint="Choose another name.") from error
    assert row is not None
    if credentials is not None:
        await put_secret(scope, secret or name, value=credentials)
    return Connection(**row)


async def get(scope: Scope, name: str) -> Connection:
    """By name or id. `NotFound`."""
    table = tables.connections
    row = await scope.row(scope.select(table).where((table.c.name == name) | (table.c.id == name)))
    if row is None:
        raise NotFound(f"There is no connection {name!r}.", hint="Add it, or choose one that is there.")
    return Connection(**row)


async def listed(scope: Scope) -> list[Connection]:
    """All of the workspace, by name."""
    rows = await scope.rows(scope.select(tables.connections).order_by(asc(tables.connections.c.name)))
    return [Connection(**row) for row in rows]


async def change(scope: Scope, connection_id: str, *, credentials_type: str) -> Connection:
    """Note how its secret is sent now. `NotFound`."""
    table = tables.connections
    changes = {"credentials_type": credentials_type, "updated_at": func.now()}
    row = await scope.row(scope.update(table, **changes).where(table.c.id == connection_id).returning(*table.c))
    if row is None:
        raise NotFound("There is no such connection.")
    return Connection(**row)


async def tested(scope: Scope, name: str, *, passed: bool, message: str) -> Connection:
    """Note how a test of it went."""
    table = tables.connections
    present = await get(scope, name)
    changes = {"tested_at": func.now(), "test_passed": passed, "test_message": message}
    row = await scope.row(scope.update(table, **changes).where(table.c.id == present.id).returning(*table.c))
    assert row is not None
    return Connection(**row)


async def delete(scope: Scope, name: str) -> None:
    """Remove it, and its secret unless another connection has the same. `NotFound`."""
    table = tables.connections
    present = await get(scope, name)
    await scope.run(scope.delete(table).where(table.c.id == present.id))
    others = await scope.row(scope.select(table, table.c.id).where(table.c.secret == present.secret).limit(1))
    if others is None:
        await scope.run(scope.delete(tables.secrets).where(tables.secrets.c.name == present.secret))


async def put_secret(scope: Scope, name: str, *, value: dict[str, Any]) -> None:
    """Keep a secret, or rotate the one of that name."""
    table = tables.secrets
    present = await scope.row(scope.select(table, table.c.id).where(table.c.name == name).with_for_update())
    identifier = present["id"] if present else new_id()
    body = await scope.seal(value, table=SECRETS, row=identifier)
    if present:
        await scope.run(scope.update(table, body=body, rotated_at=func.now()).where(table.c.id == identifier))
    else:
        now = {"created_at": func.now(), "rotated_at": func.now()}
        await scope.run(scope.insert(table, id=identifier, name=name, body=body, **now))


async def secret(scope: Scope, name: str) -> dict[str, Any]:
    """A secret's present value. `NotFound`."""
    table = tables.secrets
    row = await scope.row(scope.select(table, table.c.id, table.c.body).where(table.c.name == name))
    if row is None:
        raise NotFound(f"There is no secret {name!r}.", hint="Add the connection's credentials again.")
    return await scope.open(row["body"], table=SECRETS, row=row["id"])


async def begin_renewing(scope: Scope, name: str, *, lasts: timedelta) -> bool:
    """Whether we are the one that renews this secret now; for as long, nobody else is."""
    table = tables.secrets
    free = (table.c.renewing_until.is_(None)) | (table.c.renewing_until < func.now())
    statement = scope.update(table, renewing_until=func.now() + lasts).where((table.c.name == name) & free)
    return await scope.run(statement) > 0


async def end_renewing(scope: Scope, name: str, *, changes: dict[str, Any] | None) -> None:
    """Keep what was renewed, and let others renew it again. A secret that was rotated meanwhile wins. `NotFound`."""
    table = tables.secrets
    here = table.c.name == name
    if changes is not None:
        row = await scope.row(scope.select(table, table.c.id, table.c.body).where(here).with_for_update())
        if row is None:
            raise NotFound(f"There is no secret {name!r}.", hint="Add the connection's credentials again.")
        present = await scope.open(row["body"], table=SECRETS, row=row["id"])
        body = await scope.seal({**present, **changes}, table=SECRETS, row=row["id"])
        await scope.run(scope.update(table, body=body, rotated_at=func.now()).where(here))
    await scope.run(scope.update(table, renewing_until=None).where(here))


async def has_secret(scope: Scope, name: str) -> bool:
    """Whether a secret of that name is kept."""
    table = tables.secrets
    return await scope.row(scope.select(table, table.c.id).where(table.c.name == name)) is not None


async def reseal_secrets(scope: Scope) -> int:
    """Seal every secret of the workspace under the current data key, after a rotation; returns how many."""
    table = tables.secrets
    rows = await scope.rows(scope.select(table).with_for_update())
    for row in rows:
        value = await scope.open(row["body"], table=SECRETS, row=row["id"])
        body = await scope.seal(value, table=SECRETS, row=row["id"])
        await scope.run(scope.update(table, body=body).where(table.c.id == row["id"]))
    return len(rows)
