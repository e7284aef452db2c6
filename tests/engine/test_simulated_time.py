"""The simulated clock far from its start."""

from __future__ import annotations

import asyncio

from flov7.engine.runtimes.simulated import SkippingLoop


class TestSkippingLoop:
    def test_a_timer_more_than_a_year_away_is_due_when_its_time_has_come(self) -> None:
        loop = SkippingLoop()
        try:
            loop.run_until_complete(asyncio.wait_for(_long(), timeout=None))
            assert loop.time() >= 3 * 34_128_000.123
        finally:
            loop.close()


async def _long() -> None:
    for _ in range(3):
        await asyncio.sleep(34_128_000.123)
