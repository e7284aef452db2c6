"""What time it is, as something that can be handed in."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Promises: `now` is aware and in UTC; `monotonic` never goes back."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from some fixed point, for measuring."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since the machine started, or so."""
        return time.monotonic()


class ManualClock:
    """A clock for tests that moves only when told."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        """The moment it stands at."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that it was moved."""
        return self._monotonic

    def move(self, seconds: float) -> None:
        """Go forward by that many seconds."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`: `2026-11-22T09:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
