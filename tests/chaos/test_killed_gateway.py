"""The gateway killed under express load: what was answered or journalled ends exactly once, hand-overs among it."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from flov7.cache.settings import CacheSettings
from flov7.engine.settings import EngineSettings
from flov7.store import executions, keys, workspaces
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, open_house
from tests.chaos.processes import Ours, free_port, variables
from tests.chaos.receiver import Receiver

LONG = os.environ.get("FLOV7_CHAOS") == "long"
KILLS = 50 if LONG else 3
LANES = 8


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(store_settings: StoreSettings, redis_url: str, temporal_address: str) -> AsyncIterator[House]:
    """A house to look into the store with; it works on nothing."""
    settings = AllSettings(
        store=store_settings,
        cache=CacheSettings.load(redis_url=redis_url),
        engine=EngineSettings.load(
            temporal_address=temporal_address,
            task_queue=f"g{os.urandom(4).hex()}",
            allow_hosts="127.0.0.1",
            lease_seconds=3,
        ),
    )
    async with open_house(settings) as opened:
        yield opened


def document(port: int) -> dict[str, Any]:
    """One write at a receiver that honours the key; every fifth run waits, so it is handed over to Temporal."""
    send = {"url": f"http://127.0.0.1:{port}/x", "method": "POST", "json": {"what": "{{ id }}"}, "idempotency": True}
    pause = {"type": "action", "kind": "wait", "name": "pause", "config": {"for": "time", "duration": "300ms"}}
    retry = {"max_attempts": 20, "initial": 0.05, "maximum": 0.5}
    return {
        "name": "load",
        "mode": "express",
        "primitives": [
            {"type": "trigger", "kind": "webhook", "name": "hook", "config": {"url": "/load", "method": "POST"}},
            {"type": "data", "kind": "mapping", "name": "m", "mapping": {"id": "copy"}},
            {"type": "action", "kind": "api_call", "name": "send", "config": send, "retry": retry, "timeout": 5},
            {"type": "condition", "kind": "if_else", "name": "slow", "logic": "number % 5 == 0", "then": [pause]},
        ],
    }


class Load:
    """Requests without end, each its own event; remembers what was answered."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.sent: list[str] = []
        self.answered: dict[str, str] = {}
        self.stop = False

    async def lane(self, lane: int) -> None:
        """One request after another; a broken connection is a request without an answer."""
        number = 0
        async with httpx.AsyncClient(timeout=10) as http:
            while not self.stop:
                event = f"e{lane}-{number}"
                number += 1
                self.sent.append(event)
                body = {"id": event, "number": number}
                try:
                    answer = await http.post(self.address, json=body, headers={"webhook-id": event})
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
                    continue
                if answer.status_code == 202:
                    self.answered[event] = answer.json()["data"]["execution_id"]
                else:
                    assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.01)


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_killed_under_load(house: House) -> None:
    workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="Load")
    async with house.database.workspace(workspace.id) as scope:
        _, key = await keys.create(scope, name="load", scopes=("*",), created_by="test")
    ports = free_port(), free_port()
    environment = variables(
        house.settings, FLOV7_GATEWAY_PORT=str(ports[0]), FLOV7_WORKER_PORT=str(ports[1]), FLOV7_PUBLIC_URL=""
    )
    environment.pop("FLOV7_PUBLIC_URL")
    gateway = Ours("gateway", port=ports[0], environment=environment)
    worker = Ours("worker", port=ports[1], environment=environment)
    async with Receiver(honours_keys=True, hold=0.02) as receiver:
        await asyncio.gather(gateway.start(), worker.start())
        try:
            address = await _live(f"http://127.0.0.1:{ports[0]}", key, document(receiver.port))
            load = Load(address)
            lanes = [asyncio.create_task(load.lane(n)) for n in range(LANES)]
            chance = random.Random(11)
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(0.5, 2.0))
                await gateway.kill()
                await gateway.start()
            await asyncio.sleep(1)
            load.stop = True
            await asyncio.gather(*lanes)
            runs = await _all_ended(house, workspace.id)
        finally:
            await gateway.kill()
            await worker.kill()
    by_event = Counter(run.event_id for run in runs)
    assert set(by_event.values()) == {1}, "an event has two runs"
    assert {run.status for run in runs} == {"succeeded"}, [run.error for run in runs if run.error][:3]
    ids = {run.event_id: run.id for run in runs}
    assert {event: ids.get(event) for event in load.answered} == load.answered, "an answered event was lost"
    doubled = {what: count for what, count in receiver.effects.items() if count != 1}
    assert doubled == {}
    assert set(receiver.effects) == set(by_event), "a run ended without its effect"
    assert any(run.mode == "durable" for run in runs), "none was handed over"


async def _live(base: str, key: str, body: dict[str, Any]) -> str:
    """The hook's address of the workflow, activated over the API."""
    async with httpx.AsyncClient(base_url=base, headers={"authorization": f"Bearer {key}"}, timeout=30) as http:
        async with asyncio.timeout(60):
            while (await http.get("/health")).status_code != 200:  # it listens before it has all its peers
                await asyncio.sleep(0.1)
        made = await http.post("/api/v1/workflows", json={"document": body, "name": "load"})
        assert made.status_code == 201, made.text
        live = await http.post(f"/api/v1/workflows/{made.json()['data']['id']}/activate")
        assert live.status_code == 200, live.text
        address: str = live.json()["data"]["triggers"][0]["address"]
        return base + "/" + address.split("/", 3)[3] if address.startswith("http") else base + address


async def _all_ended(house: House, workspace_id: str) -> list[executions.Execution]:
    """All runs, once nothing is open any more."""
    for _ in range(300):
        runs, cursor = [], None
        while True:
            async with house.database.workspace(workspace_id) as scope:
                page = await executions.page(scope, wanted=executions.Wanted(), cursor=cursor, limit=200)
            runs += page.items
            cursor = page.next_cursor if hasattr(page, "next_cursor") else page.next
            if cursor is None:
                break
        if runs and all(run.finished_at is not None for run in runs):
            return runs
        await asyncio.sleep(0.3)
    raise AssertionError([(run.id, run.status, run.mode) for run in runs if run.finished_at is None][:5])
