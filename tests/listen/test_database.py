"""Rows: what is added, changed and removed starts runs, once each, whatever dies in between; on real databases."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pymysql
import pytest_asyncio

from flov7.listen.listener import Listener
from flov7.stack.embedded import EmbeddedPostgres, Home
from tests.gateway.conftest import Client
from tests.listen.conftest import all_runs, hearing, outputs
from tests.listen.programs import Server

Runs = Callable[..., Awaitable[list[dict[str, Any]]]]
Listening = Callable[[], AbstractAsyncContextManager[Listener]]


@pytest_asyncio.fixture(loop_scope="session")
async def shop(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A database of the test's own, with a table of orders; its slots are dropped with it."""
    name = f"s{os.urandom(5).hex()}"
    admin = await asyncpg.connect(embedded_postgres.admin_url)
    await admin.execute(f"CREATE DATABASE {name}")
    opened = await asyncpg.connect(embedded_postgres.admin_url.rsplit("/", 1)[0] + f"/{name}")
    await opened.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, total numeric(10,2), note text, paid bool, tags jsonb, at timestamptz)"
    )
    yield opened
    for row in await admin.fetch("SELECT slot_name FROM pg_replication_slots WHERE database = $1", name):
        for _ in range(50):
            try:
                await admin.execute("SELECT pg_drop_replication_slot($1)", row["slot_name"])
                break
            except asyncpg.ObjectInUseError:
                await asyncio.sleep(0.1)
            except asyncpg.UndefinedObjectError:
                break
    await opened.close()
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


def at_postgres(url: str, database: str) -> dict[str, Any]:
    """The connection of a document; its secret is in the document's credentials here, as a test may."""
    parts = urlsplit(url)
    return {
        "service": "postgres",
        "config": {"host": "127.0.0.1", "port": parts.port, "database": database, "security": "none"},
    }


async def kept(client: Client, **more: Any) -> str:
    """A connection kept in the workspace, with its secret; its name."""
    name = f"c_{os.urandom(4).hex()}"
    await client.ask("POST", "/connections", json={"name": name, **more}, status=201)
    return name


async def postgres(client: Client, server: EmbeddedPostgres, database: str) -> str:
    """The connection to the embedded server."""
    parts = urlsplit(server.admin_url)
    secret = {"username": parts.username, "password": parts.password}
    return await kept(client, **at_postgres(server.admin_url, database), credentials=secret)


def document(connection: str, *, when: str | None = None, **config: Any) -> dict[str, Any]:
    """A document whose output is what happened."""
    trigger = {"type": "trigger", "kind": "database", "name": "changed", "connection": connection, "config": config}
    if when is not None:
        trigger["when"] = when
    return {
        "name": "changes",
        "mode": "express",
        "primitives": [
            trigger,
            {"type": "data", "kind": "mapping", "name": "took", "mapping": {"row": "now", "operation": "what"}},
        ],
        "output": {"what": "{{ what }}", "row": "{{ now }}", "before": "{{ trigger.payload.before }}"},
    }


