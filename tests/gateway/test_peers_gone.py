"""PostgreSQL, Temporal or Redis away: clear answers, nothing accepted is lost, and work goes on when they are back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx
import pytest_asyncio

from flov7.cache.settings import CacheSettings
from flov7.engine.settings import EngineSettings
from flov7.gateway.app import create_app
from flov7.gateway.settings import GatewaySettings
from flov7.stack.embedded import EmbeddedPostgres, EmbeddedValkey, Home
from flov7.store import provision
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, gateway_of, open_house
from tests.conftest import ROLES
from tests.gateway.conftest import APPROVAL, MANUAL, Client, hook, new_client

ORDER = {"order": {"total": 4}}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_postgres(tmp_path_factory: object) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL that may be stopped."""
    import tempfile
    from pathlib import Path

    server = EmbeddedPostgres(Home(Path(tempfile.mkdtemp(prefix="flov7-gone-"))), port=0, durable=False)
    server.start()
    yield server
    server.remove()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_valkey() -> AsyncIterator[EmbeddedValkey]:
    """A Valkey that may be stopped."""
    import tempfile
    from pathlib import Path

    server = EmbeddedValkey(Home(Path(tempfile.mkdtemp(prefix="flov7-gone-"))), port=0)
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lonely(own_postgres: EmbeddedPostgres, own_valkey: EmbeddedValkey) -> AsyncIterator[House]:
    """A house whose Temporal never answers."""
    url = await provision.create_database(own_postgres.admin_url, name="gone")
    await provision.provision(url, roles=ROLES)
    await provision.migrate(ROLES.url(url, provision.OWNER))
    settings = AllSettings(
        store=StoreSettings.load(
            database_url=ROLES.url(url, provision.APP),
            database_engine_url=ROLES.url(url, provision.ENGINE),
            database_owner_url=ROLES.url(url, provision.OWNER),
            database_pool_size=5,
            database_timeout=2,
        ),
        cache=CacheSettings.load(redis_url=own_valkey.url, redis_timeout=0.3),
        engine=EngineSettings.load(temporal_address="127.0.0.1:9", task_queue=os.urandom(4).hex()),
    )
    async with open_house(settings) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def client(lonely: House) -> AsyncIterator[Client]:
    """A client of a gateway on that house."""
    app = create_app(gateway_of(lonely, settings=GatewaySettings.load(public_url="http://gateway")))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway") as http,
    ):
        yield await new_client(lonely, http)


class TestWithoutTemporal:
    async def test_a_durable_run_is_accepted_and_shown_so(self, client: Client) -> None:
        made = await client.create(APPROVAL)
        told = await client.ask(
            "POST", f"/workflows/{made['id']}/run", json={"input": {"id": 1}, "wait": 0.3}, status=202
        )
        assert told["status"] == "accepted"
        run = await client.ask("GET", f"/executions/{told['execution_id']}")
        assert (run["status"], run["input"]) == ("accepted", {"id": 1})
        assert [one["id"] for one in (await client.ask("GET", "/executions"))["items"]] == [told["execution_id"]]
        answer = await client.raw("POST", f"/executions/{told['execution_id']}/cancel")
        assert answer.status_code == 503 and answer.headers["retry-after"]

    async def test_express_runs_and_activations_go_on(self, client: Client) -> None:
        assert (await client.run(MANUAL, input={"a": 1}))["output"] == {"total": 2}
        live = await client.live(hook("/on", respond="result"))
        assert (await client.http.post(live["address"], json=ORDER)).json() == {"total": 5}

    async def test_a_schedule_does_not_go_live_halfway(self, client: Client) -> None:
        trigger = {"type": "trigger", "kind": "schedule", "name": "hourly", "config": {"cron": "0 * * * *"}}
        made = await client.create({"primitives": [trigger, MANUAL["primitives"][1]]})
        error = await client.ask("POST", f"/workflows/{made['id']}/activate", status=503)
        assert "Temporal" in error["message"]
        assert (await client.ask("GET", f"/workflows/{made['id']}"))["status"] == "draft"

    async def test_health_says_so_and_is_not_down(self, client: Client) -> None:
        body = await client.ask("GET", "/health")
        assert body["state"] == "degraded" and not body["peers"]["temporal"]["ok"]


class TestWithoutRedis:
    async def test_a_watcher_catches_up_from_the_store(
        self, client: Client, lonely: House, own_valkey: EmbeddedValkey
    ) -> None:
        made = await client.create({**MANUAL, "inputs": None})
        own_valkey.stop()
        try:
            done = await client.ask("POST", f"/workflows/{made['id']}/run", json={"input": {"a": 1}, "wait": 10})
            watcher = gateway_of(lonely, settings=GatewaySettings.load()).watcher
            seen: list[int] = []
            watching = watcher.watch(client.workspace_id, done["execution_id"])
            async with asyncio.timeout(10), aclosing(watching):
                async for event in watching:
                    seen += [] if event is None else [event["n"]]
            assert seen == list(range(1, len(seen) + 1)) and len(seen) >= 3
            live = await client.live(hook("/noredis", respond="result"))
            assert (await client.http.post(live["address"], json=ORDER)).json() == {"total": 5}
            assert not (await client.ask("GET", "/health"))["peers"]["redis"]["ok"]
        finally:
            own_valkey.start()


class TestWithoutPostgres:
    async def test_everything_is_503_until_it_is_back_and_then_works(
        self, client: Client, own_postgres: EmbeddedPostgres
    ) -> None:
        live = await client.live(hook("/pg", respond="result"))
        assert (await client.http.post(live["address"], json=ORDER)).status_code == 200
        own_postgres.stop()
        try:
            for response in (
                await client.http.post(live["address"], json=ORDER),
                await client.raw("GET", "/workflows"),
                await client.raw("POST", "/workflows", json={"document": MANUAL}, headers={"idempotency-key": "k"}),
                await client.http.get("/health"),
            ):
                assert response.status_code == 503, response.text
                assert int(response.headers["retry-after"]) >= 1
                assert response.json()["error"]["code"] == "service.unavailable"
            assert not (await client.http.get("/health")).json()["error"]["details"]["peers"]["database"]["ok"]
        finally:
            own_postgres.start()
        for _ in range(50):
            response = await client.http.post(live["address"], json=ORDER)
            if response.status_code == 200:
                break
            await asyncio.sleep(0.1)
        assert response.json() == {"total": 5}
        found = (await client.ask("GET", "/executions"))["items"]
        assert [one["status"] for one in found] == ["succeeded"] * 2
