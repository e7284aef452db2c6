"""Connectors that a workspace made of documents: what they are, their index, and their kinds, packed."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import asc, func

from flov7.kit import json
from flov7.kit.errors import Conflict, NotFound
from flov7.kit.ids import new_id
from flov7.store import tables
from flov7.store.scope import Scope

TABLE = "connectors"


@dataclass(frozen=True)
class StoredConnector:
    """A connector without its operations. `effects` are those that a person corrected, by operation."""

    id: str
    workspace_id: str
    name: str
    title: str
    digest: str
    source: str
    about: dict[str, Any]
    effects: dict[str, str]
    created_at: datetime
    updated_at: datetime


_HEAD = tuple(
    tables.connectors.c[name]
    for name in (
        "id", "workspace_id", "name", "title", "digest", "source", "about", "effects", "created_at", "updated_at",
    )
)  # fmt: skip


async def put(
    scope: Scope,
    *,
    name: str,
    title: str,
    digest: str,
    source: str,
    about: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    kinds: Mapping[str, bytes],
    replace: bool = False,
) -> StoredConnector:
    """Keep a connector; with `replace` it takes the place of one of that name, whose corrections stay. `Conflict`."""
    table = tables.connectors
    present = await scope.row(scope.select(table, table.c.id).where(table.c.name == name).with_for_update())
    if present and not replace:
        raise Conflict(
            f"There is a connector `{name}` already.",
            hint="Give another name, or say that it takes the place of the present one (`--replace`).",
        )
    identifier = str(present["id"]) if present else new_id()
    values: dict[str, Any] = {
        "title": title,
        "digest": digest,
        "source": source,
        "about": dict(about),
        "entries": [dict(one) for one in entries],
        "kinds": await _packed(scope, kinds, identifier),
        "updated_at": func.now(),
    }
    if present:
        statement: Any = scope.update(table, **values).where(table.c.id == identifier)
    else:
        statement = scope.insert(table, id=identifier, name=name, effects={}, created_at=func.now(), **values)
    row = await scope.row(statement.returning(*_HEAD))
    assert row is not None
    return StoredConnector(**row)


async def listed(scope: Scope) -> list[StoredConnector]:
    """All of the workspace, by name."""
    rows = await scope.rows(scope.select(tables.connectors, *_HEAD).order_by(asc(tables.connectors.c.name)))
    return [StoredConnector(**row) for row in rows]


async def get(scope: Scope, name: str) -> StoredConnector:
    """One. `NotFound`."""
    row = await scope.row(scope.select(tables.connectors, *_HEAD).where(tables.connectors.c.name == name))
    if row is None:
        raise NotFound(f"There is no connector {name!r}.", hint="`flov7 connect FILE_OR_URL` makes one of a document.")
    return StoredConnector(**row)


async def entries(scope: Scope, name: str) -> list[dict[str, Any]]:
    """Its index: name, title, effect and words of each operation."""
    table = tables.connectors
    row = await scope.row(scope.select(table, table.c.entries).where(table.c.name == name))
    return list(row["entries"]) if row else []


async def kinds(scope: Scope, name: str) -> dict[str, bytes]:
    """The JSON of every kind, by its operation's name."""
    table = tables.connectors
    row = await scope.row(scope.select(table, table.c.id, table.c.kinds).where(table.c.name == name))
    if row is None:
        return {}
    body = await scope.vault.open(scope.workspace_id, bytes(row["kinds"]), table=TABLE, row=str(row["id"]))
    return {key: value.encode() for key, value in json.loads(zlib.decompress(body)).items()}


async def correct(scope: Scope, name: str, *, effects: Mapping[str, str | None]) -> StoredConnector:
    """Say what operations may do to the world; None takes a correction back. `NotFound`."""
    table = tables.connectors
    row = await scope.row(scope.select(table, *_HEAD).where(table.c.name == name).with_for_update())
    if row is None:
        raise NotFound(f"There is no connector {name!r}.")
    merged = {**row["effects"], **effects}
    kept = {key: value for key, value in merged.items() if value is not None}
    changed = scope.update(table, effects=kept, updated_at=func.now()).where(table.c.id == row["id"])
    found = await scope.row(changed.returning(*_HEAD))
    assert found is not None
    return StoredConnector(**found)


async def delete(scope: Scope, name: str) -> None:
    """Remove it; what runs already has all it needs in its plan. `NotFound`."""
    if not await scope.run(scope.delete(tables.connectors).where(tables.connectors.c.name == name)):
        raise NotFound(f"There is no connector {name!r}.")


async def _packed(scope: Scope, made: Mapping[str, bytes], row: str) -> bytes:
    body = zlib.compress(json.dumps({name: one.decode() for name, one in made.items()}), 6)
    return await scope.vault.seal(scope.workspace_id, body, table=TABLE, row=row)
