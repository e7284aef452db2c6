"""MySQL and MariaDB, through the guarded network: one connection for each transaction, with limits on time and rows."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import Any

from flov7.kit.errors import StepBroken, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.actions.db_query.tls import tls_of
from flov7.primitives.actions.db_query.values import to_json
from flov7.primitives.actions.db_query.work import (
    PLACES,
    Place,
    Result,
    Statement,
    Work,
    kept,
    marked,
    misfit,
    place,
    refused,
)
from flov7.primitives.declare import ConnectionValue, Context, Json
from flov7.primitives.formats import json_text

_IN_THE_WAY = {1205, 1213}
_TOO_LONG = {1317, 1969, 3024}
_NO_ROOM = {1040, 1203, 1226}
_BROKE_OFF = {1053, 1152, 1927, 2006, 2013, 2055}
_READ_ONLY = {1792, 1290}


async def execute(context: Context, connection: ConnectionValue, work: Work) -> list[Result]:
    """Runs the statements in one transaction, a read-only one where `work` reads. Raises step errors."""
    limit = max(0.1, context.remaining() - 0.3)
    where, sock = await _reached(context, connection)
    try:
        return await asyncio.to_thread(_transaction, sock, where, work, limit)
    finally:
        sock.close()  # a thread that is still at it ends with its socket


async def version(context: Context, connection: ConnectionValue) -> str:
    """What answers there. Raises step errors."""
    read = Work(statements=[Statement(sql="select version() as v")], reads=True)
    found = (await execute(context, connection, read))[0].rows[0]["v"]
    return found if "Maria" in found else f"MySQL {found}"


async def _reached(context: Context, connection: ConnectionValue) -> tuple[Place, socket.socket]:
    where = place(connection, port=3306)
    sock = await context.outside.connect(where.host, port=where.port, timeout=min(10.0, context.remaining()))
    return where, sock


def _transaction(sock: socket.socket, where: Place, work: Work, limit: float) -> list[Result]:
    import pymysql

    try:
        opened = _opened(sock, where, limit)
    except (pymysql.err.MySQLError, OSError, ssl.SSLError, RuntimeError) as error:
        raise _not_let_in(error, where) from error
    try:
        _prepare(opened, work, limit)
        results = [_statement(opened, statement, work) for statement in work.statements]
        opened.commit()
        return results
    except (pymysql.err.MySQLError, OSError) as error:
        raise _told(error, limit=limit, with_params=any(one.params for one in work.statements)) from error
    except (ValueError, TypeError) as error:
        raise misfit(error) from error
    finally:
        with suppress(Exception):
            opened.close()


def _opened(sock: socket.socket, where: Place, limit: float) -> Any:
    import pymysql

    sock.settimeout(limit)
    opened = pymysql.connect(
        host=where.host,
        port=where.port,
        user=where.user or "",
        password=where.password or "",
        database=where.database,
        charset="utf8mb4",
        ssl=tls_of(where),
        read_timeout=limit,
        write_timeout=limit,
        autocommit=False,
        local_infile=False,
        defer_connect=True,
    )
    opened.connect(sock)
    return opened


def _prepare(opened: Any, work: Work, limit: float) -> None:
    maria = "MariaDB" in opened.get_server_info()
    time = f"max_statement_time={limit:.3f}" if maria else f"max_execution_time={int(limit * 1000)}"
    with opened.cursor() as cursor:
        # What lies beyond `max_rows` never comes over the wire; names in double quotes are names, as elsewhere.
        cursor.execute(
            f"SET SESSION {time}, SESSION sql_select_limit={work.max_rows + 1}, "
            "SESSION sql_mode=CONCAT(@@sql_mode, ',ANSI_QUOTES')"
        )
        cursor.execute("START TRANSACTION READ ONLY" if work.reads else "START TRANSACTION")


def _statement(opened: Any, statement: Statement, work: Work) -> Result:
    from pymysql.cursors import DictCursor

    text, values = marked(statement, mark="%s")
    with opened.cursor(DictCursor) as cursor:
        cursor.execute(text, [_to_driver(value) for value in values])
        if cursor.description is None:
            return Result(count=cursor.rowcount)
        json_columns = {column[0] for column in cursor.description if column[1] == 245}
        found = [
            {name: _column(value, is_json=name in json_columns) for name, value in row.items()}
            for row in cursor.fetchmany(work.max_rows + 1)
        ]
        return kept(found, work)


def _to_driver(value: Json) -> Any:
    return json_text.show(value) if isinstance(value, dict | list) else value


def _column(value: Any, *, is_json: bool) -> Json:
    return json_text.parse(value) if is_json and isinstance(value, str) else to_json(value)


def _not_let_in(error: Exception, where: Place) -> Exception:
    number = error.args[0] if error.args else None
    if isinstance(error, ssl.SSLError):
        return StepRefused(
            f"`{where.host}` has no TLS certificate that can be trusted: {error.reason or error}.",
            hint="Set `security: require` to take any certificate, where the network is your own.",
            code="outside.tls",
        )
    if ("SSL" in str(error) and number == 2026) or "doesn't support" in str(error):
        return StepRefused(
            f"The database at `{where.host}:{where.port}` does not do TLS.",
            hint="Switch it on there, or set `security: none` where the network is your own.",
            code="outside.tls",
        )
    if number in _NO_ROOM or isinstance(error, TimeoutError) or number in (2003, 2013):
        return StepUnreachable(
            f"The database at `{where.host}:{where.port}` does not let us in: {error}.",
            hint="Look whether it runs and has room for connections.",
        )
    if "sequence number" in str(error):
        return StepRefused(
            f"What answers at `{where.host}:{where.port}` is no MySQL server.", hint="Look at host and port."
        )
    return StepRefused(
        f"The database refuses us: {_words(error)}.", hint="Look at user, password, database and `security`."
    )


def _told(error: Exception, *, limit: float, with_params: bool) -> Exception:
    number = error.args[0] if error.args else None
    if isinstance(error, TimeoutError) or number in _TOO_LONG or "timed out" in str(error):
        return StepTimedOut(
            f"The statement took longer than {limit:.1f} seconds.", hint="Add an index, or a longer `timeout`."
        )
    if number in _IN_THE_WAY:
        return StepUnreachable(f"Another transaction was in the way, nothing was changed: {_words(error)}.")
    if number in _READ_ONLY:
        return StepRefused(
            f"This statement looks like a read and wants to write: {_words(error)}.",
            hint="Say what it does openly, as in `insert …`; then it counts as a write.",
        )
    if isinstance(error, OSError) or number in _BROKE_OFF or not isinstance(number, int) or number == 0:
        return StepBroken(f"The database broke off: {error}.", hint="Look whether it still runs.")
    return refused(_words(error), hint=PLACES if number == 1064 and with_params else "", details={"number": number})


def _words(error: Exception) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error)
