"""How each kind meets its peer: what it is called with, and which server stands there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flov7.primitives.connectors.builtin import shelves
from flov7.primitives.connectors.running import run_operation
from flov7.primitives.declare import Checked, ConnectionValue, Context
from flov7.primitives.faults import Fault
from flov7.primitives.registry import registry
from flov7.primitives.watching import WatchContext
from tests.browser import Browser, text
from tests.faults import servers
from tests.faults.servers import Script
from tests.primitives.conftest import make_bound

Make = Callable[..., Context]
Run = Callable[[Make, int, Fault], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A kind and its peer. `writes`: an error of the second half means that the effect may have happened."""

    script: Script
    run: Run
    writes: bool = False
    only: frozenset[Fault] = field(default=frozenset(Fault))


def value(kind: str, service: str | None = None, **more: Any) -> ConnectionValue:
    """A connection."""
    return ConnectionValue(name="peer", kind=kind, service=service, **more)


def action(key: str, inputs: Callable[[int], dict[str, Any]], peer: Callable[[int], ConnectionValue | None]) -> Run:
    """Calls an action as the engine does."""
    type_, _, name = key.partition("/")

    async def run(make: Make, port: int, fault: Fault) -> Any:
        connection = peer(port)
        named = {} if connection is None else {"peer": connection}
        context = make(seconds=1.0, connection=connection, connections=named, idempotency_key="k")
        return await registry().runner(type_, name).call(context, inputs(port))

    return run


def connection(kind: str, peer: Callable[[int], ConnectionValue]) -> Run:
    """Tests a connection; what is not well becomes the words of an error."""

    async def run(make: Make, port: int, fault: Fault) -> Checked:
        checked = await registry().runner("connection", kind).check(make(seconds=1.0, connection=peer(port)))
        assert checked.ok or checked.hint, checked
        return checked

    return run


def trigger(kind: str, inputs: dict[str, Any], peer: Callable[[int], ConnectionValue], *, act: str = "") -> Run:
    """Listens until the first batch, as the listener does."""

    async def run(make: Make, port: int, fault: Fault) -> Any:
        context = make(seconds=1.0, connection=peer(port))
        runner = registry().runner("trigger", kind)
        assert runner.watcher is not None

        async def do(action: str, asked: Any) -> Any:
            return await registry().runner("action", action).call(context, dict(asked))

        async def ready() -> None:
            return None

        watching = WatchContext(
            subscription="s1", trigger="t", state=None, outside=context.outside, log=context.log,
            connection=peer(port), files=context.files, ready=ready, act=do,
        )  # fmt: skip
        asked = runner.read(_with_port(inputs, port))
        if runner.watcher.subscribe is not None:
            watching = replace(watching, state=await runner.watcher.subscribe(watching, asked))
        found = runner.watcher.watch(watching, asked)
        try:
            return await anext(found)
        finally:
            await found.aclose()

    return run


def _with_port(tree: Any, port: int) -> Any:
    if isinstance(tree, dict):
        return {name: _with_port(one, port) for name, one in tree.items()}
    return tree.replace("PORT", str(port)) if isinstance(tree, str) else tree


def operation(service: str, name: str, inputs: dict[str, Any], secret: dict[str, str]) -> Run:
    """Calls an operation of a connector."""
    connector = shelves()[service].connector

    async def run(make: Make, port: int, fault: Fault) -> Any:
        kind = next(iter(connector.auth))
        peer = value(kind, service, config={"base_url": f"http://127.0.0.1:{port}"}, credential=secret)
        return await run_operation(make(seconds=1.0, connection=peer), connector.operation(name), inputs)

    return run


def shop(port: int) -> ConnectionValue:
    """A service with a key."""
    return value("api_key", config={"base_url": f"http://127.0.0.1:{port}"}, credential={"key": "k"})


def host(service: str, kind: str = "api", **secret: str) -> Callable[[int], ConnectionValue]:
    """A server with a host and a port."""
    given = secret or {"username": "u", "password": "p"}

    def at(port: int) -> ConnectionValue:
        config = {"host": "127.0.0.1", "port": port, "security": "none", "from": "ops@shop.example", "database": "shop"}
        if service in ("redis", "valkey"):
            config["database"] = "0"
        if kind == "database":
            config.pop("from")
        return value(kind, service, config=config, credential=given)

    return at


