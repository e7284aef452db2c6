"""A flood of express runs: those that do not fit in memory wait in the journal, and each runs once all the same."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from flov7.cache.settings import CacheSettings
from flov7.engine.messages import Cancel
from flov7.engine.runtime import CallRequest
from flov7.engine.settings import EngineSettings
from flov7.engine.start import Started
from flov7.store import workspaces
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, attending, open_house, working
from tests.engine.conftest import Bench

MANY = 70
DOCUMENT: dict[str, Any] = {
    "name": "flood",
    "mode": "express",
    "primitives": [
        {"type": "trigger", "kind": "api", "name": "go"},
        {
            "type": "action",
            "kind": "api_call",
            "name": "asked",
            "timeout": 50,
            "config": {"url": "https://a.com/{{ n }}"},
        },
    ],
    "output": {"url": "{{ asked }}"},
}


class Gate:
    """Stands in for the outside: calls wait until it opens, and are counted by their address."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.seen: Counter[str] = Counter()

    async def __call__(self, request: CallRequest, key: str | None) -> Any:
        await self.open.wait()
        url = request.inputs["url"]
        self.seen[url] += 1
        return url


@pytest.fixture
def settings(store_settings: StoreSettings, redis_url: str, temporal_address: str) -> AllSettings:
    """A house whose line is three runs long."""
    return AllSettings(
        store=store_settings,
        cache=CacheSettings.load(redis_url=redis_url),
        engine=EngineSettings.load(
            temporal_address=temporal_address,
            task_queue=f"q{os.urandom(4).hex()}",
            lease_seconds=1.1,
            express_line=3,
            express_slots=1,
        ),
    )


@asynccontextmanager
async def opened(settings: AllSettings, gate: Gate) -> AsyncGenerator[Bench, None]:
    async with open_house(settings, calls=gate) as house:
        workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="A test")
        yield Bench(house, workspace.id)


async def behind(house: House) -> int:
    return int((await house.engine.health())["express"]["behind"])


async def flood(bench: Bench) -> list[Started]:
    """Many at once; most of them wait behind the line."""
    request = await bench.save(DOCUMENT)
    one_by_one = [request.model_copy(update={"payload": {"n": n}}) for n in range(MANY)]
    started = await asyncio.gather(*(bench.house.engine.start(one) for one in one_by_one[:40]))
    started += await asyncio.gather(*(bench.house.engine.start(one) for one in one_by_one[40:]))
    assert await behind(bench.house) > MANY / 4
    return started


async def told(bench: Bench, started: list[Started], gate: Gate) -> None:
    """Every run ended, with its own result."""
    gate.open.set()
    results = [await bench.finish(one, seconds=60.0) for one in started]
    assert [result.output for result in results] == [{"url": f"https://a.com/{n}"} for n in range(MANY)]
    assert {one.status for one in [await bench.stored(one.execution_id) for one in started]} == {"succeeded"}


class TestAFlood:
    async def test_each_runs_once_and_nothing_stays_behind(self, settings: AllSettings) -> None:
        gate = Gate()
        async with opened(settings, gate) as bench, attending(bench.house):
            await told(bench, await flood(bench), gate)
            assert await behind(bench.house) == 0
            assert len(gate.seen) == MANY and set(gate.seen.values()) == {1}

    async def test_one_that_waits_behind_the_line_can_be_spoken_to(self, settings: AllSettings) -> None:
        gate = Gate()
        async with opened(settings, gate) as bench, attending(bench.house):
            started = await flood(bench)
            reply = await bench.house.engine.send(bench.workspace_id, started[-1].execution_id, Cancel())
            assert reply.accepted
            gate.open.set()
            assert (await bench.finish(started[-1])).status.value in ("cancelled", "succeeded")

    async def test_what_a_process_left_behind_another_runs(self, settings: AllSettings) -> None:
        gate = Gate()
        async with opened(settings, gate) as bench:
            started = await flood(bench)
            for task in list(bench.house.express._runs.values()):  # pyright: ignore[reportPrivateUsage]
                assert task.task is not None
                task.task.cancel()  # it dies: nothing ends in order
            bench.house.express._backlog._waiting.clear()  # pyright: ignore[reportPrivateUsage]
            async with opened(settings, gate) as other, working(other.house), attending(other.house):
                other.workspace_id = bench.workspace_id
                await told(other, started, gate)
