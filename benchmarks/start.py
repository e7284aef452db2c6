"""`flov7 up` on a folder that exists: seconds to the first finished durable run; memory and import of the gateway."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.client import Connection
from benchmarks.durable import pure
from benchmarks.measuring import keep
from benchmarks.served import rss_mb

ROUNDS = 3
IMPORT = "import time; t = time.perf_counter(); import flov7.stack.processes, flov7.gateway.app; "
IMPORT += "print(time.perf_counter() - t)"
DOCUMENT = {"name": "first", "primitives": [{"type": "trigger", "kind": "api", "name": "go"}, *pure()]}


@dataclass
class Up:
    """What `flov7 up --json` said, when it was started, and when it said it."""

    said: dict[str, Any]
    pid: int
    begun: float
    ready: float

    @property
    def port(self) -> int:
        """The gateway's."""
        return urlsplit(self.said["gateway"]).port or 0

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of all its processes so far; other people's load hardly changes them."""
        parent = psutil.Process(self.pid)
        used = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
        return sum(one.user + one.system for one in used)

    @property
    def gateway_mb(self) -> float:
        """Resident memory of the gateway process."""
        children = psutil.Process(self.pid).children(recursive=True)
        return rss_mb(next(one.pid for one in children if one.cmdline()[-1:] == ["gateway"]))


@contextmanager
def up(folder: Path) -> Generator[Up, None, None]:
    """`flov7 up` until the block ends."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "flov7.cli.main", "up", "--home", str(folder), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            line = process.stdout.readline()
            assert line, "flov7 up ended at once"
            text += line
        yield Up(json.loads(text), process.pid, begun, time.perf_counter())
    finally:
        process.terminate()
        process.communicate(timeout=60)


async def run(at: Up, key: str, workflow: str) -> None:
    """One durable run to its end."""
    async with Connection(at.port, key=key) as http:
        body = {"input": {"total": 20}, "wait": 30, "mode": "durable"}
        status, told = await http.ask("POST", f"/api/v1/workflows/{workflow}/run", body)
    assert status == 200 and told["data"]["status"] == "succeeded", told


async def prepare(folder: Path) -> tuple[str, str, float]:
    """A new folder with one workflow in it: key, the workflow's id, seconds to the first finished run."""
    with up(folder) as at:
        key = str(at.said["key"])
        async with Connection(at.port, key=key) as http:
            status, made = await http.ask("POST", "/api/v1/workflows", {"document": DOCUMENT, "name": "first"})
            assert status == 201, made
        await run(at, key, made["data"]["id"])
        return key, made["data"]["id"], time.perf_counter() - at.begun


async def again(folder: Path, key: str, workflow: str) -> tuple[float, float, float, float]:
    """A start on the folder: seconds until `up` says it is ready, until the first run is finished, processor seconds
    of all processes by then; gateway's MB."""
    with up(folder) as at:
        await run(at, key, workflow)
        finished = time.perf_counter() - at.begun
        return at.ready - at.begun, finished, at.cpu_seconds, at.gateway_mb


def imported() -> float:
    """Seconds that a new process takes to import the gateway."""
    made = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    return float(made.stdout)


async def main() -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory(prefix="flov7-bench-") as where:
        folder = Path(where) / "home"
        key, workflow, first = await prepare(folder)
        rounds = [await again(folder, key, workflow) for _ in range(ROUNDS)]
    ready, finished, used, memory = (round(statistics.median(one), 2) for one in zip(*rounds, strict=True))
    imports = round(min(imported() for _ in range(ROUNDS)), 2)
    rows = [
        {"what": "up to the first finished run, s", "found": finished, "aim": 6.0},
        {"what": "gateway memory, MB", "found": memory, "aim": 150.0},
    ]
    more = {
        "up_ready_s": ready,
        "processor_s": used,
        "new_folder_first_run_s": round(first, 2),
        "gateway_import_s": imports,
    }
    keep("start", {"rows": rows, **more, "rounds": rounds})
    print("| what | found | aim | |\n| --- | ---: | ---: | --- |")
    for row in rows:
        reached = "reached" if row["found"] < row["aim"] else "missed"
        print(f"| {row['what']} | {row['found']} | < {row['aim']} | {reached} |")
    for name, value in more.items():
        print(f"| {name} | {value} | | |")


if __name__ == "__main__":
    asyncio.run(main())
