"""SQLite: a file in a folder that the operator opened to workflows."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from flov7.kit.errors import StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.actions.db_query.values import to_json
from flov7.primitives.actions.db_query.work import Result, Statement, Work, kept, marked, misfit, refused
from flov7.primitives.declare import ConnectionValue, Context, Json
from flov7.primitives.formats import json_text

_DENIED = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}


async def execute(context: Context, connection: ConnectionValue, work: Work) -> list[Result]:
    """Runs the statements in one transaction; a read opens the file read-only. Raises step errors."""
    path = file_of(context, connection)
    limit = max(0.1, context.remaining() - 0.3)
    return await asyncio.to_thread(_transaction, path, work, limit)


async def version(context: Context, connection: ConnectionValue) -> str:
    """What answers there. Raises step errors."""
    read = Work(statements=[Statement(sql="select count(*) as n from sqlite_schema")], reads=True)
    tables = (await execute(context, connection, read))[0].rows[0]["n"]
    return f"SQLite {sqlite3.sqlite_version} with {tables} tables and indexes"


def file_of(context: Context, connection: ConnectionValue) -> Path:
    """The checked path of the connection's file. Raises StepRefused."""
    name = connection.config.get("database")
    if not name:
        raise StepRefused(
            f"The connection `{connection.name}` names no file.",
            hint="Give the file's path as `database` in its config.",
            code="connection.incomplete",
        )
    return context.outside.local_file(str(name))


def _transaction(path: Path, work: Work, limit: float) -> list[Result]:
    until = time.monotonic() + limit
    mode = "ro" if work.reads else "rw"
    try:
        with closing(
            sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, timeout=limit, isolation_level=None)
        ) as db:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA trusted_schema = OFF")
            db.set_authorizer(_allowed)
            db.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
            db.execute("BEGIN" if work.reads else "BEGIN IMMEDIATE")
            results = [_statement(db, statement, work) for statement in work.statements]
            db.execute("COMMIT")
            return results
    except sqlite3.Error as error:
        raise _told(error, limit=limit) from error
    except (ValueError, TypeError, OverflowError) as error:
        raise misfit(error) from error


def _allowed(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_DENY if action in _DENIED else sqlite3.SQLITE_OK


def _statement(db: sqlite3.Connection, statement: Statement, work: Work) -> Result:
    text, values = marked(statement, mark="?")
    cursor = db.execute(text, [_to_driver(value) for value in values])
    if cursor.description is None:
        return Result(count=max(cursor.rowcount, 0))
    rows = [{name: to_json(row[name]) for name in row.keys()} for row in cursor.fetchmany(work.max_rows + 1)]  # noqa: SIM118
    return kept(rows, work)


def _to_driver(value: Json) -> Any:
    return json_text.show(value) if isinstance(value, dict | list) else value


def _told(error: sqlite3.Error, *, limit: float) -> Exception:
    match getattr(error, "sqlite_errorname", ""):
        case "SQLITE_INTERRUPT":
            return StepTimedOut(
                f"The statement took longer than {limit:.1f} seconds.", hint="Add an index, or a longer `timeout`."
            )
        case "SQLITE_BUSY" | "SQLITE_LOCKED" | "SQLITE_BUSY_SNAPSHOT":
            return StepUnreachable(f"Another transaction was in the way, nothing was changed: {error}.")
        case "SQLITE_READONLY" | "SQLITE_READONLY_DBMOVED":
            return StepRefused(
                f"This statement looks like a read and wants to write: {error}.",
                hint="Say what it does openly, as in `insert …`; then it counts as a write.",
            )
        case "SQLITE_CANTOPEN":
            return StepRefused(
                "The file cannot be opened.",
                hint="Look whether it is there and our user may read it.",
                code="db_query.no_file",
            )
        case "SQLITE_NOTADB":
            return StepRefused("The file is no SQLite database.", code="db_query.no_file")
        case name:
            return refused(str(error), details={"name": name})