def over_http(service: str, kind: str) -> Callable[[int], ConnectionValue]:
    """A store or a service behind an address."""
    secret = {"key": "k", "access_token": "t", "token": "t", "username": "u", "password": "p", "url": ""}

    def at(port: int) -> ConnectionValue:
        if service == "elasticsearch":
            config = {"host": "127.0.0.1", "port": port, "security": "none"}
            return value(kind, service, config=config, credential={"username": "u", "password": "p"})
        url = f"http://127.0.0.1:{port}"
        return value(
            kind,
            service,
            config={"base_url": url, "url": url, "host": url, "from": "+491"},
            credential={**secret, "url": url},
        )

    return at


JSON = b'{"text": "caf"}'
_KEY = text(b"\x01" * 32)


def pushed(port: int) -> dict[str, Any]:
    """A message to a browser."""
    return {"channel": "peer", "text": "x", "to": Browser(f"http://127.0.0.1:{port}/p").subscription}


_GET = {"method": "GET", "url": "/o", "parse": "json"}
_SQL = {"sql": "select text from orders"}


def _db(service: str, inputs: dict[str, Any]) -> Run:
    return action("action/db_query", lambda port: inputs, host(service, "database"))


async def _mongodb(make: Make, port: int, fault: Fault) -> Any:
    """Only a user logs in; and that is where a password has expired."""
    config = {"host": "127.0.0.1", "port": port, "security": "none", "database": "shop"}
    secret = {"username": "u", "password": "p"} if fault is Fault.EXPIRED else {}
    peer = value("database", "mongodb", config=config, credential=secret)
    inputs = {"operation": "find", "about": "orders", "args": {}}
    return await registry().runner("action", "db_query").call(make(seconds=1.5, connection=peer), inputs)


