"""Which store a `database` connection leads to, and what it can do."""

from __future__ import annotations

import importlib
from typing import Any

from flov7.kit.errors import StepRefused
from flov7.primitives.actions.db_query.work import Order, Result, Statement, Work
from flov7.primitives.declare import ConnectionValue, Context, Json

SQL = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "database": "postgres",
    "supabase": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "mssql": "mssql",
    "sqlserver": "mssql",
}
"""Services that take `sql`, and the file that speaks to them."""

OTHERS = {
    "redis": "redis",
    "valkey": "redis",
    "mongodb": "mongodb",
    "elasticsearch": "elasticsearch",
    "opensearch": "elasticsearch",
    "supabase": "supabase",
}
"""Services that take `operation`."""

SERVICES = tuple(dict.fromkeys((*SQL, *OTHERS)))


async def query(
    context: Context, connection: ConnectionValue, *, sql: str, params: list[Json], max_rows: int
) -> Result:
    """Rows of one statement that only reads. Raises step errors."""
    work = Work(statements=[Statement(sql=sql, params=params)], reads=True, max_rows=max_rows)
    return (await execute(context, connection, work))[0]


async def execute(context: Context, connection: ConnectionValue, work: Work) -> list[Result]:
    """Runs the statements in one transaction. Raises step errors."""
    service = _service(connection)
    if service not in SQL or _is_rest(connection):
        raise StepRefused(
            f"`{connection.name}` leads to {service}, which takes no SQL here.",
            hint="Write `operation`, `about` and `args` instead of `sql`.",
            code="db_query.wrong_store",
        )
    return await _store(SQL[service]).execute(context, connection, work)


async def operate(context: Context, connection: ConnectionValue, order: Order) -> Result:
    """Runs one operation of a store without SQL. Raises step errors."""
    service = _service(connection)
    if service not in OTHERS or (service == "supabase" and not _is_rest(connection)):
        raise StepRefused(
            f"`{connection.name}` leads to {service}, which takes SQL.",
            hint="Write `sql` and `params` instead of `operation`.",
            code="db_query.wrong_store",
        )
    return await _store(OTHERS[service]).execute(context, connection, order)


async def version(context: Context, connection: ConnectionValue) -> str:
    """What answers at the other end. Raises step errors."""
    service = _service(connection)
    names = OTHERS if service not in SQL or _is_rest(connection) else SQL
    return await _store(names[service]).version(context, connection)


def _service(connection: ConnectionValue) -> str:
    service = connection.service or "postgres"
    if service not in SQL and service not in OTHERS:
        raise StepRefused(
            f"`{service}` is no database that is known here.",
            hint="Known are " + ", ".join(SERVICES) + ".",
            code="connection.not_built",
        )
    return service


def _is_rest(connection: ConnectionValue) -> bool:
    url = str(connection.credential.get("url") or "")
    return connection.service == "supabase" and url.startswith(("https://", "http://"))


def _store(name: str) -> Any:
    return importlib.import_module(f"{__package__}.{name}")
