"""A worker killed with SIGKILL again and again: nothing is lost, nothing is done twice; the receiver's log says so."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from flov7.cache.settings import CacheSettings
from flov7.engine.messages import Resolve
from flov7.engine.settings import EngineSettings
from flov7.engine.start import Started
from flov7.kit.errors import FlowError
from flov7.store import workspaces
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, open_house
from tests.chaos.processes import Ours, free_port, variables
from tests.chaos.receiver import Receiver
from tests.engine.conftest import Bench

LONG = os.environ.get("FLOV7_CHAOS") == "long"
RUNS = 200 if LONG else 16
KILLS = 60 if LONG else 3
AT_ONCE = 10
"""Runs that are looked at side by side: we are one client, not two hundred."""


@dataclass
class Workers:
    """One worker process at a time."""

    process: Ours
    killed_while_holding: int = 0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def settings(store_settings: StoreSettings, redis_url: str, temporal_address: str) -> AllSettings:
    """Settings of this module's house."""
    engine = EngineSettings.load(
        temporal_address=temporal_address,
        task_queue=f"c{os.urandom(4).hex()}",
        allow_hosts="127.0.0.1",
        lease_seconds=3,
    )
    return AllSettings(store=store_settings, cache=CacheSettings.load(redis_url=redis_url), engine=engine)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(settings: AllSettings) -> AsyncIterator[House]:
    """A client's house: it starts runs and works on none."""
    async with open_house(settings) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="session")
async def workers(settings: AllSettings) -> AsyncIterator[Workers]:
    """A worker process, replaced after each kill."""
    port = free_port()
    process = Ours("worker", port=port, environment=variables(settings, FLOV7_WORKER_PORT=str(port)))
    await process.start()
    yield Workers(process)
    await process.kill()


def document(port: int, *, key: bool) -> dict[str, Any]:
    """Three writes one after another, in a loop's rounds and outside."""

    def write(name: str, what: str) -> dict[str, Any]:
        config = {
            "url": f"http://127.0.0.1:{port}/{name}",
            "method": "POST",
            "json": {"what": what},
            "idempotency": key,
        }
        retry = {"max_attempts": 50, "initial": 0.05, "maximum": 0.2}
        return {"type": "action", "kind": "api_call", "name": name, "config": config, "retry": retry, "timeout": 5}

    rounds = {"type": "condition", "kind": "loop", "name": "rounds", "over": "[1, 2]",
              "do": [write("inside", "{{ id }}/inside/{{ item }}")]}  # fmt: skip
    return {
        "name": "chaos",
        "primitives": [
            {"type": "trigger", "kind": "api", "name": "go"},
            write("first", "{{ id }}/first"),
            rounds,
            write("last", "{{ id }}/last"),
        ],
    }


async def _assassin(workers: Workers, receiver: Receiver, done: asyncio.Event) -> None:
    """Kills the worker while the receiver holds a request, as often as is asked for."""
    chance = random.Random(7)
    while workers.killed_while_holding < KILLS and not done.is_set():
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        for _ in range(400):
            if receiver.holding or done.is_set():
                break
            await asyncio.sleep(0.005)
        if receiver.holding:
            await workers.process.kill()
            workers.killed_while_holding += 1
            await workers.process.start()


async def _until_killed(workers: Workers, wanted: float) -> None:
    """Wait for so many kills, so that runs and kills end together; not for ever, as a kill needs new runs."""
    for _ in range(150):
        if workers.killed_while_holding >= wanted:
            return
        await asyncio.sleep(0.1)


async def _resolve(bench: Bench, started: Started, receiver: Receiver) -> int:
    """Says of each step in doubt what the receiver's own log says; how many there were."""
    if (await bench.stored(started.execution_id)).status != "in_doubt":
        return 0
    resolved = 0
    events = await bench.events(started.execution_id)
    keys = [event["path"] + (event["step"] or "") for event in events]
    for key in {key for key, event in zip(keys, events, strict=True) if event["type"] == "step.in_doubt"}:
        mine = [event for one, event in zip(keys, events, strict=True) if one == key]
        if [event["type"] for event in mine].count("step.in_doubt") <= [e["type"] for e in mine].count("step.resolved"):
            continue
        what = next(e for e in mine if e["type"] == "step.started")["data"]["input"]["json"]["what"]
        verdict = Resolve(step=key, verdict="done" if receiver.effects[what] else "repeat", output={"status": 200})
        resolved += (await bench.house.engine.send(bench.workspace_id, started.execution_id, verdict)).accepted
    return resolved


async def _finish(bench: Bench, started: list[Started], receiver: Receiver) -> int:
    """Waits for all ends; resolves what is in doubt by the receiver's own log. How often that was needed."""
    doubts, open_ = 0, list(started)
    for _ in range(900 if LONG else 150):
        for few in (open_[n : n + AT_ONCE] for n in range(0, len(open_), AT_ONCE)):
            doubts += sum(await asyncio.gather(*(_look_after(bench, one, receiver) for one in few)))
        open_ = [one for one in open_ if not await _has_ended(bench, one)]
        if not open_:
            return doubts
        await asyncio.sleep(0.5)
    told = [(e["n"], e["type"], e["path"], e["step"]) for e in await bench.events(open_[0].execution_id)]
    stored = await bench.stored(open_[0].execution_id)
    raise AssertionError(f"{len(open_)} did not end, as {open_[0].execution_id}: {stored.status} {told}")


async def _look_after(bench: Bench, one: Started, receiver: Receiver) -> int:
    try:
        return 0 if await _has_ended(bench, one) else await _resolve(bench, one, receiver)
    except FlowError:
        return 0  # the worker was killed just now: ask again


async def _has_ended(bench: Bench, one: Started) -> bool:
    return (await bench.stored(one.execution_id)).finished_at is not None


@pytest.mark.chaos
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("key", [True, False], ids=["the_receiver_honours_the_key", "the_receiver_knows_no_key"])
async def test_killed_while_the_receiver_holds_requests(house: House, workers: Workers, key: bool) -> None:
    workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="Chaos")
    bench = Bench(house, workspace.id)
    done = asyncio.Event()
    async with Receiver(honours_keys=key, hold=0.15) as receiver:
        request = await bench.save(document(receiver.port, key=key))
        killing = asyncio.create_task(_assassin(workers, receiver, done))
        started = []
        for n in range(RUNS):  # one after another, so that kills meet runs at every step
            started.append(await house.engine.start(request.model_copy(update={"payload": {"id": f"r{n}"}})))
            await asyncio.sleep(KILLS * 3 / RUNS)
        try:
            doubts = await _finish(bench, started, receiver)
        finally:
            done.set()
            await killing
    ended = [await bench.stored(one.execution_id) for one in started]
    assert {one.status for one in ended} == {"succeeded"}, [one.error for one in ended if one.error]
    wanted = {f"r{n}/{what}" for n in range(RUNS) for what in ("first", "inside/1", "inside/2", "last")}
    assert set(receiver.effects) == wanted, "lost"
    assert {what: count for what, count in receiver.effects.items() if count != 1} == {}, "doubled"
    assert workers.killed_while_holding >= (KILLS if LONG else 1)
    if key:
        assert doubts == 0
