"""Processes that are measured: our gateway and worker, and beside them a bare route and a worker by hand.

`python -m benchmarks.served route PORT` is FastAPI on the uvicorn settings of our gateway: `/rows` commits one row in
batches, `/flows` starts an empty workflow on Temporal and waits for its end. `python -m benchmarks.served worker`
works on those workflows.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.client import Connection

QUEUE = "hand"


class Served:
    """One process on a port; ended by SIGTERM."""

    def __init__(self, name: str, command: list[str], *, port: int, environment: dict[str, str], log: Path) -> None:
        self.name, self.port = name, port
        with log.open("ab") as file:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", *command], env={**os.environ, **environment}, stdout=file, stderr=file
            )

    async def ready(self, path: str = "/health") -> None:
        """Wait until it says 200 at `path`."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            assert self._popen.poll() is None, f"{self.name} ended at once"
            try:
                async with Connection(self.port) as http:
                    if (await http.ask("GET", path))[0] == 200:
                        return
            except (OSError, asyncio.IncompleteReadError):
                pass
            await asyncio.sleep(0.05)
        raise AssertionError(f"{self.name} is not ready")

    @property
    def rss_mb(self) -> float:
        """Resident memory now, in MB (10^6 bytes)."""
        return rss_mb(self._popen.pid)

    @property
    def cpu_seconds(self) -> float:
        """What it has used of the processor so far; other people's load hardly changes it."""
        used = psutil.Process(self._popen.pid).cpu_times()
        return used.user + used.system

    def stop(self) -> None:
        """End it."""
        self._popen.terminate()
        self._popen.wait(20)


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes), as /proc says."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024 / 1e6, 1)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


async def route(port: int) -> None:
    """The other side's route."""
    from fastapi import FastAPI

    from flov7.gateway import serving
    from flov7.kit.errors import FlowError
    from flov7.store.batches import Batcher
    from flov7.wiring import AllSettings, open_house

    async with open_house(AllSettings.load()) as house:

        async def write(rows: Sequence[tuple[str, str]]) -> list[FlowError | None]:
            await house.database.pool.execute(
                "INSERT INTO bench_rows (id, result) SELECT id, body::jsonb FROM unnest($1::text[], $2::text[]) "
                "AS given (id, body)",
                [one for one, _ in rows],
                [body for _, body in rows],
            )
            return [None] * len(rows)

        rows: Batcher[tuple[str, str], None] = Batcher(write)
        client = await house.link.client()
        app = FastAPI()

        @app.get("/health")
        async def health() -> dict[str, bool]:
            return {"ok": True}

        @app.post("/rows", status_code=202)
        async def row(body: dict[str, Any]) -> dict[str, str]:
            made = str(uuid.uuid4())
            await rows.submit((made, json.dumps(body)))
            return {"id": made}

        @app.post("/flows")
        async def flow(body: dict[str, Any]) -> dict[str, Any]:
            made = str(uuid.uuid4())
            handle = await client.start_workflow("hand.empty", body, id=made, task_queue=QUEUE)
            return {"id": made, "output": await handle.result()}

        serving.settle()
        await serving.serve(app, on=serving.bound("127.0.0.1", port=port), until=asyncio.Event())


async def worker() -> None:
    """The other side's worker, with the settings of ours."""
    from benchmarks.durable import hand_worker
    from flov7.wiring import AllSettings, open_house

    async with open_house(AllSettings.load()) as house, hand_worker(house):
        await asyncio.Event().wait()


def main() -> None:
    """`route PORT` or `worker`."""
    from flov7.gateway import serving

    match sys.argv[1:]:
        case ["route", port]:
            with asyncio.Runner(loop_factory=serving.fast_loop) as runner:
                runner.run(route(int(port)))
        case ["worker"]:
            asyncio.run(worker())
        case other:
            raise SystemExit(f"route PORT or worker, not {other}")


if __name__ == "__main__":
    main()
