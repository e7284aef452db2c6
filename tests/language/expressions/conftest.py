"""What all attacks on expressions run against: data to attack, a small budget, and a meter of the work done."""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from flov7.language.expressions import Budget, ExpressionError, parse

STEPS, SIZE = 20_000, 200_000
CALLS = 400_000
MEMORY = 24 * 1024 * 1024
SCOPE = {
    "text": "a" * 20_000,
    "other": "a" * 19_999 + "b",
    "list": list(range(2_000)),
    "words": ["lorem ipsum " * 5] * 500,
    "object": {f"key{number}": number for number in range(1_000)},
    "user": {"name": "Ann", "email": "ann@example.org", "tags": ["a", "b"]},
    "number": 3,
    "null_value": None,
}


class Meter:
    """Counts Python's calls, and the memory held at most, while it is open."""

    def __enter__(self) -> "Meter":
        self.calls = 0
        tracemalloc.start()
        sys.setprofile(self._count)
        return self

    def _count(self, frame: FrameType, event: str, arg: object) -> None:
        self.calls += event in ("call", "c_call")

    def __exit__(self, *raised: object) -> None:
        sys.setprofile(None)
        self.memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


@pytest.fixture
def attacked() -> dict[str, Any]:
    """Data with long texts and lists, which no expression may turn into much more."""
    return SCOPE


@pytest.fixture
def small() -> Callable[[], Budget]:
    """A budget that honest work on the data fits in."""
    return lambda: Budget(STEPS, size=SIZE)


@pytest.fixture
def metered() -> type[Meter]:
    """A meter of calls and memory, to be opened with `with`."""
    return Meter


@pytest.fixture
def refused() -> Callable[[str], ExpressionError]:
    """Evaluates an attack and gives the refusal, after checking that little work and memory went into it."""

    def evaluate(source: str) -> ExpressionError:
        with Meter() as meter, pytest.raises(ExpressionError) as refusal:
            parse(source).evaluate(SCOPE, budget=Budget(STEPS, size=SIZE))
        assert refusal.value.message
        assert refusal.value.error_code.startswith("expression.")
        assert meter.calls < CALLS
        assert meter.memory < MEMORY
        return refusal.value

    return evaluate
