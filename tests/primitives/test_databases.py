"""Querying PostgreSQL, looking things up in it, and testing a connection to it, on a real server."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from flov7.kit.errors import StepBroken, StepFailed, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.registry import registry

Call = Any
Connection = Any
TABLES = """
create table orders (id int primary key, customer int, total numeric(10,2), placed timestamptz, tags text[], more jsonb,
                     note text, ok bool, weight float8, day date, code uuid, took interval);
create table customers (id int primary key, name text not null);
insert into customers values (1, 'Ann'), (2, 'Bo');
create function sneaky() returns int language sql as $$ insert into customers values (99, 'x') returning id $$;
"""


@pytest.fixture(scope="module")
async def shop_url(embedded_postgres: Any) -> AsyncIterator[str]:
    """A database of a shop."""
    name = f"shop{os.urandom(4).hex()}"
    admin = await asyncpg.connect(embedded_postgres.admin_url)
    await admin.execute(f"create database {name}")
    url = embedded_postgres.admin_url.rsplit("/", 1)[0] + f"/{name}"
    inside = await asyncpg.connect(url)
    await inside.execute(TABLES)
    await inside.close()
    yield url
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture
def shop(shop_url: str, connection: Connection) -> Any:
    """A `database` connection to it."""
    return connection("database", config={"security": "none"}, credential={"url": shop_url})


async def query(call: Call, shop: Any, sql: str, *params: Any, **more: Any) -> Any:
    inputs = {"sql": sql, "params": list(params), **more}
    return await call("action/db_query", inputs, connection=shop)


class TestAQuery:
    async def test_gives_rows_as_objects(self, call: Call, shop: Any) -> None:
        found = await query(call, shop, "select id, name from customers where id = any($1) order by id", [1, 2])
        assert found == {"rows": [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bo"}], "count": 2, "truncated": False}

    async def test_takes_and_gives_every_type(self, call: Call, shop: Any) -> None:
        values = {
            "id": 7, "customer": None, "total": "19.99", "placed": "2027-01-31T09:00:00+01:00", "tags": ["a", "b"],
            "more": {"a": [1, None]}, "note": "x'; drop table orders; --", "ok": True, "weight": 1.5, "day": "2027-01-31",
            "code": "5b6d0be2-d5e0-4d2b-9ab5-1f3f5bd3b1f1", "took": 90,
        }  # fmt: skip
        places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
        sql = f"insert into orders ({', '.join(values)}) values ({places}) returning *"
        row = (await query(call, shop, sql, *values.values()))["rows"][0]
        assert row == {**values, "placed": "2027-01-31T08:00:00+00:00", "took": 90.0}

    async def test_counts_what_it_changed(self, call: Call, shop: Any) -> None:
        found = await query(call, shop, "update customers set name = upper(name) where id = $1", 2)
        assert (found["rows"], found["count"]) == ([], 1)
        await query(call, shop, "update customers set name = 'Bo' where id = 2")

    async def test_with_too_many_rows_is_refused_or_cut(self, call: Call, shop: Any) -> None:
        sql = "select generate_series(1, 10) as n"
        with pytest.raises(StepRefused, match="more than 3 rows"):
            await query(call, shop, sql, max_rows=3)
        found = await query(call, shop, sql, max_rows=3, cut=True)
        assert (len(found["rows"]), found["truncated"]) == (3, True)

    async def test_that_looks_like_a_read_cannot_write(self, call: Call, shop: Any) -> None:
        with pytest.raises(StepRefused, match="looks like a read and wants to write"):
            await query(call, shop, "select sneaky()")
        assert (await query(call, shop, "select count(*) as n from customers"))["rows"] == [{"n": 2}]

    async def test_that_fails_changes_nothing(self, call: Call, shop: Any) -> None:
        with pytest.raises(StepRefused, match="duplicate key") as refused:
            await query(call, shop, "insert into customers values (3, 'C'), (1, 'again')")
        assert refused.value.details == {"sqlstate": "23505", "constraint": "customers_pkey"}
        assert (await query(call, shop, "select 1 from customers where id = 3"))["rows"] == []

    async def test_that_takes_too_long_is_ended(self, call: Call, shop: Any) -> None:
        with pytest.raises(StepTimedOut):
            await call("action/db_query", {"sql": "select pg_sleep(5)"}, connection=shop, seconds=0.8)

    @pytest.mark.parametrize(
        ("sql", "params", "said"),
        [
            ("select * from nowhere", [], 'relation "nowhere" does not exist'),
            ("selec 1", [], "syntax error"),
            ("select 1; select 2", [], "multiple commands"),
            ("select $1::int", [], "has 1 places and there are 0 values"),
            ("select $1::int", ["x"], '"x" is no value of type int4'),
            ("select $1::int", [1.5], "1.5 is no value of type int4"),
            ("select $1::date", ["yesterday"], '"yesterday" is no value of type date'),
            ("select $1::uuid", [5], "5 is no value of type uuid"),
        ],
    )
    async def test_that_cannot_run_is_explained(
        self, call: Call, shop: Any, sql: str, params: list[Any], said: str
    ) -> None:
        with pytest.raises(StepRefused, match=said):
            await query(call, shop, sql, *params)

    async def test_that_stood_in_another_ones_way_may_be_repeated(self, call: Call, shop: Any, shop_url: str) -> None:
        other = await asyncpg.connect(shop_url)
        async with other.transaction():
            await other.execute("update customers set name = name where id = 1")
            with pytest.raises(StepUnreachable, match="in the way"):
                await query(call, shop, "select * from customers where id = 1 for update nowait")
        await other.close()

    async def test_whose_server_is_ended_in_the_middle_is_in_doubt(self, call: Call, shop: Any, shop_url: str) -> None:
        other = await asyncpg.connect(shop_url)

        async def end_it() -> None:
            ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity where query like $1 and pid <> pg_backend_pid()"
            while not await other.fetchval(ended, "%pg_sleep(4)%"):
                await asyncio.sleep(0.05)

        ending = asyncio.create_task(end_it())
        with pytest.raises(StepFailed, match="broke off") as failed:
            await query(call, shop, "update customers set name = name where pg_sleep(4) is not null")
        assert type(failed.value) is StepBroken
        await ending
        await other.close()


class TestTheConnection:
    @pytest.mark.parametrize(
        ("change", "error", "said"),
        [
            ({"port": 1}, StepUnreachable, "does not let us in"),
            ({"username": "nobody", "password": "x"}, StepRefused, "refuses us"),
            ({"database": "nowhere"}, StepRefused, "nowhere"),
            ({"security": "verify"}, StepRefused, "does not do TLS"),
            ({"service": "oracle"}, StepRefused, "`oracle` is no database that is known here"),
            ({"host": None}, StepRefused, "does not say where"),
        ],
    )
    async def test_that_does_not_work_says_why(
        self, call: Call, connection: Connection, shop_url: str, change: dict[str, Any], error: type, said: str
    ) -> None:
        parts = urlsplit(shop_url)
        config: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port,
            "database": parts.path[1:],
            "security": "none",
        }
        secret: dict[str, Any] = {"username": parts.username, "password": parts.password}
        for name, value in change.items():
            (secret if name in secret else config)[name] = value
        shop = connection("database", service=config.pop("service", "postgres"), config=config, credential=secret)
        with pytest.raises(StepFailed, match=said) as failed:
            await query(call, shop, "select 1")
        assert type(failed.value) is error

    async def test_to_a_private_address_is_refused(self, call: Call, shop: Any, guard: Any) -> None:
        with pytest.raises(StepRefused) as refused:
            await call("action/db_query", {"sql": "select 1"}, connection=shop, outside=guard())
        assert refused.value.error_code == "outside.forbidden"

    async def test_is_needed(self, call: Call) -> None:
        with pytest.raises(StepRefused, match="needs a connection"):
            await call("action/db_query", {"sql": "select 1"})

    async def test_when_tested_says_what_it_found(self, context: Any, shop: Any, connection: Connection) -> None:
        runner = registry().runner("connection", "database")
        good = await runner.check(context(connection=shop))
        assert good.ok and "PostgreSQL" in good.message
        gone = connection("database", config={"host": "127.0.0.1", "port": 1, "security": "none"})
        bad = await runner.check(context(connection=gone))
        assert not bad.ok and bad.hint


class TestTls:
    """The embedded server has no TLS, so this one only shakes hands and then says that it has no room."""

    @pytest.fixture
    async def port(self, certificate: tuple[Path, Path]) -> AsyncIterator[int]:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*map(str, certificate))

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                assert await reader.readexactly(8) == bytes.fromhex("0000000804d2162f")
                writer.write(b"S")
                await writer.start_tls(tls)
                await reader.readexactly(4)
                fields = b"SFATAL\0C53300\0Mwe spoke in private\0\0"
                writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
                await writer.drain()
            except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        yield server.sockets[0].getsockname()[1]
        server.close()

    @pytest.mark.parametrize(
        ("host", "security", "trusted", "said"),
        [
            ("localhost", "verify", True, "we spoke in private"),
            ("localhost", "verify", False, "no TLS certificate that can be trusted"),
            ("127.0.0.1", "verify", True, "no TLS certificate that can be trusted"),
            ("127.0.0.1", "require", False, "we spoke in private"),
        ],
    )
    async def test_checks_the_name_though_it_connects_to_the_address(
        self,
        call: Call,
        connection: Connection,
        port: int,
        certificate: tuple[Path, Path],
        monkeypatch: pytest.MonkeyPatch,
        host: str,
        security: str,
        trusted: bool,
        said: str,
    ) -> None:
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        shop = connection("database", config={"host": host, "port": port, "security": security})
        with pytest.raises(StepFailed, match=said):
            await query(call, shop, "select 1")


class TestEnrichingBySql:
    async def test_puts_what_was_found_beside(self, call: Call, shop: Any, bound: Any) -> None:
        inputs = {
            "from": "sql",
            "items": [{"c": 1}, {"c": 5}, {"c": 1}, {"c": None}],
            "key": bound("item.c"),
            "sql": "select name from customers where id = $1",
            "into": "customer",
        }
        found = await call("data/enrich", inputs, connection=shop)
        assert [each["customer"] for each in found] == [{"name": "Ann"}, None, {"name": "Ann"}, None]

    async def test_cannot_write(self, call: Call, shop: Any, bound: Any) -> None:
        inputs = {"from": "sql", "items": [{"c": 1}], "key": bound("item.c")}
        with pytest.raises(StepRefused, match="wants to write"):
            await call("data/enrich", {**inputs, "sql": "delete from customers where id = $1"}, connection=shop)
