"""Turns: no more requests in a second than a service allows, whoever makes them.

The rule is the generic cell rate algorithm: an account has a moment from which the next request may go, and each
request moves it on by its share of a second. Nobody waits who comes slower than that.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from flov7.kit.errors import StepUnreachable, Unavailable

_MOST = 10_000


class Turns(Protocol):
    """Whose turn it is, for each account at each service."""

    async def wait(self, account: str, *, per_second: float, patience: float) -> None:
        """Returns when it is this request's turn. Raises StepUnreachable where that is not within `patience` s."""
        ...


class LocalTurns:
    """Turns within this process. Safe for the tasks of one loop."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_from: OrderedDict[str, float] = OrderedDict()

    async def wait(self, account: str, *, per_second: float, patience: float) -> None:
        """See `Turns`."""
        now = self._clock()
        begins = max(now, self._free_from.get(account, now))
        check_patience(begins - now, patience=patience, per_second=per_second)
        self._free_from[account] = begins + 1 / per_second
        self._free_from.move_to_end(account)
        while len(self._free_from) > _MOST:
            self._free_from.popitem(last=False)
        if begins > now:
            await asyncio.sleep(begins - now)


class Reserving(Protocol):
    """What shares turns between processes."""

    async def reserve(self, account: str, *, per_second: float, patience: float) -> float:
        """Seconds until the turn that was taken; none is taken where that is `patience` or more."""
        ...


class SharedTurns:
    """Turns shared by all processes; within this one alone while the others cannot be asked."""

    def __init__(self, reserving: Reserving) -> None:
        self._reserving = reserving
        self._local = LocalTurns()

    async def wait(self, account: str, *, per_second: float, patience: float) -> None:
        """See `Turns`."""
        try:
            seconds = await self._reserving.reserve(account, per_second=per_second, patience=patience)
        except Unavailable:
            await self._local.wait(account, per_second=per_second, patience=patience)
            return
        check_patience(seconds, patience=patience, per_second=per_second)
        if seconds > 0:
            await asyncio.sleep(seconds)


def check_patience(seconds: float, *, patience: float, per_second: float) -> None:
    """Raises StepUnreachable (`outside.rate`) where the turn comes too late; nothing was sent then."""
    if seconds >= patience:
        raise StepUnreachable(
            f"More was to be sent than {per_second:g} requests in a second; the next turn is in {seconds:.1f} seconds.",
            hint="It is tried again by itself; a longer `timeout` lets the step wait.",
            code="outside.rate",
            retry_after=seconds,
        )
