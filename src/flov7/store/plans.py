"""Plans and large values, by their content: what a run was, byte for byte, and what is too big to be carried."""

from __future__ import annotations

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from flov7.kit.errors import NotFound
from flov7.kit.json import digest_of
from flov7.store import tables
from flov7.store.scope import Scope


async def put(scope: Scope, body: bytes) -> str:
    """Keep a plan's bytes; returns their digest. The same plan again changes nothing."""
    digest = digest_of(body)
    sealed = await scope.vault.seal(scope.workspace_id, body, table="plans", row=digest)
    values = {"workspace_id": scope.workspace_id, "digest": digest, "body": sealed, "created_at": func.now()}
    await scope.run(insert(tables.plans).values(**values).on_conflict_do_nothing())
    return digest


async def get(scope: Scope, digest: str) -> bytes:
    """A plan's bytes. `NotFound`."""
    table = tables.plans
    row = await scope.row(scope.select(table, table.c.body).where(table.c.digest == digest))
    if row is None:
        raise NotFound(f"There is no plan {digest}.")
    return await scope.vault.open(scope.workspace_id, row["body"], table="plans", row=digest)
