"""Express runs in line: those that wait for others hold nobody up, those that compute leave time for what arrives."""

from __future__ import annotations

import asyncio
import time

from flov7.engine.pace import FEW, Pace


class Counted:
    """How many are at it now, and how many were at most."""

    def __init__(self) -> None:
        self.now = self.most = 0

    def __enter__(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)

    def __exit__(self, *_: object) -> None:
        self.now -= 1


class TestPace:
    async def test_runs_that_wait_for_somebody_else_go_on_side_by_side(self) -> None:
        pace, counted = Pace(most=1000), Counted()

        async def run() -> None:
            async with pace:
                with counted:
                    await asyncio.sleep(0.5)

        began = time.monotonic()
        await asyncio.gather(*(run() for _ in range(200)))
        assert counted.most > 10 * FEW and time.monotonic() - began < 5

    async def test_runs_that_compute_stay_few(self) -> None:
        pace, counted = Pace(most=1000), Counted()

        async def run() -> None:
            async with pace:
                with counted:
                    for _ in range(5):
                        until = time.perf_counter() + 0.002
                        while time.perf_counter() < until:
                            pass
                        await asyncio.sleep(0)

        await asyncio.gather(*(run() for _ in range(100)))
        assert counted.most <= FEW + 1

    async def test_there_is_a_most_and_who_is_cancelled_in_line_takes_no_turn(self) -> None:
        pace, counted = Pace(most=20), Counted()

        async def run() -> None:
            async with pace:
                with counted:
                    await asyncio.sleep(0.1)

        tasks = [asyncio.create_task(run()) for _ in range(60)]
        await asyncio.sleep(0.02)
        for task in tasks[-20:]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert counted.most <= 20 and counted.now == 0 and pace.waiting == 0
        async with asyncio.timeout(1):
            await run()