class TestTheLogOfPostgres:
    async def test_tells_inserts_updates_and_deletes_with_their_rows(
        self, client: Client, shop: Any, embedded_postgres: EmbeddedPostgres, listens: Listener, runs: Runs
    ) -> None:
        name = await postgres(client, embedded_postgres, await shop.fetchval("SELECT current_database()"))
        await client.live(document(name, table="orders"))
        insert = "INSERT INTO orders VALUES (1, 12.50, 'first', true, '{\"a\": [1]}', '2026-11-23T09:00:00Z')"
        await shop.execute(insert)
        await shop.execute("UPDATE orders SET note = 'changed' WHERE id = 1")
        await shop.execute("DELETE FROM orders WHERE id = 1")
        found = await outputs(client, await runs(3))
        row = {"id": 1, "total": "12.50", "note": "first", "paid": True, "tags": {"a": [1]}}
        assert found[0] == {"what": "insert", "row": {**row, "at": "2026-11-23T09:00:00+00:00"}, "before": None}
        assert found[1]["what"] == "update" and found[1]["row"]["note"] == "changed"
        assert found[2] == {"what": "delete", "row": {"id": 1}, "before": {"id": 1}}

    async def test_what_was_committed_before_anybody_listened_is_not_lost_and_what_was_rolled_back_is_nothing(
        self, client: Client, shop: Any, embedded_postgres: EmbeddedPostgres, listener: Listening, runs: Runs
    ) -> None:
        name = await postgres(client, embedded_postgres, await shop.fetchval("SELECT current_database()"))
        await client.live(document(name, table="public.orders", events=["insert"]))
        await shop.execute("INSERT INTO orders (id) SELECT generate_series(1, 450)")
        try:
            async with shop.transaction():
                await shop.execute("INSERT INTO orders (id) VALUES (9999)")
                raise KeyError
        except KeyError:
            pass
        await shop.execute("UPDATE orders SET note = 'x' WHERE id = 1")
        async with listener():
            found = await outputs(client, (await runs(450, seconds=40))[:5])
        assert all(one["what"] == "insert" for one in found)

    async def test_a_filter_decides_by_the_row(
        self, client: Client, shop: Any, embedded_postgres: EmbeddedPostgres, listens: Listener, runs: Runs
    ) -> None:
        name = await postgres(client, embedded_postgres, await shop.fetchval("SELECT current_database()"))
        await client.live(document(name, table="orders", when="row.id > 5 and operation == 'insert'"))
        await shop.execute("INSERT INTO orders (id) SELECT generate_series(1, 7)")
        assert sorted(one["row"]["id"] for one in await outputs(client, await runs(2))) == [6, 7]

    async def test_the_slot_is_made_at_activation_and_dropped_at_deactivation(
        self, client: Client, shop: Any, embedded_postgres: EmbeddedPostgres, listens: Listener
    ) -> None:
        database = await shop.fetchval("SELECT current_database()")
        name = await postgres(client, embedded_postgres, database)
        made = await client.live(document(name, table="orders"))
        count = "SELECT count(*) FROM pg_replication_slots WHERE database = $1"
        assert await shop.fetchval(count, database) == 1
        await hearing(client, made["id"])
        await client.ask("POST", f"/workflows/{made['id']}/deactivate")
        left = f"SELECT ({count}) + (SELECT count(*) FROM pg_publication)"
        for _ in range(200):
            if await shop.fetchval(left, database) == 0:
                break
            await asyncio.sleep(0.05)
        assert await shop.fetchval(left, database) == 0

    async def test_a_quiet_table_does_not_keep_the_log_for_ever(
        self, client: Client, shop: Any, embedded_postgres: EmbeddedPostgres, listens: Listener
    ) -> None:
        name = await postgres(client, embedded_postgres, await shop.fetchval("SELECT current_database()"))
        made = await client.live(document(name, table="orders"))
        await hearing(client, made["id"])
        await shop.execute("CREATE TABLE other AS SELECT generate_series(1, 1000) AS n")
        here = await shop.fetchval("SELECT pg_current_wal_lsn()::text")
        behind = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database() AND confirmed_flush_lsn < $1::text::pg_lsn"
        for _ in range(100):
            if await shop.fetchval(behind, here) == 0:
                break
            await asyncio.sleep(0.05)
        assert await shop.fetchval(behind, here) == 0