MEETINGS: dict[str, Meeting] = {
    "action/api_call": Meeting(script=servers.http(JSON), run=action("action/api_call", lambda port: _GET, shop)),
    "action/api_call POST": Meeting(
        script=servers.http(JSON),
        run=action("action/api_call", lambda port: {**_GET, "method": "POST", "json": {}}, shop),
        writes=True,
    ),
    "action/api_call graphql": Meeting(
        script=servers.http(b'{"data": {"text": "caf"}}'),
        run=action("action/api_call", lambda port: {"mode": "graphql", "query": "{ text }", "url": "/"}, shop),
    ),
    "action/api_call soap": Meeting(
        script=servers.http(
            b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a>caf</a></s:Body></s:Envelope>',
            kind="text/xml",
        ),
        run=action("action/api_call", lambda port: {"mode": "soap", "url": "/", "body": {"a": 1}}, shop),
        writes=True,
    ),
    "action/connector": Meeting(
        script=servers.http(JSON), run=operation("notion", "get_page", {"page_id": "1"}, {"key": "k"})
    ),
    "action/connector POST": Meeting(
        script=servers.http(JSON),
        run=operation("notion", "create_page", {"parent": {"database_id": "d"}, "properties": {}}, {"key": "k"}),
        writes=True,
    ),
    "action/db_query postgres": Meeting(script=servers.postgres, run=_db("postgres", _SQL)),
    "action/db_query mysql": Meeting(script=servers.mysql, run=_db("mysql", _SQL)),
    "action/db_query redis": Meeting(script=servers.redis, run=_db("redis", {"operation": "get", "args": ["a"]})),
    "action/db_query mongodb": Meeting(script=servers.mongodb, run=_mongodb),
    "action/db_query mssql": Meeting(script=servers.mssql, run=_db("mssql", _SQL)),
    "action/db_query elasticsearch": Meeting(
        script=servers.http(b'{"hits": {"hits": [{"_id": "1", "_source": {"text": "caf"}}]}}'),
        run=action(
            "action/db_query",
            lambda port: {"operation": "search", "about": "orders", "args": {}},
            over_http("elasticsearch", "database"),
        ),
    ),
    "action/db_query supabase": Meeting(
        script=servers.http(b'[{"text": "caf"}]'),
        run=action(
            "action/db_query",
            lambda port: {"operation": "select", "about": "orders", "args": {}},
            over_http("supabase", "database"),
        ),
    ),
    "action/email_send": Meeting(
        script=servers.smtp,
        run=action(
            "action/email_send", lambda port: {"to": "eve@shop.example", "subject": "x", "text": "y"}, host("smtp")
        ),
        writes=True,
    ),
    "action/email_send gmail": Meeting(
        script=servers.http(b'{"id": "caf"}'),
        run=action(
            "action/email_send",
            lambda port: {"to": "eve@shop.example", "subject": "x", "text": "y", "from": "a@b.c"},
            over_http("gmail", "gmail"),
        ),
        writes=True,
    ),
    "action/notification webhook": Meeting(
        script=servers.http(b'"caf"'),
        run=action(
            "action/notification", lambda port: {"channel": "peer", "text": "x"}, over_http("webhook", "webhook")
        ),
        writes=True,
    ),
    "action/notification webpush": Meeting(
        script=servers.http(b'"caf"'),
        run=action(
            "action/notification",
            pushed,
            lambda port: value("api", "webpush", config={"from": "a@b.c"}, credential={"secret": _KEY}),
        ),
        writes=True,
    ),
    "action/notification twilio": Meeting(
        script=servers.http(b'{"sid": "caf"}'),
        run=action(
            "action/notification",
            lambda port: {"channel": "peer", "text": "x", "to": "+4915112345678"},
            over_http("twilio", "api"),
        ),
        writes=True,
    ),
    "action/notification slack": Meeting(
        script=servers.http(b'{"ok": true, "ts": "caf"}'),
        run=action(
            "action/notification",
            lambda port: {"channel": "peer", "text": "x", "to": "#a"},
            over_http("slack", "slack"),
        ),
        writes=True,
    ),
    "data/enrich": Meeting(
        script=servers.http(JSON),
        run=action(
            "data/enrich",
            lambda port: {
                "items": [{"id": 1}],
                "from": "http",
                "url": "/{key}",
                "key": make_bound("item.id"),
                "into": "more",
            },
            shop,
        ),
    ),
    "data/enrich sql": Meeting(
        script=servers.postgres,
        run=action(
            "data/enrich",
            lambda port: {
                "items": [{"id": 1}],
                "from": "sql",
                "sql": "select $1",
                "key": make_bound("item.id"),
                "into": "more",
            },
            host("postgres", "database"),
        ),
    ),
    "trigger/api": Meeting(
        script=servers.http(b'[{"id": "caf"}]'),
        run=trigger(
            "api", {"poll": {"inputs": {"url": "http://127.0.0.1:PORT/"}, "begin": "first", "every": "1s"}}, shop
        ),
    ),
    "trigger/database": Meeting(
        script=servers.postgres, run=trigger("database", {"table": "orders"}, host("postgres", "database"))
    ),
    "trigger/database mysql": Meeting(
        script=servers.mysql,
        run=trigger("database", {"table": "orders", "watermark": "id"}, host("mysql", "database")),
    ),
    "trigger/email": Meeting(script=servers.imap, run=trigger("email", {}, host("imap"))),
    "trigger/iot": Meeting(script=servers.mqtt, run=trigger("iot", {"topics": ["a/b"]}, host("mqtt"))),
}

CONNECTIONS: dict[str, tuple[Script, Run]] = {
    "api": (
        servers.http(JSON),
        connection(
            "api", lambda port: value("api", config={"base_url": f"http://127.0.0.1:{port}"}, credential={"token": "t"})
        ),
    ),
    "api smtp": (servers.smtp, connection("api", host("smtp"))),
    "api imap": (servers.imap, connection("api", host("imap"))),
    "api mqtt": (servers.mqtt, connection("api", host("mqtt"))),
    "api_key": (servers.http(JSON), connection("api_key", shop)),
    "oauth": (servers.http(JSON), connection("oauth", over_http("", "oauth"))),
    "slack": (servers.http(JSON), connection("slack", over_http("slack", "slack"))),
    "gmail": (servers.http(JSON), connection("gmail", over_http("gmail", "gmail"))),
    "hubspot": (servers.http(JSON), connection("hubspot", over_http("hubspot", "hubspot"))),
    "database": (servers.postgres, connection("database", host("postgres", "database"))),
    "database mysql": (servers.mysql, connection("database", host("mysql", "database"))),
    "database redis": (servers.redis, connection("database", host("redis", "database"))),
}
