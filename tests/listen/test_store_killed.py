"""Our own database killed while devices publish: nothing is acknowledged that is not safe, so nothing is lost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from flov7.cache.settings import CacheSettings
from flov7.engine.settings import EngineSettings
from flov7.gateway.app import create_app
from flov7.gateway.settings import GatewaySettings
from flov7.listen.settings import ListenSettings
from flov7.stack.embedded import EmbeddedPostgres, Home
from flov7.store import provision
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, attending, gateway_of, listening, open_house
from tests.conftest import ROLES
from tests.gateway.conftest import new_client
from tests.listen.conftest import Publisher, all_runs
from tests.listen.programs import Server
from tests.listen.test_iot import document


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL of the test's own that keeps what it says it keeps."""
    made = EmbeddedPostgres(Home(tmp_path / "store"), port=0, durable=True)
    await asyncio.to_thread(made.start)
    yield made
    await asyncio.to_thread(made.remove)


@pytest_asyncio.fixture(loop_scope="session")
async def own(server: EmbeddedPostgres, redis_url: str, temporal_address: str) -> AsyncIterator[House]:
    """A house on it."""
    url = await provision.create_database(server.admin_url, name="flov7")
    await provision.provision(url, roles=ROLES)
    await provision.migrate(ROLES.url(url, provision.OWNER))
    store = StoreSettings.load(
        database_url=ROLES.url(url, provision.APP),
        database_engine_url=ROLES.url(url, provision.ENGINE),
        database_owner_url=ROLES.url(url, provision.OWNER),
    )
    engine = EngineSettings.load(
        temporal_address=temporal_address,
        task_queue=f"sk-{os.urandom(4).hex()}",
        allow_hosts="127.0.0.1",
        lease_seconds=60,  # an express run that began waits here for its database
    )
    cache = CacheSettings.load(redis_url=redis_url)
    async with open_house(AllSettings(store=store, cache=cache, engine=engine)) as house, attending(house):
        yield house


@pytest.mark.timeout(180)
async def test_nothing_is_lost_and_nothing_doubled(own: House, server: EmbeddedPostgres, broker: Server) -> None:
    gateway = gateway_of(own, settings=GatewaySettings.load(public_url="http://gateway"))
    transport = httpx.ASGITransport(app=create_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        client = await new_client(own, http)
        await client.live(document(broker.port, "t", qos=2))
        device, sent = Publisher(broker.port), 0
        async with listening(own, settings=ListenSettings.load(listen_lease=4.0)):
            for _ in range(2):
                await device.publish_all([("t", str(sent + n)) for n in range(60)], qos=2)
                sent += 60
                await asyncio.sleep(0.05)
                os.kill(server.pid, 9)
                await device.publish_all([("t", str(sent + n)) for n in range(20)], qos=2)
                sent += 20
                await asyncio.to_thread(server.start)
            found: list[int] = []
            for _ in range(400):
                found = [run["event_id"] for run in await all_runs(client)]
                if len(found) >= sent:
                    break
                await asyncio.sleep(0.1)
            await asyncio.sleep(1)
            rows = await own.database.pool.fetch("SELECT execution_id FROM journal")
    assert len(rows) == sent, f"{len(rows)} events were taken of {sent} messages"
