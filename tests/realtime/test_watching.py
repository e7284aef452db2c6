"""Watching runs with the store, with the bus, and with a bus that is away."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from flov7.cache.bus import Bus
from flov7.cache.connecting import Cache
from flov7.cache.settings import CacheSettings
from flov7.kit.errors import NotFound
from flov7.kit.ids import new_id
from flov7.realtime.watching import Watcher, topic
from flov7.stack.embedded import EmbeddedValkey, Home
from flov7.store.database import Database
from flov7.store.executions import Execution


@asynccontextmanager
async def opened_bus(url: str, prefix: str) -> AsyncGenerator[Bus, None]:
    """A bus with connections of its own, as another process has it."""
    cache = Cache(CacheSettings.load(redis_url=url, redis_prefix=prefix, redis_timeout=0.5))
    bus = Bus(cache)
    try:
        yield bus
    finally:
        await bus.close()
        await cache.close()


@pytest.fixture
def prefix() -> str:
    """A prefix of the test's own."""
    return f"w{os.urandom(4).hex()}:"


@pytest_asyncio.fixture(loop_scope="session")
async def bus(redis_url: str, prefix: str) -> AsyncIterator[Bus]:
    """A bus on the real server."""
    async with opened_bus(redis_url, prefix) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def dead_bus() -> AsyncIterator[Bus]:
    """A bus whose Redis is not there."""
    cache = Cache(CacheSettings.load(redis_url="redis://127.0.0.1:9/0", redis_timeout=0.2))
    opened = Bus(cache)
    yield opened
    await opened.close()
    await cache.close()


def event(number: int, type_: str = "step.finished") -> dict[str, Any]:
    """An event."""
    return {"n": number, "type": type_, "at": "2026-01-01T00:00:00Z", "step": "s", "path": "", "data": {}}


def facts(workspace_id: str) -> Execution:
    """A run that has begun."""
    return Execution(
        id=new_id(),
        workspace_id=workspace_id,
        workflow_id=new_id(),
        workflow_version=1,
        plan_digest="d",
        mode="durable",
        status="running",
        trigger="t",
        event_id=new_id(),
        created_at=datetime.now(UTC),
    )


async def begun(database: Database, workspace_id: str, *, events: int = 2) -> Execution:
    """A run in the store with some events."""
    run = facts(workspace_id)
    await database.executions.begin(run)
    first = [event(number) for number in range(1, events + 1)]
    await database.events.append(run.id, workspace_id=workspace_id, events=first)
    return run


async def finish(database: Database, run: Execution, *, events: int) -> None:
    """Write the record with all events."""
    done = replace(run, status="succeeded", finished_at=datetime.now(UTC))
    whole = [*(event(number) for number in range(1, events)), event(events, "run.finished")]
    await database.executions.finish(done, events=whole)


class Watching:
    """Watches in the background; `seen` is what came."""

    def __init__(self, watcher: Watcher, run: Execution, *, after: int = 0) -> None:
        self.seen: list[int] = []
        self._task = asyncio.create_task(self._watch(watcher, run, after))

    async def _watch(self, watcher: Watcher, run: Execution, after: int) -> None:
        watching = watcher.watch(run.workspace_id, run.id, after=after)
        async with aclosing(watching):
            async for one in watching:
                if one is not None:
                    self.seen.append(one["n"])

    async def until(self, count: int, *, seconds: float = 5.0) -> None:
        """Wait until so many came."""
        async with asyncio.timeout(seconds):
            while len(self.seen) < count:
                await asyncio.sleep(0.01)

    async def end(self, *, seconds: float = 10.0) -> list[int]:
        """Wait until it ends by itself."""
        await asyncio.wait_for(self._task, seconds)
        return self.seen


