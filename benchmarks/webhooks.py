"""Webhooks at a steady rate: so many a second for a minute, none refused, and every run reaches a receiver once.

Processes: this one sends (each request at its time, whether the earlier ones were answered or not); gateways, a worker
and the receiver are processes of their own; PostgreSQL, Valkey and Temporal are embedded. Each run is one call at the
receiver with the run's key. `python -m benchmarks.webhooks RATE SECONDS GATEWAYS`; left out: 1000 60 1. A run counts
when the receiver has seen its number; one that is seen twice is a failure of the benchmark.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.client import Connection
from benchmarks.express import _key as new_key
from benchmarks.measuring import keep
from benchmarks.served import Served, free_port
from flov7.gateway.serving import fast_loop
from flov7.stack.embedded import Home
from flov7.stack.embedded.servers import EmbeddedServers, Ports

LANES = 64
DRAIN = 900.0


async def receive(port: int) -> None:
    """The receiver: counts calls by the number in their body; `GET /` tells what it has seen."""
    seen: Counter[int] = Counter()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").lower().split("\r\n")
                length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
                body = await reader.readexactly(length)
                told = b"{}"
                if lines[0].startswith("get"):
                    twice = sum(1 for count in seen.values() if count > 1)
                    told = json.dumps({"runs": len(seen), "twice": twice}).encode()
                else:
                    seen[int(json.loads(body)["n"])] += 1
                head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(told)
                writer.write(head + told)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


@dataclass
class Sender:
    """Requests at their times, over a few connections to each gateway."""

    ports: list[int]
    paths: list[str]
    took: list[float] = field(default_factory=list[float])
    refused: Counter[int] = field(default_factory=Counter[int])
    late: float = 0.0

    async def send(self, *, rate: int, seconds: int) -> float:
        """All of them; the seconds until the last was answered."""
        due: asyncio.Queue[tuple[float, int] | None] = asyncio.Queue()
        lanes = [asyncio.create_task(self._lane(n % len(self.ports), due)) for n in range(LANES)]
        begun = time.perf_counter()
        for number in range(rate * seconds):
            at = begun + number / rate
            if (ahead := at - time.perf_counter()) > 0.002:
                await asyncio.sleep(ahead)
            due.put_nowait((at, number))
        for _ in lanes:
            due.put_nowait(None)
        await asyncio.gather(*lanes)
        return time.perf_counter() - begun

    async def _lane(self, side: int, due: asyncio.Queue[tuple[float, int] | None]) -> None:
        async with Connection(self.ports[side]) as http:
            while (one := await due.get()) is not None:
                at, number = one
                status, _ = await http.ask("POST", self.paths[side], {"n": number})
                self.took.append(time.perf_counter() - at)  # from when it was due: waiting in line counts
                if status != 202:
                    self.refused[status] += 1


async def live(port: int, key: str, receiver: int) -> str:
    """The workflow, active; its hook's path."""
    call = {"url": f"http://127.0.0.1:{receiver}/", "method": "POST", "json": {"n": "{{ n }}"}, "idempotency": True}
    document = {
        "name": "flood",
        "mode": "express",
        "primitives": [
            {"type": "trigger", "kind": "webhook", "name": "hook", "config": {"url": "/flood"}},
            {"type": "action", "kind": "api_call", "name": "tell", "config": call, "retry": {"max_attempts": 10}},
        ],
    }
    async with Connection(port, key=key) as http:
        status, made = await http.ask("POST", "/api/v1/workflows", {"document": document, "name": "flood"})
        assert status == 201, made
        status, done = await http.ask("POST", f"/api/v1/workflows/{made['data']['id']}/activate")
        assert status == 200, done
    return "/" + done["data"]["triggers"][0]["address"].split("/", 3)[3]


async def drained(port: int, wanted: int) -> dict[str, Any]:
    """What the receiver has seen, once it is all of it or nothing more comes."""
    until = time.monotonic() + DRAIN
    async with Connection(port) as http:
        while True:
            _, seen = await http.ask("GET", "/")
            if seen["runs"] >= wanted or time.monotonic() > until:
                return seen
            await asyncio.sleep(0.25)


