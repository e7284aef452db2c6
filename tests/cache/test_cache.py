"""Answers and the bus on a real Valkey, and on one that is killed and comes back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from flov7.cache.answers import Answers
from flov7.cache.bus import Bus
from flov7.cache.connecting import Cache, CacheDown
from flov7.cache.settings import CacheSettings
from flov7.cache.turns import AccountTurns
from flov7.kit.errors import Misconfigured, StepUnreachable
from flov7.primitives.turns import SharedTurns
from flov7.stack.embedded import EmbeddedValkey, Home


@pytest_asyncio.fixture(loop_scope="session")
async def cache(redis_url: str) -> AsyncIterator[Cache]:
    opened = Cache(CacheSettings.load(redis_url=redis_url, redis_prefix=f"t{os.urandom(4).hex()}:"))
    yield opened
    await opened.close()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(Home(tmp_path / "home"), port=0)
    server.start()
    yield server
    server.stop()


class TestAnswers:
    async def test_are_kept_for_their_time(self, cache: Cache) -> None:
        answers = Answers(cache, kind="model")
        assert await answers.get("k") is None
        await answers.set("k", value={"a": [1]}, ttl=0.05)
        assert await answers.get("k") == {"a": [1]}
        assert await Answers(cache, kind="other").get("k") is None
        await asyncio.sleep(0.07)
        assert await answers.get("k") is None

    async def test_are_dropped_on_demand(self, cache: Cache) -> None:
        answers = Answers(cache, kind="model")
        await answers.set("k", value=1, ttl=60)
        await answers.drop("k")
        assert await answers.get("k") is None


class TestTurns:
    async def test_are_given_one_after_the_other_to_all_processes(self, cache: Cache, redis_url: str) -> None:
        other = Cache(CacheSettings.load(redis_url=redis_url, redis_prefix=cache.prefix))
        ours, theirs = AccountTurns(cache), AccountTurns(other)
        waits = [await one.reserve("shop", per_second=10, patience=5) for one in (ours, theirs, ours)]
        await other.close()
        assert waits[0] == 0
        assert 0.05 < waits[1] <= 0.1
        assert 0.15 < waits[2] <= 0.2
        assert await ours.reserve("another", per_second=10, patience=5) == 0

    async def test_that_come_too_late_are_not_taken(self, cache: Cache) -> None:
        turns = AccountTurns(cache)
        await turns.reserve("slow", per_second=0.1, patience=1)
        late = [await turns.reserve("slow", per_second=0.1, patience=1) for _ in range(3)]
        assert all(9 < wait <= 10 for wait in late)

    async def test_are_kept_within_the_process_while_redis_is_away(self, own_valkey: EmbeddedValkey) -> None:
        cache = Cache(CacheSettings.load(redis_url=own_valkey.url, redis_prefix="t:"))
        turns = SharedTurns(AccountTurns(cache))
        own_valkey.stop()
        await turns.wait("a", per_second=0.1, patience=1)
        with pytest.raises(StepUnreachable):
            await turns.wait("a", per_second=0.1, patience=1)
        await cache.close()


class TestBus:
    async def test_what_one_process_publishes_another_gets(self, cache: Cache, redis_url: str) -> None:
        other = Cache(CacheSettings.load(redis_url=redis_url, redis_prefix=cache.prefix))
        ours, theirs = Bus(cache), Bus(other)
        async with (
            ours.subscribe("run:1") as first,
            ours.subscribe("run:1") as second,
            ours.subscribe("run:2") as third,
        ):
            await theirs.publish("run:1", message={"n": 1})
            assert await first.next(patience=2) == {"n": 1}
            assert await second.next(patience=2) == {"n": 1}
            assert await third.next(patience=0.05) is None
            assert not first.missed
        await ours.close()
        await other.close()

    async def test_a_topic_that_was_left_can_be_joined_again(self, cache: Cache) -> None:
        bus = Bus(cache)
        for n in range(3):
            async with bus.subscribe("run:1") as watcher:
                await bus.publish("run:1", message=n)
                assert await watcher.next(patience=2) == n
        await bus.close()

    async def test_watchers_that_come_and_go_miss_nothing(self, cache: Cache) -> None:
        bus = Bus(cache)

        async def watch(n: int) -> bool:
            async with bus.subscribe(f"run:{n % 3}") as watcher:
                await bus.publish(f"run:{n % 3}", message=n)
                while (got := await watcher.next(patience=3)) is not None:
                    if got == n:
                        return not watcher.missed
            return False

        assert all(await asyncio.gather(*(watch(n) for n in range(150))))
        await bus.close()

    async def test_a_slow_watcher_is_told_that_it_missed_something(self, cache: Cache) -> None:
        bus = Bus(cache)
        async with bus.subscribe("run:1") as watcher:
            for n in range(1200):
                watcher.offer(n)
            assert watcher.missed
            assert await watcher.next() == 0
        await bus.close()

    async def test_a_foreign_message_harms_nobody(self, cache: Cache) -> None:
        bus = Bus(cache)
        async with bus.subscribe("run:1") as watcher:
            await cache.client.publish(cache.name("bus", "run:1"), b"{no json")
            await bus.publish("run:1", message=2)
            assert await watcher.next(patience=2) == 2
        await bus.close()


class TestAway:
    async def test_every_call_says_so_at_once_and_the_watcher_is_told(self, own_valkey: EmbeddedValkey) -> None:
        cache = Cache(CacheSettings.load(redis_url=own_valkey.url, redis_timeout=0.5))
        bus, answers = Bus(cache), Answers(cache, kind="x")
        async with bus.subscribe("run:1") as watcher:
            await bus.publish("run:1", message=1)
            assert await watcher.next(patience=2) == 1
            os.kill(own_valkey.pid, signal.SIGKILL)
            assert await watcher.next(patience=3) is None
            assert watcher.missed
            began = time.monotonic()
            for call in (
                bus.publish("run:1", message=2),
                answers.get("k"),
                answers.set("k", value=1, ttl=1),
                cache.ping(),
            ):
                with pytest.raises(CacheDown):
                    await call
            assert time.monotonic() - began < 4
            async with bus.subscribe("run:2") as late:
                assert await late.next(patience=0.5) is None
                assert late.missed
            own_valkey.stop()
            own_valkey.start()
            watcher.missed = False
            deadline = time.monotonic() + 10
            got = None
            while got != 3 and time.monotonic() < deadline:
                await bus.publish("run:1", message=3)
                got = await watcher.next(patience=0.2)
                watcher.missed = False
            assert got == 3
        await bus.close()
        await cache.close()

    async def test_nothing_waits_for_redis_at_the_start(self) -> None:
        cache = Cache(CacheSettings.load(redis_url="redis://127.0.0.1:1/0"))
        with pytest.raises(CacheDown):
            await cache.ping()
        await cache.close()


class TestSettings:
    def test_production_refuses_the_default(self) -> None:
        with pytest.raises(Misconfigured, match="FLOV7_REDIS_URL"):
            CacheSettings.load(environment="production")

    def test_an_address_of_another_kind_is_refused(self) -> None:
        with pytest.raises(Misconfigured, match="redis://"):
            CacheSettings.load(redis_url="http://x")
