"""What is run in a cage, within which limits, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Megabytes of memory, seconds of processor and of the clock, bytes of output, megabytes of its own folder."""

    memory: int = 256
    seconds: float = 10.0
    output: int = 2 * MEGABYTE
    folder: int = 16

    @property
    def processor(self) -> int:
        """Whole seconds of processor: no more than the clock gives."""
        return max(1, round(self.seconds))


@dataclass(frozen=True, slots=True)
class Order:
    """Files that the code sees (read-only, by name) and what stands on its standard input."""

    files: Mapping[str, str]
    given: bytes
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: its exit code, what it wrote, and `why` it was ended where it did not end by itself."""

    code: int
    out: bytes
    err: str
    why: str = ""


def laid_out(folder: str, order: Order) -> None:
    """Write the order's files into a folder that the cage may read."""
    place = Path(folder)
    for name, text in order.files.items():
        (place / name).write_text(text, encoding="utf-8")
    place.chmod(0o755)


class Backend(Protocol):
    """A cage. Promises: no network, no files but its own, nothing of the environment, no other process to be seen
    or signalled, no process of its own beside the first, and the limits; whatever the code does, it ends in time.
    """

    @property
    def name(self) -> str:
        """Its name in settings."""
        ...

    async def run(self, order: Order) -> Outcome:
        """Run `runner.py` over the order. Never raises for what the code does."""
        ...
