"""Measuring two sides in one run, so that a noisy machine hits both alike."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
One = Callable[[int], Awaitable[Any]]


@dataclass
class Side:
    """One side: median seconds alone, and runs a second at `at_once`."""

    name: str
    alone_ms: float
    per_second: float
    at_once: int


@dataclass
class Row:
    """One comparison: `time` and `throughput` are ours over theirs; the aims are at most and at least."""

    what: str
    ours: Side
    theirs: Side
    aim_time: float
    aim_throughput: float
    time: float = field(init=False)
    throughput: float = field(init=False)

    def __post_init__(self) -> None:
        self.time = round(self.ours.alone_ms / self.theirs.alone_ms, 3)
        self.throughput = round(self.ours.per_second / self.theirs.per_second, 3)

    @property
    def reached(self) -> bool:
        """Whether both aims are met."""
        return self.time <= self.aim_time and self.throughput >= self.aim_throughput


async def compare(
    what: str,
    *,
    ours: One,
    theirs: One,
    aim_time: float,
    aim_throughput: float,
    alone: int = 30,
    together: int = 150,
    at_once: int = 50,
    rounds: int = 3,
) -> Row:
    """Measure both sides in turns, several rounds; the median of the rounds counts."""
    for side in (ours, theirs):
        await _throughput(side, at_once, at_once)  # warm
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    rates: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(rounds):
        for name, side in (("ours", ours), ("theirs", theirs)):
            times[name].append(await _alone(side, alone))
            rates[name].append(await _throughput(side, together, at_once))
    made = {
        name: Side(
            name, round(statistics.median(times[name]) * 1000, 2), round(statistics.median(rates[name]), 1), at_once
        )
        for name in ("ours", "theirs")
    }
    return Row(what, made["ours"], made["theirs"], aim_time, aim_throughput)


async def _alone(side: One, count: int) -> float:
    took: list[float] = []
    for n in range(count):
        begun = time.perf_counter()
        await side(n)
        took.append(time.perf_counter() - begun)
    return statistics.median(took)


async def _throughput(side: One, count: int, at_once: int) -> float:
    waiting = iter(range(count))

    async def lane() -> None:
        for n in waiting:
            await side(n)

    begun = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(at_once)))
    return count / (time.perf_counter() - begun)


def keep(name: str, body: dict[str, Any]) -> None:
    """Write a result beside what it was measured on."""
    RESULTS.mkdir(exist_ok=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()}
    text = json.dumps({"machine": machine, **body}, indent=2, default=asdict) + "\n"
    (RESULTS / f"{name}.json").write_text(text)


def table(rows: list[Row]) -> str:
    """The rows for people."""
    lines = [
        "| what | ours alone | theirs | time | aim | ours/s | theirs/s | throughput | aim | |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {r.what} | {r.ours.alone_ms} ms | {r.theirs.alone_ms} ms | {r.time}x | <= {r.aim_time} | "
        f"{r.ours.per_second} | {r.theirs.per_second} | {r.throughput}x | >= {r.aim_throughput} | "
        f"{'reached' if r.reached else 'missed'} |"
        for r in rows
    ]
    return "\n".join(lines)
