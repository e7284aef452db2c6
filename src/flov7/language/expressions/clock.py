"""The run's own time and chance: the only source of either that an expression has."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where `now()`, `today()`, `random()` and `uuid()` come from.

    Promise: within one run, the same calls in the same order give the same answers on every replay.
    """

    @property
    def now(self) -> str:
        """The run's time: ISO 8601 with an offset."""
        ...

    def random(self) -> float:
        """The next number of the run's own sequence, from 0 up to but not including 1."""
        ...


class RunClock:
    """A clock from a fixed time and a seed (for example the run's id and the step's name)."""

    def __init__(self, now: str, *, seed: str) -> None:
        datetime.fromisoformat(now)
        self._now = now
        self._sequence = random.Random(seed)  # noqa: S311  # repeatable on purpose; no secret is made from it

    @property
    def now(self) -> str:
        """The run's time: ISO 8601."""
        return self._now

    def random(self) -> float:
        """The next number of the sequence that the seed began."""
        return self._sequence.random()
