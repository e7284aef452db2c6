"""One transaction in one workspace: the one helper that every query of a workspace's rows is made with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Delete, Executable, Insert, Select, Table, Update, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flov7.kit import json
from flov7.store.failures import translated
from flov7.store.vault import Vault

Row = dict[str, Any]


class Scope:
    """One transaction in one workspace. Every statement for a table of the workspace is made here."""

    def __init__(self, connection: AsyncConnection, *, workspace_id: str, vault: Vault) -> None:
        self.connection = connection
        self.workspace_id = workspace_id
        self.vault = vault

    def select(self, table: Table, *columns: Any) -> Select[Any]:
        """A query that sees this workspace's rows of `table` only."""
        return select(*(columns or (table,))).where(table.c.workspace_id == self.workspace_id)

    def insert(self, table: Table, **values: Any) -> Insert:
        """A new row of this workspace."""
        return insert(table).values(workspace_id=self.workspace_id, **values)

    def update(self, table: Table, **values: Any) -> Update:
        """A change of this workspace's rows; add a `where`."""
        return update(table).values(**values).where(table.c.workspace_id == self.workspace_id)

    def delete(self, table: Table) -> Delete:
        """The end of this workspace's rows; add a `where`."""
        return delete(table).where(table.c.workspace_id == self.workspace_id)

    async def rows(self, statement: Executable) -> list[Row]:
        """All rows as dictionaries."""
        with translated():
            result = await self.connection.execute(statement)
            return [dict(row) for row in result.mappings()]

    async def row(self, statement: Executable) -> Row | None:
        """The first row, or None."""
        with translated():
            found = (await self.connection.execute(statement)).mappings().first()
            return dict(found) if found is not None else None

    async def run(self, statement: Executable) -> int:
        """Execute; how many rows it touched."""
        with translated():
            result = await self.connection.execute(statement)
            return int(getattr(result, "rowcount", 0))

    async def seal(self, value: Any, *, table: str, row: str) -> bytes:
        """A JSON value, sealed for its place."""
        return await self.vault.seal(self.workspace_id, json.dumps(value), table=table, row=row)

    async def open(self, sealed: bytes | None, *, table: str, row: str) -> Any:
        """The JSON value again; None stays None."""
        if sealed is None:
            return None
        return json.loads(await self.vault.open(self.workspace_id, bytes(sealed), table=table, row=row))
