"""How many requests a key may make: a steady rate, with room for a burst, counted across all gateways.

Webhooks are not counted: what arrives there belongs to somebody else and must not be turned away.
"""

from __future__ import annotations

import time

from flov7.cache.turns import AccountTurns
from flov7.kit.errors import TooMany, Unavailable

BURST_SECONDS = 10.0
"""So many seconds' requests may come at once after a quiet time."""


class KeyLimit:
    """One for a gateway. Without Redis nobody is turned away, and Redis is not asked again for a moment."""

    def __init__(self, turns: AccountTurns | None, *, per_second: float) -> None:
        self._turns = turns
        self._per_second = per_second
        self._not_before = 0.0

    async def check(self, key_id: str) -> None:
        """Count a request. Raises TooMany, with the seconds to wait, where the key made too many."""
        if self._turns is None or not self._per_second or time.monotonic() < self._not_before:
            return
        try:
            ahead = await self._turns.reserve(f"key:{key_id}", per_second=self._per_second, patience=BURST_SECONDS)
        except Unavailable as gone:
            self._not_before = time.monotonic() + (gone.retry_after or 1.0)
            return
        if ahead >= BURST_SECONDS:
            raise TooMany(
                f"This key made more than {self._per_second:g} requests a second.",
                hint="Ask again after the seconds in `Retry-After`; watch a run's stream instead of asking often.",
                retry_after=ahead - BURST_SECONDS + 1 / self._per_second,
            )
