"""Lets express runs begin: always a few, and more while the process has time for them.

What runs takes turns with what arrives. If all that was accepted ran at once, a flood of events would be answered ever
more slowly; so it waits in line while the loop is busy. Runs that wait for somebody else do not make it busy.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

FEW = 8
"""Runs that may go on however busy the loop is."""
_LATE = 0.008
"""Seconds by which the loop is late where it has no time for more."""
_BUSY = 0.6
"""The share of a core that this process uses where it has no time for more."""
_LOOK_EVERY = 0.02
_MORE = 10
"""Runs that are let in at one look at a loop that has time."""


class Pace:
    """`async with pace:` around a run. First come, first served."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._running = 0
        self._line: deque[asyncio.Future[None]] = deque()
        self._looking: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    async def __aenter__(self) -> None:
        """Wait for a turn."""
        if self._running < FEW and not self._line:
            self._running += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._left()  # the turn had come
            raise

    async def __aexit__(self, *_: object) -> None:
        """Give the turn back."""
        self._left()

    def _left(self) -> None:
        self._running -= 1
        self._let_in(FEW - self._running)

    def _let_in(self, number: int) -> None:
        while number > 0 and self._line and self._running < self._most:
            turn = self._line.popleft()
            if not turn.done():
                self._running += 1
                number -= 1
                turn.set_result(None)

    async def _look(self) -> None:
        """While somebody waits: more, whenever the loop was on time."""
        loop = asyncio.get_running_loop()
        while self._line:
            begun, used = loop.time(), time.process_time()
            await asyncio.sleep(_LOOK_EVERY)
            took = loop.time() - begun
            if took - _LOOK_EVERY < _LATE and time.process_time() - used < took * _BUSY:
                self._let_in(_MORE)
