"""SQL Server, through the guarded network. Not tried on a real server: none can be had where this was built."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

from flov7.kit.errors import StepBroken, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.actions.db_query.values import to_json
from flov7.primitives.actions.db_query.work import Place, Result, Statement, Work, kept, marked, misfit, place, refused
from flov7.primitives.declare import ConnectionValue, Context, Json
from flov7.primitives.formats import json_text

_IN_THE_WAY = {1205, 1222}
_NOT_US = {18456, 4060, 18452, 18486}


async def execute(context: Context, connection: ConnectionValue, work: Work) -> list[Result]:
    """Runs the statements in one transaction, which is rolled back where `work` reads. Raises step errors."""
    where = place(connection, port=1433)
    limit = max(0.1, context.remaining() - 0.3)
    sock = await context.outside.connect(where.host, port=where.port, timeout=min(10.0, limit))
    try:
        return await asyncio.to_thread(_transaction, sock, where, work, limit)
    finally:
        sock.close()


async def version(context: Context, connection: ConnectionValue) -> str:
    """What answers there. Raises step errors."""
    read = Work(statements=[Statement(sql="select @@version as v")], reads=True)
    return str((await execute(context, connection, read))[0].rows[0]["v"]).splitlines()[0]


_STILL = "Look whether it still runs; what only reads is tried again by itself."


def _transaction(sock: socket.socket, where: Place, work: Work, limit: float) -> list[Result]:
    import pytds

    sock.settimeout(limit)
    try:
        opened: Any = pytds.connect(
            dsn=where.host,
            port=where.port,
            database=where.database,
            user=where.user or "",
            password=where.password or "",
            timeout=limit,
            login_timeout=min(10.0, limit),
            as_dict=True,
            autocommit=False,
            sock=sock,
            cafile=None if where.security == "none" else _authorities(),
            validate_host=where.security == "verify",
        )
    except (ValueError, struct.error) as error:  # the driver reads what stands there as if it were its server
        raise StepRefused(
            f"What answers at `{where.host}:{where.port}` is no SQL Server.", hint="Look at host and port."
        ) from error
    except (pytds.Error, OSError) as error:
        if getattr(error, "number", None) in _NOT_US:
            raise StepRefused(f"The database refuses us: {error}.", hint="Look at user, password, database.") from error
        raise StepUnreachable(f"The database does not let us in: {error}.", hint="Look whether it runs.") from error
    try:
        results = [_statement(opened, statement, work) for statement in work.statements]
        # There is no read-only transaction here: what only reads is never committed.
        (opened.rollback if work.reads else opened.commit)()
        return results
    except pytds.TimeoutError as error:
        raise StepTimedOut(
            f"The statement took longer than {limit:.1f} seconds.", hint="Add an index, or a longer `timeout`."
        ) from error
    except pytds.Error as error:
        if getattr(error, "number", None) in _IN_THE_WAY:
            raise StepUnreachable(f"Another transaction was in the way, nothing was changed: {error}.") from error
        if isinstance(error, pytds.OperationalError | pytds.InterfaceError) and not getattr(error, "number", None):
            raise StepBroken(f"The database broke off: {error}.", hint=_STILL) from error
        raise refused(str(error), details={"number": getattr(error, "number", None)}) from error
    except OSError as error:
        raise StepBroken(f"The database broke off: {error}.", hint=_STILL) from error
    except (ValueError, TypeError) as error:
        raise misfit(error) from error
    finally:
        with suppress(Exception):
            opened.close()


def _authorities() -> str:
    import certifi

    return certifi.where()


def _statement(opened: Any, statement: Statement, work: Work) -> Result:
    text, values = marked(statement, mark="%s")
    with opened.cursor() as cursor:
        cursor.execute(text, tuple(_to_driver(value) for value in values))
        if cursor.description is None:
            return Result(count=max(int(cursor.rowcount), 0))
        found = [{name: to_json(value) for name, value in row.items()} for row in cursor.fetchmany(work.max_rows + 1)]
        return kept(found, work)


def _to_driver(value: Json) -> Any:
    return json_text.show(value) if isinstance(value, dict | list) else value
