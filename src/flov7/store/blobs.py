"""Large values outside of histories: content-addressed, sealed, written once."""

from __future__ import annotations

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from flov7.kit.errors import NotFound
from flov7.kit.json import digest_of
from flov7.store import tables
from flov7.store.scope import Scope


async def put(scope: Scope, body: bytes) -> str:
    """Keep the bytes; returns their SHA-256. The same bytes again change nothing."""
    digest = digest_of(body)
    sealed = await scope.vault.seal(scope.workspace_id, body, table="blobs", row=digest)
    statement = insert(tables.blobs).values(
        workspace_id=scope.workspace_id, digest=digest, body=sealed, size=len(body), created_at=func.now()
    )
    await scope.run(statement.on_conflict_do_nothing())
    return digest


async def get(scope: Scope, digest: str) -> bytes:
    """The bytes. `NotFound`."""
    table = tables.blobs
    row = await scope.row(scope.select(table, table.c.body).where(table.c.digest == digest))
    if row is None:
        raise NotFound(f"There is no value {digest}.", hint="It may have been deleted with its run's age.")
    return await scope.vault.open(scope.workspace_id, row["body"], table="blobs", row=digest)
