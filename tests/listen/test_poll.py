"""Asking again and again: each new item of a list starts one run; against a real HTTP server and a real database."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest_asyncio

from flov7.listen.listener import Listener
from tests.gateway.conftest import Client
from tests.listen.conftest import all_runs, hearing, outputs

Runs = Callable[..., Awaitable[list[dict[str, Any]]]]
Listening = Callable[[], AbstractAsyncContextManager[Listener]]


@dataclass
class Shop:
    """An API that lists orders; `status` and `body` say how it answers otherwise."""

    items: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    body: Any = None
    port: int = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):  # the listener was stopped as it was about to ask
            writer.close()
            return
        body = json.dumps({"orders": self.items} if self.body is None else self.body).encode()
        head = f"HTTP/1.1 {self.status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        writer.write(head.encode() + b"connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def shop() -> AsyncIterator[Shop]:
    """A shop on loopback."""
    made = Shop()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


def document(poll: dict[str, Any]) -> dict[str, Any]:
    """A document whose output is the item."""
    return {
        "name": "polled",
        "mode": "express",
        "primitives": [
            {"type": "trigger", "kind": "api", "name": "new_order", "config": {"poll": {"every": "100ms", **poll}}},
            {"type": "data", "kind": "mapping", "name": "took", "mapping": {"id": "number"}},
        ],
        "output": "{{ trigger.payload }}",
    }


def orders(shop: Shop, **more: Any) -> dict[str, Any]:
    """Ask the shop."""
    return document({"inputs": {"url": f"http://127.0.0.1:{shop.port}/orders"}, "key": "id", **more})


class TestItems:
    async def test_what_was_listed_at_activation_is_old_and_each_new_one_starts_one_run(
        self, client: Client, shop: Shop, listens: Listener, runs: Runs
    ) -> None:
        shop.items = [{"id": 1}]
        await client.live(orders(shop))
        shop.items = [{"id": 3, "who": "ann"}, {"id": 2}, {"id": 1}]
        assert sorted(one["id"] for one in await outputs(client, await runs(2))) == [2, 3]
        shop.items = [{"id": 1, "changed": True}, {"id": 2}, {"id": 3}]
        await asyncio.sleep(0.5)
        await runs(2)

    async def test_a_change_starts_it_again_where_that_is_asked_for(
        self, client: Client, shop: Shop, listens: Listener, runs: Runs
    ) -> None:
        await client.live(orders(shop, changed="at", begin="first"))
        shop.items = [{"id": 1, "at": "9:00"}]
        await runs(1)
        shop.items = [{"id": 1, "at": "9:30"}]
        assert [one["at"] for one in await outputs(client, await runs(2))] == ["9:00", "9:30"]

    async def test_what_was_seen_survives_and_an_item_that_was_away_is_not_new(
        self, client: Client, shop: Shop, listener: Listening, runs: Runs
    ) -> None:
        await client.live(orders(shop))
        async with listener():
            shop.items = [{"id": 1}, {"id": 2}]
            await runs(2)
            shop.items = []
            await asyncio.sleep(0.4)
        shop.items = [{"id": 1}, {"id": 2}, {"id": 4}]
        async with listener():
            await runs(3)

    async def test_a_query_of_a_database_is_asked_as_well(
        self, client: Client, open_folder: Path, listens: Listener, runs: Runs
    ) -> None:
        path = open_folder / "poll.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
            body = {"name": "lite", "service": "sqlite", "config": {"database": str(path)}, "credentials": {}}
            await client.ask("POST", "/connections", json=body, status=201)
            made = document({"action": "db_query", "inputs": {"sql": "select id from orders"}})
            made["primitives"][0]["connection"] = "lite"
            await client.live(made)
            db.execute("INSERT INTO orders VALUES (7)")
            assert await outputs(client, await runs(1)) == [{"id": 7}]


class TestWhatAnApiCanDoWrong:
    async def test_each_is_told_at_activation_with_the_mend(self, client: Client, shop: Shop) -> None:
        table: list[tuple[dict[str, Any], str]] = [
            ({"status": 500, "body": {}}, "500"),
            ({"status": 401, "body": {}}, "401"),
            ({"body": {"a": [], "b": []}}, "items"),
            ({"body": {"orders": "none"}}, "items"),
            ({"items": [{"name": "no id"}]}, "`id`"),
            ({"items": [{"id": n} for n in range(10_001)]}, "fewer"),
        ]
        for answers, words in table:
            shop.status, shop.body, shop.items = 200, None, []
            for name, value in answers.items():
                setattr(shop, name, value)
            made = await client.create(orders(shop))
            error = await client.ask("POST", f"/workflows/{made['id']}/activate", status=422)
            assert error["code"] == "trigger.unheard" and words in error["message"] + error["hint"], (answers, error)

    async def test_an_action_that_changes_something_is_refused_by_validate(self, client: Client) -> None:
        made = document({"inputs": {"url": "https://example.com/x", "method": "POST"}})
        found = await client.ask("POST", "/workflows/validate", json={"document": made})
        assert not found["valid"] and any("only read" in one["message"] for one in found["diagnostics"])
        unknown = document({"action": "no.such_thing"})
        found = await client.ask("POST", "/workflows/validate", json={"document": unknown})
        assert any("no action `no.such_thing`" in one["message"] for one in found["diagnostics"])

    async def test_trouble_later_is_shown_and_nothing_is_lost(
        self, client: Client, shop: Shop, listens: Listener, runs: Runs
    ) -> None:
        made = await client.live(orders(shop))
        await hearing(client, made["id"])
        shop.status = 503
        await hearing(client, made["id"], status="failing")
        assert await all_runs(client) == []
        shop.status, shop.items = 200, [{"id": 1}]
        await runs(1)
        await hearing(client, made["id"])