async def measure(rate: int, seconds: int, gateways: int) -> dict[str, Any]:
    """Start everything, send, wait for the last run."""
    with tempfile.TemporaryDirectory(prefix="flov7-bench-") as folder:
        servers = EmbeddedServers(Home(Path(folder)), headless=True, ports=Ports(0, 0, 0, 0))
        environment = {**await servers.start(), "FLOV7_ALLOW_HOSTS": "127.0.0.1"}
        try:
            async with AsyncExitStack() as stack:
                key = await new_key(environment)
                ports, receiver = [free_port() for _ in range(gateways)], free_port()
                told = {**environment, "FLOV7_WORKER_PORT": str(free_port())}
                made = [Served("receiver", ["benchmarks.webhooks", "receive", str(receiver)], port=receiver,
                               environment=told, log=Path(folder) / "receiver.log")]  # fmt: skip
                for port in ports:
                    more = {**told, "FLOV7_GATEWAY_PORT": str(port), "FLOV7_PUBLIC_URL": f"http://127.0.0.1:{port}"}
                    made.append(Served(f"gateway{port}", ["flov7.cli.main", "gateway"], port=port, environment=more,
                                       log=Path(folder) / f"gateway{port}.log"))  # fmt: skip
                made.append(Served("worker", ["flov7.cli.main", "worker"], port=int(told["FLOV7_WORKER_PORT"]),
                                   environment=told, log=Path(folder) / "worker.log"))  # fmt: skip
                for one in made:
                    stack.callback(one.stop)
                for one in made[1:]:
                    await one.ready()
                path = await live(ports[0], key, receiver)
                sender = Sender(ports, [path] * gateways)
                begun = time.perf_counter()
                answered = await sender.send(rate=rate, seconds=seconds)
                seen = await drained(receiver, rate * seconds)
                whole = time.perf_counter() - begun
                return facts(rate, seconds, sender, answered=answered, whole=whole, seen=seen, served=made)
        finally:
            servers.stop()


def facts(
    rate: int,
    seconds: int,
    sender: Sender,
    *,
    answered: float,
    whole: float,
    seen: dict[str, Any],
    served: list[Served],
) -> dict[str, Any]:
    """What was found."""
    took = sorted(sender.took)
    gateways = [one for one in served if one.name.startswith("gateway")]
    return {
        "asked_per_second": rate,
        "seconds": seconds,
        "sent": rate * seconds,
        "accepted": len(took) - sum(sender.refused.values()),
        "refused": dict(sender.refused),
        "accepted_per_second": round(len(took) / answered, 1),
        "answer_ms": {
            "median": round(statistics.median(took) * 1000, 1),
            "p95": round(took[int(len(took) * 0.95)] * 1000, 1),
            "p99": round(took[int(len(took) * 0.99)] * 1000, 1),
        },
        "runs_at_the_receiver": seen["runs"],
        "seen_twice": seen["twice"],
        "finished_after_seconds": round(whole, 1),
        "gateways": len(gateways),
        "gateway_cpu_ms_per_run": round(sum(one.cpu_seconds for one in gateways) / (rate * seconds) * 1000, 3),
        "gateway_rss_mb": [one.rss_mb for one in gateways],
    }


async def main() -> None:
    """Measure and write."""
    words = [int(word) for word in sys.argv[1:]]
    rate, seconds, gateways = (words + [1000, 60, 1][len(words) :])[:3]
    found = await measure(rate, seconds, gateways)
    print("\n".join(f"{name}: {value}" for name, value in found.items()), flush=True)
    if (rate, seconds) == (1000, 60):
        keep("webhooks", {"layout": __doc__, "webhooks": found})
    assert found["seen_twice"] == 0, "a run was done twice"
    assert found["runs_at_the_receiver"] == found["accepted"], "a run that was accepted never came"


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=fast_loop) as runner:
        runner.run(receive(int(sys.argv[2])) if sys.argv[1:2] == ["receive"] else main())
