"""Listeners killed with SIGKILL while devices publish: each message has its effect once; the receiver counts."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from flov7.cache.settings import CacheSettings
from flov7.engine.settings import EngineSettings
from flov7.store import keys, workspaces
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, open_house
from tests.chaos.processes import Ours, free_port, variables
from tests.chaos.receiver import Receiver
from tests.listen.conftest import Publisher, broker
from tests.listen.programs import Server

__all__ = ["broker"]

LONG = os.environ.get("FLOV7_CHAOS") == "long"
KILLS = 40 if LONG else 3
BEHIND = 600


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(store_settings: StoreSettings, redis_url: str, temporal_address: str) -> AsyncIterator[House]:
    """A house to look into the store with; it works on nothing."""
    settings = AllSettings(
        store=store_settings,
        cache=CacheSettings.load(redis_url=redis_url),
        engine=EngineSettings.load(
            temporal_address=temporal_address,
            task_queue=f"l{os.urandom(4).hex()}",
            allow_hosts="127.0.0.1",
            lease_seconds=3,
        ),
    )
    async with open_house(settings) as opened:
        yield opened


def document(receiver: int, mqtt: int) -> dict[str, Any]:
    """What a device publishes is sent to a receiver that honours the key."""
    send = {"url": f"http://127.0.0.1:{receiver}/x", "method": "POST", "idempotency": True,
            "json": {"what": "{{ message.id }}"}}  # fmt: skip
    place = {"host": "127.0.0.1", "port": mqtt, "security": "none"}
    retry = {"max_attempts": 20, "initial": 0.05, "maximum": 0.5}
    return {
        "name": "heard",
        "mode": "express",
        "primitives": [
            {"type": "trigger", "kind": "iot", "name": "sensor", "config": {"topics": ["t"], "qos": 2}},
            {
                "type": "connection",
                "name": "plant",
                "service": "mqtt",
                "config": place,
                "credentials": {"type": "none"},
            },
            {"type": "action", "kind": "api_call", "name": "send", "config": send, "retry": retry, "timeout": 5},
        ],
    }


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_killed_while_devices_publish(house: House, broker: Server) -> None:
    workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="Devices")
    async with house.database.workspace(workspace.id) as scope:
        _, key = await keys.create(scope, name="load", scopes=("*",), created_by="test")
    ports = [free_port() for _ in range(4)]
    told = {"FLOV7_GATEWAY_PORT": str(ports[0]), "FLOV7_WORKER_PORT": str(ports[1]), "FLOV7_LISTEN_LEASE": "2"}
    environment = variables(house.settings, **told)
    gateway = Ours("gateway", port=ports[0], environment=environment)
    worker = Ours("worker", port=ports[1], environment=environment)
    listeners = [
        Ours("listen", port=port, environment={**environment, "FLOV7_LISTEN_PORT": str(port)}) for port in ports[2:]
    ]
    sent = 0
    async with Receiver(honours_keys=True, hold=0.01) as receiver:
        await asyncio.gather(*(one.start() for one in (gateway, worker, *listeners)))
        try:
            await _live(f"http://127.0.0.1:{ports[0]}", key, document(receiver.port, broker.port))
            device, chance, done = Publisher(broker.port), random.Random(5), asyncio.Event()

            async def publish() -> None:
                nonlocal sent
                while not done.is_set():
                    if sent - len(receiver.effects) > BEHIND:  # what is accepted faster than it runs only waits longer
                        await asyncio.sleep(0.1)
                        continue
                    body = [("t", f'{{"id": "m{sent + n}"}}') for n in range(20)]
                    await device.publish_all(body, qos=2)
                    sent += 20
                    await asyncio.sleep(0.15)

            publishing = asyncio.create_task(publish())
            for turn in range(KILLS):
                await asyncio.sleep(chance.uniform(0.5, 1.5))
                victim = listeners[turn % 2]
                await victim.kill()
                await victim.start()
            done.set()
            await publishing
            for _ in range(1200):
                if len(receiver.effects) >= sent:
                    break
                await asyncio.sleep(0.1)
            await asyncio.sleep(1)
        finally:
            for one in (gateway, worker, *listeners):
                await one.kill()
    assert set(receiver.effects) == {f"m{n}" for n in range(sent)}, "a message was lost"
    assert {what: count for what, count in receiver.effects.items() if count != 1} == {}, "a message had two effects"
    assert await _runs(house, workspace.id) == sent, "a message made two runs"


async def _runs(house: House, workspace_id: str) -> int:
    return await house.database.pool.fetchval("SELECT count(*) FROM journal WHERE workspace_id = $1", workspace_id) or 0


async def _live(base: str, key: str, body: dict[str, Any]) -> None:
    """The workflow, activated over the API."""
    async with httpx.AsyncClient(base_url=base, headers={"authorization": f"Bearer {key}"}, timeout=30) as http:
        async with asyncio.timeout(60):
            while (await http.get("/health")).status_code != 200:
                await asyncio.sleep(0.1)
        made = await http.post("/api/v1/workflows", json={"document": body, "name": "heard"})
        assert made.status_code == 201, made.text
        live = await http.post(f"/api/v1/workflows/{made.json()['data']['id']}/activate")
        assert live.status_code == 200, live.text