class TestWatching:
    async def test_what_another_process_publishes_follows_what_the_store_has(
        self, database: Database, workspace_id: str, bus: Bus, redis_url: str, prefix: str
    ) -> None:
        run = await begun(database, workspace_id)
        watching = Watching(Watcher(database, bus=bus), run)
        await watching.until(2)
        live = [event(2), event(3), event(4, "run.finished")]  # the second was seen before
        async with opened_bus(redis_url, prefix) as other:
            await other.publish(topic(run.id), message={"workspace_id": workspace_id, "events": live})
            assert await watching.end(seconds=1.5) == [1, 2, 3, 4]

    async def test_a_gap_is_filled_from_the_store(self, database: Database, workspace_id: str, bus: Bus) -> None:
        run = await begun(database, workspace_id)
        watching = Watching(Watcher(database, bus=bus), run)
        await watching.until(2)
        await database.events.append(run.id, workspace_id=workspace_id, events=[event(3)])  # nobody published it
        ahead = {"workspace_id": workspace_id, "events": [event(4), event(5, "run.finished")]}
        await bus.publish(topic(run.id), message=ahead)
        assert await watching.end(seconds=1.5) == [1, 2, 3, 4, 5]

    async def test_what_another_workspace_publishes_is_not_believed(
        self, database: Database, workspace_id: str, bus: Bus
    ) -> None:
        run = await begun(database, workspace_id)
        watching = Watching(Watcher(database, bus=bus), run)
        await watching.until(2)
        false = {"workspace_id": "another", "events": [event(3, "run.finished")]}
        await bus.publish(topic(run.id), message=false)
        await asyncio.sleep(0.2)
        assert watching.seen == [1, 2]
        await finish(database, run, events=4)
        assert await watching.end() == [1, 2, 3, 4]

    async def test_without_a_bus_it_catches_up_from_the_store(
        self, database: Database, workspace_id: str, dead_bus: Bus
    ) -> None:
        for bus in (None, dead_bus):
            run = await begun(database, workspace_id)
            watching = Watching(Watcher(database, bus=bus), run)
            await watching.until(2)
            await finish(database, run, events=5)
            assert await watching.end() == [1, 2, 3, 4, 5]

    async def test_a_redis_that_dies_and_comes_back_under_a_watcher_loses_nothing(
        self, database: Database, workspace_id: str, tmp_path: Path
    ) -> None:
        server = EmbeddedValkey(Home(tmp_path), port=0)
        server.start()
        try:
            async with opened_bus(server.url, "dies:") as bus:
                run = await begun(database, workspace_id)
                watching = Watching(Watcher(database, bus=bus), run)
                await watching.until(2)
                server.stop()
                await database.events.append(run.id, workspace_id=workspace_id, events=[event(3)])
                await watching.until(3)
                server.start()
                await finish(database, run, events=5)
                assert await watching.end() == [1, 2, 3, 4, 5]
        finally:
            server.stop()

    async def test_it_resumes_after_a_number(self, database: Database, workspace_id: str, bus: Bus) -> None:
        run = await begun(database, workspace_id)
        await finish(database, run, events=6)
        assert await Watching(Watcher(database, bus=bus), run, after=4).end() == [5, 6]
        assert await Watching(Watcher(database, bus=bus), run, after=6).end() == []

    async def test_a_publisher_that_died_is_noticed(self, database: Database, workspace_id: str, bus: Bus) -> None:
        run = await begun(database, workspace_id)
        watching = Watching(Watcher(database, bus=bus), run)
        await watching.until(2)
        await finish(database, run, events=3)  # written, and nobody was told
        assert await watching.end(seconds=6) == [1, 2, 3]

    async def test_another_workspaces_run_is_not_there(self, database: Database, workspace_id: str, bus: Bus) -> None:
        run = await begun(database, workspace_id)
        watching = Watcher(database, bus=bus).watch(new_id(), run.id)
        with pytest.raises(NotFound):
            await anext(watching)

    async def test_a_sign_of_life_comes_where_nothing_happens(self, database: Database, workspace_id: str) -> None:
        run = await begun(database, workspace_id, events=0)
        watching = Watcher(database, bus=None).watch(workspace_id, run.id, patience=0.3)
        async with aclosing(watching):
            assert await asyncio.wait_for(anext(watching), 3) is None