class TestTheDatabaseIsKilled:
    async def test_nothing_is_lost_and_nothing_doubled(
        self, client: Client, listens: Listener, runs: Runs, tmp_path: Path
    ) -> None:
        server = EmbeddedPostgres(Home(tmp_path / "pg"), port=0, durable=True)
        await asyncio.to_thread(server.start)
        try:
            await _insert(server, "CREATE TABLE orders (id int PRIMARY KEY, note text)")
            name = await postgres(client, server, "postgres")
            made = await client.live(document(name, table="orders"))
            for first in (1, 61, 121):
                await _insert(server, f"INSERT INTO orders SELECT generate_series({first}, {first + 59})")
                await asyncio.sleep(0.1)
                os.kill(server.pid, 9)
                await asyncio.sleep(0.3)
                await asyncio.to_thread(server.start)
            found = await outputs(client, await runs(180, seconds=60))
            assert sorted(one["row"]["id"] for one in found) == list(range(1, 181))
            await hearing(client, made["id"])
        finally:
            await asyncio.to_thread(server.remove)


async def _insert(server: EmbeddedPostgres, statement: str) -> None:
    opened = await asyncpg.connect(server.admin_url)
    await opened.execute(statement)
    await opened.close()


class TestNotify:
    async def test_messages_of_a_channel_start_runs(
        self, client: Client, shop: Any, embedded_postgres: EmbeddedPostgres, listens: Listener, runs: Runs
    ) -> None:
        name = await postgres(client, embedded_postgres, await shop.fetchval("SELECT current_database()"))
        made = await client.live(document(name, channel="news"))
        await hearing(client, made["id"])
        await shop.execute("SELECT pg_notify('news', '{\"id\": 3}'), pg_notify('news', 'plain')")
        found = await outputs(client, await runs(2))
        assert [one["row"] for one in found] == [{"id": 3}, "plain"] or [one["row"] for one in found] == [
            "plain",
            {"id": 3},
        ]


class TestPolling:
    async def test_mariadb_gives_new_and_changed_rows_once_each(
        self, client: Client, mariadb: Server, listens: Listener, runs: Runs
    ) -> None:
        table = f"t{os.urandom(4).hex()}"
        columns = "id int PRIMARY KEY AUTO_INCREMENT, note text, changed timestamp(6) DEFAULT now(6) ON UPDATE now(6)"
        with closing(_mysql(mariadb)) as opened, opened.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {table} ({columns})")
            cursor.execute(f"INSERT INTO {table} (note) VALUES ('old')")
            secret = {"username": "flov7", "password": "pw"}
            place = {"host": "127.0.0.1", "port": mariadb.port, "database": "shop", "security": "none"}
            name = await kept(client, service="mysql", config=place, credentials=secret)
            await client.live(document(name, table=table, watermark="changed", every="100ms"))
            await asyncio.sleep(1.5)
            cursor.execute(f"INSERT INTO {table} (note) VALUES ('new'), ('newer')")
            await runs(2)
            cursor.execute(f"UPDATE {table} SET note = 'changed' WHERE id = 1")
            found = await outputs(client, await runs(3))
        assert sorted(one["row"]["note"] for one in found) == ["changed", "new", "newer"]
        assert {one["what"] for one in found} == {"change"}

    async def test_sqlite_begins_with_the_first_row_where_asked(
        self, client: Client, open_folder: Path, listens: Listener, runs: Runs
    ) -> None:
        path = open_folder / f"{os.urandom(4).hex()}.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT)")
            db.executemany("INSERT INTO orders (note) VALUES (?)", [(f"n{n}",) for n in range(1200)])
            name = await kept(client, service="sqlite", config={"database": str(path)}, credentials={})
            made = await client.live(document(name, table="orders", watermark="id", begin="first", every="100ms"))
            await runs(1200, seconds=60)
            db.execute("INSERT INTO orders (note) VALUES ('last')")
            await runs(1201, seconds=60)
            shown = await hearing(client, made["id"])
        assert shown["delivered"] == 1201

    async def test_a_row_that_is_committed_late_is_found_among_the_last_ones(
        self, client: Client, shop: Any, embedded_postgres: EmbeddedPostgres, listens: Listener, runs: Runs
    ) -> None:
        name = await postgres(client, embedded_postgres, await shop.fetchval("SELECT current_database()"))
        await shop.execute("INSERT INTO orders (id) VALUES (1), (2)")
        await client.live(document(name, table="orders", watermark="id", every="100ms"))
        await shop.execute("INSERT INTO orders (id) VALUES (10), (20)")
        await runs(2)
        await shop.execute("INSERT INTO orders (id) VALUES (15)")
        found = await outputs(client, await runs(3))
        assert sorted(one["row"]["id"] for one in found) == [10, 15, 20]

    async def test_goes_on_where_it_was_when_nobody_listened_for_a_while(
        self, client: Client, shop: Any, embedded_postgres: EmbeddedPostgres, listener: Listening, runs: Runs
    ) -> None:
        name = await postgres(client, embedded_postgres, await shop.fetchval("SELECT current_database()"))
        await client.live(document(name, table="orders", watermark="id", every="100ms"))
        async with listener():
            await shop.execute("INSERT INTO orders (id) VALUES (1)")
            await runs(1)
        await shop.execute("INSERT INTO orders (id) VALUES (2), (3)")
        async with listener():
            await runs(3)


