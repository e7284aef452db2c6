"""The circuit for each host: when it opens, when it closes, and what does not count."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from flov7.kit.errors import StepFailed, StepRefused, StepUnreachable
from flov7.primitives.breakers import BreakingNetwork
from flov7.primitives.network import GuardedNetwork
from flov7.primitives.outside import Request

Serve = Any
Reply = Any


def get(url: str, **more: Any) -> Request:
    return Request(method="GET", url=url, **{"timeout": 5.0, **more})


class TestTheCircuit:
    def guarded(self, network: GuardedNetwork, **more: Any) -> tuple[BreakingNetwork, list[float]]:
        now = [100.0]
        return BreakingNetwork(network, **{"failures": 3, "rest": 10.0, "clock": lambda: now[0], **more}), now

    async def test_opens_after_failures_and_tries_one_call_again(
        self, network: GuardedNetwork, serve: Serve, reply: Reply
    ) -> None:
        status = [500]
        server = await serve(lambda seen: reply(status[0]))
        breaking, now = self.guarded(network)
        for _ in range(3):
            assert (await breaking.fetch(get(server.url))).status == 500
        with pytest.raises(StepUnreachable, match="has failed 3 times in a row") as refused:
            await breaking.fetch(get(server.url))
        assert (refused.value.retry_after, len(server.seen)) == (10.0, 3)
        assert breaking.states() == {f"127.0.0.1:{server.port}": "open"}
        now[0] += 11
        assert breaking.states() == {f"127.0.0.1:{server.port}": "half_open"}
        await breaking.fetch(get(server.url))
        with pytest.raises(StepUnreachable):
            await breaking.fetch(get(server.url))
        now[0] += 11
        status[0] = 200
        assert (await breaking.fetch(get(server.url))).status == 200
        assert breaking.states() == {}

    async def test_a_dead_peer_costs_one_time_limit_not_a_hundred(self, network: GuardedNetwork, serve: Serve) -> None:
        async def never(seen: Any) -> bytes:
            await asyncio.sleep(5)
            return b""

        server = await serve(never)
        breaking, _ = self.guarded(network, failures=1)
        begun = time.monotonic()
        for _ in range(100):
            with pytest.raises(StepFailed):
                await breaking.fetch(get(server.url, timeout=0.3))
        assert (len(server.seen), time.monotonic() - begun < 2) == (1, True)

    async def test_our_own_mistakes_do_not_count(self, network: GuardedNetwork, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(404))
        breaking, _ = self.guarded(network, failures=1)
        for _ in range(3):
            await breaking.fetch(get(server.url))
            with pytest.raises(StepRefused):
                await breaking.fetch(get(server.url, headers={"x": "a\nb"}))
        assert breaking.states() == {}

    async def test_a_host_is_not_overrun(self, network: GuardedNetwork, serve: Serve, reply: Reply) -> None:
        busy, most = [0], [0]

        async def answer(seen: Any) -> bytes:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
            await asyncio.sleep(0.02)
            busy[0] -= 1
            return reply(200)

        server = await serve(answer)
        breaking, _ = self.guarded(network, side_by_side=2)
        await asyncio.gather(*(breaking.fetch(get(server.url)) for _ in range(8)))
        assert (len(server.seen), most[0]) == (8, 2)
