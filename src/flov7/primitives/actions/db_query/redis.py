"""Redis and Valkey, through the guarded network: one command on a connection of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from flov7.kit.errors import StepBroken, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.actions.db_query.tls import tls_of
from flov7.primitives.actions.db_query.values import to_json
from flov7.primitives.actions.db_query.work import Order, Place, Result, kept, place, refused, wrong_args
from flov7.primitives.declare import ConnectionValue, Context, Json
from flov7.primitives.formats import json_text

READS = frozenset(
    [
        "get",
        "mget",
        "exists",
        "ttl",
        "pttl",
        "type",
        "strlen",
        "getrange",
        "hget",
        "hgetall",
        "hmget",
        "hkeys",
        "hvals",
        "hlen",
        "hexists",
        "lrange",
        "llen",
        "lindex",
        "smembers",
        "sismember",
        "scard",
        "srandmember",
        "zrange",
        "zrangebyscore",
        "zrevrange",
        "zscore",
        "zcard",
        "zcount",
        "zrank",
        "scan",
        "hscan",
        "sscan",
        "zscan",
        "xrange",
        "xlen",
    ]
)
REPEATABLE = frozenset(
    [
        "set",
        "mset",
        "setex",
        "psetex",
        "hset",
        "hmset",
        "sadd",
        "zadd",
        "expire",
        "pexpire",
        "expireat",
        "persist",
        "rename",
    ]
)
ADDS = frozenset(
    [
        "incr",
        "incrby",
        "incrbyfloat",
        "decr",
        "decrby",
        "lpush",
        "rpush",
        "lpop",
        "rpop",
        "xadd",
        "append",
        "publish",
        "setnx",
        "hincrby",
        "hsetnx",
        "zincrby",
    ]
)
TAKES_AWAY = frozenset(["del", "unlink", "srem", "zrem", "hdel", "ltrim", "getdel", "zremrangebyscore", "xtrim"])
COMMANDS = READS | REPEATABLE | ADDS | TAKES_AWAY


async def execute(context: Context, connection: ConnectionValue, order: Order) -> Result:
    """Runs one command: `operation` is its name, `args` the list of its words. Raises step errors."""
    name, args = order.operation.lower(), order.args if order.args is not None else []
    if name not in COMMANDS:
        raise StepRefused(
            f"`{order.operation}` is no command that a workflow may give.",
            hint="Give one of: " + ", ".join(sorted(COMMANDS)) + ".",
            code="db_query.operation",
        )
    if not isinstance(args, list):
        raise wrong_args(order.operation, 'write the words after the command as a list, as in `["key", "value"]`')
    words = [_word(each) for each in args]
    limit = max(0.1, context.remaining() - 0.3)
    async with _session(context, connection, timeout=min(10.0, limit)) as opened:
        answer = await _answer(opened, name, words, limit)
    return _result(answer, name, order)


async def version(context: Context, connection: ConnectionValue) -> str:
    """What answers there. Raises step errors."""
    async with _session(context, connection, timeout=max(0.1, min(10.0, context.remaining()))) as opened:
        await _answer(opened, "ping", [], 5.0)
    return "Redis"


async def _answer(opened: Any, name: str, words: list[str | bytes], limit: float) -> Any:
    from redis.exceptions import RedisError, ResponseError

    try:
        async with asyncio.timeout(limit):
            await opened.send_command(name.upper(), *words)
            return await opened.read_response(disable_decoding=True)
    except TimeoutError as error:
        raise StepTimedOut(
            f"The command took longer than {limit:.1f} seconds.", hint="Ask for less, or give a longer `timeout`."
        ) from error
    except ResponseError as error:
        if str(error).startswith(("LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN")):
            raise StepUnreachable(f"The server is busy, nothing was changed: {error}.") from error
        raise refused(str(error)) from error
    except (RedisError, OSError) as error:
        raise StepBroken(
            f"The server broke off: {str(error).rstrip('.')}.", hint="Look whether it still runs."
        ) from error


@asynccontextmanager
async def _session(context: Context, connection: ConnectionValue, *, timeout: float) -> AsyncGenerator[Any, None]:
    from redis.asyncio.connection import Connection
    from redis.exceptions import AuthenticationError, RedisError

    where = place(connection, port=6379)
    sock = await context.outside.connect(where.host, port=where.port, timeout=timeout)

    class Guarded(Connection):
        """Speaks over the socket that was checked."""

        def _connection_arguments(self) -> dict[str, Any]:
            return _over(sock, where)

    opened = Guarded(
        host=where.host,
        port=where.port,
        db=int(where.database or 0),
        username=where.user or None,
        password=where.password or None,
        socket_connect_timeout=timeout,
        socket_timeout=timeout,  # also for the words with which a conversation begins
        protocol=2,
        retry=None,
    )
    try:
        await opened.connect()
        yield opened
    except AuthenticationError as error:
        raise StepRefused(
            f"The server refuses us: {str(error).rstrip('.')}.", hint="Look at user and password."
        ) from error
    except (RedisError, OSError) as error:
        raise StepUnreachable(
            f"The server at `{where.host}:{where.port}` does not let us in: {error}.",
            hint="Look whether it runs, and at `security`.",
        ) from error
    finally:
        with suppress(Exception):
            await opened.disconnect()
        sock.close()


def _over(sock: socket.socket, where: Place) -> dict[str, Any]:
    tls = tls_of(where)
    return {"sock": sock} if tls is None else {"sock": sock, "ssl": tls, "server_hostname": where.host}


def _word(value: Json) -> str | bytes:
    return value if isinstance(value, str) else json_text.show(value)


def _result(answer: Any, name: str, order: Order) -> Result:
    value = _plain(answer)
    if name in ("hgetall",) and isinstance(value, list):
        value = [dict(zip(value[::2], value[1::2], strict=False))] if value else []
    elif name in ("scan", "sscan", "hscan", "zscan") and isinstance(value, list):
        value = value[1]
    if isinstance(value, list):
        return kept([each if isinstance(each, dict) else {"value": each} for each in value], order)
    return Result(rows=[] if value is None else [{"value": value}], count=0 if value is None else 1)


def _plain(answer: Any) -> Json:
    if isinstance(answer, bytes):
        try:
            return answer.decode()
        except UnicodeDecodeError:
            return to_json(answer)
    return [_plain(each) for each in answer] if isinstance(answer, list) else to_json(answer)