class TestWhatADatabaseCanDoWrong:
    async def test_each_is_told_at_activation_with_the_mend(
        self, client: Client, shop: Any, embedded_postgres: EmbeddedPostgres, open_folder: Path
    ) -> None:
        database = await shop.fetchval("SELECT current_database()")
        good = await postgres(client, embedded_postgres, database)
        wrong_password = await kept(
            client, **at_postgres(embedded_postgres.admin_url, database),
            credentials={"username": "postgres", "password": "no"},
        )  # fmt: skip
        nobody = await kept(
            client, service="postgres", config={"host": "127.0.0.1", "port": 1, "security": "none"},
            credentials={"username": "u", "password": "p"},
        )  # fmt: skip
        await shop.execute("DROP ROLE IF EXISTS weak; CREATE ROLE weak LOGIN PASSWORD 'weak'")
        weak = await kept(
            client, **at_postgres(embedded_postgres.admin_url, database),
            credentials={"username": "weak", "password": "weak"},
        )  # fmt: skip
        (open_folder / "e.db").write_bytes(b"")
        lite = await kept(client, service="sqlite", config={"database": str(open_folder / "e.db")}, credentials={})
        table: list[tuple[str, dict[str, Any], str]] = [
            (wrong_password, {"table": "orders"}, "password"),
            (nobody, {"table": "orders"}, "does not let us in"),
            (good, {"table": "missing"}, "does not exist"),
            (good, {"table": "orders", "watermark": "nothing"}, "does not exist"),
            (weak, {"table": "orders"}, "REPLICATION"),
            (lite, {"table": "orders"}, "watermark"),
            (lite, {"table": "orders", "watermark": "id"}, "no such table"),
        ]
        for connection, config, words in table:
            made = await client.create(document(connection, **config))
            error = await client.ask("POST", f"/workflows/{made['id']}/activate", status=422)
            assert error["code"] == "trigger.unheard", error
            assert words in error["message"] + error["hint"], (config, error)
        assert await shop.fetchval("SELECT count(*) FROM pg_publication") == 0

    async def test_a_lost_slot_is_said_and_nothing_is_made_up(
        self, client: Client, shop: Any, embedded_postgres: EmbeddedPostgres, listener: Listening
    ) -> None:
        name = await postgres(client, embedded_postgres, await shop.fetchval("SELECT current_database()"))
        made = await client.live(document(name, table="orders"))
        await shop.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()"
        )
        async with listener():
            shown = await hearing(client, made["id"], status="failing")
        assert shown["error"]["code"] == "database.slot_lost" and "activate it again" in shown["error"]["hint"]
        assert await all_runs(client) == []


def _mysql(server: Server) -> Any:
    return pymysql.connect(
        host="127.0.0.1", port=server.port, user="flov7", password="pw", database="shop", autocommit=True
    )
