"""A circuit breaker: what keeps failing is left alone for a while, then one call is tried."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "open", "half_open"]


@dataclass(slots=True)
class Circuit:
    """What is known of one peer. `failures` in a row open it for `rest` seconds."""

    most: int
    rest: float
    clock: Callable[[], float] = time.monotonic
    failures: int = 0
    open_until: float = 0.0
    probing: bool = False

    @property
    def state(self) -> State:
        """Whether calls go through, are refused, or one is tried."""
        if self.open_until == 0.0:
            return "closed"
        return "open" if self.clock() < self.open_until else "half_open"

    def left(self) -> float:
        """Seconds for which it is still left alone; 0 where calls go through."""
        return max(0.0, self.open_until - self.clock()) if self.open_until else 0.0

    def failed(self) -> None:
        """One more failure in a row."""
        self.failures += 1
        if self.failures >= self.most:
            self.open_until = self.clock() + self.rest

    def worked(self) -> None:
        """It is well again."""
        self.failures, self.open_until = 0, 0.0
