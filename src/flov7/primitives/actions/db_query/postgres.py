"""PostgreSQL, through the guarded network: one connection for each statement, with limits on time and rows."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from flov7.kit.errors import StepBroken, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.actions.db_query.values import to_json, to_sql
from flov7.primitives.actions.db_query.work import (
    PLACES,
    Place,
    Result,
    Statement,
    Work,
    kept,
    misfit,
    place,
    refused,
)
from flov7.primitives.declare import ConnectionValue, Context, Json
from flov7.primitives.formats import json_text

if TYPE_CHECKING:
    import asyncpg


class _NamedTls(ssl.SSLContext):
    """Checks the certificate against the host's name while the connection goes to the checked address."""

    name: str = ""

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """As the base, with the name that we mean."""
        return super().wrap_bio(*args, **{**options, "server_hostname": self.name})


def _tls(where: Place) -> ssl.SSLContext | bool:
    if where.security == "none":
        return False
    context = _NamedTls(ssl.PROTOCOL_TLS_CLIENT)
    context.name = where.host
    if where.security == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_default_certs()
    return context


@asynccontextmanager
async def session(
    context: Context, connection: ConnectionValue, *, timeout: float
) -> AsyncGenerator[asyncpg.Connection[Any], None]:
    """A connection to the checked address; errors of connecting are step errors. Closed at the end."""
    import asyncpg

    where = place(connection, port=5432)
    addresses = await context.outside.addresses(where.host, port=where.port)
    try:
        opened = await asyncpg.connect(
            host=addresses[0],
            port=where.port,
            user=where.user or "",
            password=where.password or "",
            database=where.database or where.user or "",
            ssl=_tls(where),
            timeout=max(0.1, timeout),
            statement_cache_size=0,  # poolers in front of a database do not like prepared statements
            server_settings={"search_path": where.schema} if where.schema else {},
        )
    except ssl.SSLError as error:
        raise StepRefused(
            f"`{where.host}` has no TLS certificate that can be trusted: {error.reason or error}.",
            hint="Set `security: require` to take any certificate, where the network is your own.",
            code="outside.tls",
        ) from error
    except (OSError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError) as error:
        if "SSL upgrade" in str(error):
            raise StepRefused(
                f"The database at `{where.host}:{where.port}` does not do TLS.",
                hint="Switch it on there, or set `security: none` where the network is your own.",
                code="outside.tls",
            ) from error
        raise StepUnreachable(
            f"The database at `{where.host}:{where.port}` does not let us in: {str(error) or type(error).__name__}.",
            hint="Look whether it runs and has room for connections.",
        ) from error
    except (asyncpg.PostgresConnectionError, asyncpg.InternalClientError, ConnectionError) as error:
        raise StepUnreachable(
            f"The database at `{where.host}:{where.port}` broke off while it let us in: {error}.",
            hint="Look whether a PostgreSQL server runs on that port; it is tried again by itself.",
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StepRefused(
            f"The database refuses us: {error}.", hint="Look at user, password, database and `security`."
        ) from error
    try:
        yield opened
    finally:
        with suppress(Exception):
            await opened.close(timeout=2.0)


_STILL = "Look whether it still runs; what only reads is tried again by itself."


async def execute(context: Context, connection: ConnectionValue, work: Work) -> list[Result]:
    """Runs the statements in one transaction, a read-only one where `work` reads. Raises step errors."""
    import asyncpg

    limit = max(0.1, context.remaining() - 0.3)
    async with session(context, connection, timeout=min(10.0, limit)) as opened:
        try:
            async with asyncio.timeout(limit), opened.transaction(readonly=work.reads):
                await opened.execute(f"set local statement_timeout = {int(limit * 1000)}")
                return [await _statement(opened, statement, work) for statement in work.statements]
        except (TimeoutError, asyncpg.QueryCanceledError) as error:
            raise StepTimedOut(
                f"The statement took longer than {limit:.1f} seconds.", hint="Add an index, or a longer `timeout`."
            ) from error
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError) as error:
            raise StepUnreachable(f"Another transaction was in the way, nothing was changed: {error}.") from error
        except asyncpg.ReadOnlySQLTransactionError as error:
            raise StepRefused(
                f"This statement looks like a read and wants to write: {error}.",
                hint="Say what it does openly, as in `insert … returning`; then it counts as a write.",
            ) from error
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError) as error:
            raise StepBroken(f"The database broke off: {error}.", hint=_STILL) from error
        except asyncpg.PostgresError as error:
            raise _refused(error, with_params=any(one.params for one in work.statements)) from error
        except (asyncpg.InterfaceError, ValueError, TypeError) as error:
            if opened.is_closed():
                raise StepBroken(f"The database broke off: {error}.", hint=_STILL) from error
            raise misfit(error) from error


async def version(context: Context, connection: ConnectionValue) -> str:
    """What answers there. Raises step errors."""
    async with session(context, connection, timeout=max(0.1, min(10.0, context.remaining()))) as opened:
        return f"PostgreSQL {await opened.fetchval('show server_version')}"


async def _statement(opened: Any, statement: Statement, work: Work) -> Result:
    prepared = await opened.prepare(statement.sql)
    wanted, params = prepared.get_parameters(), statement.params
    if len(wanted) != len(params):
        raise ValueError(f"it has {len(wanted)} places and there are {len(params)} values")
    values = [to_sql(value, type_=type_.name) for value, type_ in zip(params, wanted, strict=True)]
    if not prepared.get_attributes():
        await prepared.fetch(*values)
        return Result(count=_changed(prepared.get_statusmsg()))
    cursor = await prepared.cursor(*values)
    found = await cursor.fetch(work.max_rows + 1)
    parsed = {each.name for each in prepared.get_attributes() if each.type.name in ("json", "jsonb")}
    rows = [{name: _column(value, is_json=name in parsed) for name, value in record.items()} for record in found]
    return kept(rows, work)


def _column(value: Any, *, is_json: bool) -> Json:
    return json_text.parse(value) if is_json and isinstance(value, str) else to_json(value)


def _changed(status: str) -> int:
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


def _refused(error: Any, *, with_params: bool) -> StepRefused:
    hint = str(getattr(error, "hint", None) or "")
    if not hint and "syntax" in str(error):
        hint = PLACES if with_params else "Look at the statement near that place."
    details = {"sqlstate": getattr(error, "sqlstate", None), "constraint": getattr(error, "constraint_name", None)}
    return refused(str(error), hint=hint, details=details)
