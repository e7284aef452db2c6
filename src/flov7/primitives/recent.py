"""What was fetched a moment ago and is wanted again: kept for some minutes, the least wanted forgotten first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """At most `most` values, each for `seconds`. For the tasks of one process."""

    def __init__(self, *, most: int = 32, seconds: float = 600.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, key: str) -> T | None:
        """The value, or None where it is not there or too old."""
        found = self._kept.get(key)
        if found is None or self._clock() - found[0] >= self._seconds:
            self._kept.pop(key, None)
            return None
        self._kept.move_to_end(key)
        return found[1]

    def put(self, key: str, value: T) -> None:
        """Keep the value from now on."""
        self._kept[key] = (self._clock(), value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
