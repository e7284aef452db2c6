"""A webhook with ten pure steps over HTTP, 50 connections and one; every execution stored, and read afterwards.

Processes: this one is the client; the gateway is one process (and one worker process for durable runs), the bare
route is one process (and one worker by hand); PostgreSQL, Valkey and Temporal are shared. A rate of ours counts until
the last run is stored as succeeded, not until it is answered.

Beside the bare route the ratio is told without an aim: ours runs ten steps, seals, and commits twice. Durable: 0.7 of
the rate, so 1/0.7 of the time. Both durable sides answer when the run has ended, and neither can start eagerly, as
the worker is another process.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.client import Connection
from benchmarks.durable import pure
from benchmarks.measuring import Row, Side, keep, table
from benchmarks.served import Served, free_port
from flov7.gateway.serving import fast_loop
from flov7.stack.embedded import Home
from flov7.stack.embedded.servers import EmbeddedServers, Ports
from flov7.store import keys, workspaces
from flov7.wiring import AllSettings, open_house

AT_ONCE = 50
ROUNDS = 3
N8N = {"per_second": 99, "alone_ms": 14.0, "rss_mb": 624}
"""n8n 2.0 on PostgreSQL, all executions saved, two cores, as published for this comparison."""
Ended = Callable[[int], Awaitable[None]]


@dataclass
class Stand:
    """What is running, and a look into the database."""

    gateway: Served
    worker: Served
    route: Served
    key: str
    looking: asyncpg.Connection[Any]

    async def stored(self, workflow_id: str) -> int:
        """How many runs of a workflow are stored as succeeded."""
        asked = "SELECT count(*) FROM workflow_executions WHERE workflow_id = $1 AND status = 'succeeded'"
        return int(await self.looking.fetchval(asked, workflow_id))


@asynccontextmanager
async def stand(*, under: tuple[str, ...] = ()) -> AsyncGenerator[Stand, None]:
    """Embedded servers in a folder of their own, and the four processes; `under` is what the gateway runs under."""
    with tempfile.TemporaryDirectory(prefix="flov7-bench-") as folder:
        servers = EmbeddedServers(Home(Path(folder)), headless=True, ports=Ports(0, 0, 0, 0))
        environment = await servers.start()
        try:
            async with AsyncExitStack() as stack:
                yield await _processes(stack, servers, environment, Path(folder), under)
        finally:
            servers.stop()


async def _processes(
    stack: AsyncExitStack, servers: EmbeddedServers, environment: dict[str, str], folder: Path, under: tuple[str, ...]
) -> Stand:
    key = await _key(environment)
    admin = servers.postgres.admin_url.rsplit("/", 1)[0] + "/flov7"
    looking = await asyncpg.connect(admin)
    stack.push_async_callback(looking.close)
    await looking.execute("CREATE TABLE bench_rows (id text PRIMARY KEY, result jsonb)")
    await looking.execute("GRANT INSERT ON bench_rows TO PUBLIC")
    ports = [free_port() for _ in range(3)]
    told = {**environment, "FLOV7_GATEWAY_PORT": str(ports[0]), "FLOV7_WORKER_PORT": str(ports[1])}
    told["FLOV7_PUBLIC_URL"] = f"http://127.0.0.1:{ports[0]}"
    made: list[Served] = []
    for name, command, port in (
        ("gateway", [*under, "flov7.cli.main", "gateway"], ports[0]),
        ("worker", ["flov7.cli.main", "worker"], ports[1]),
        ("route", ["benchmarks.served", "route", str(ports[2])], ports[2]),
        ("hand", ["benchmarks.served", "worker"], 0),
    ):
        one = Served(name, command, port=port, environment=told, log=folder / f"{name}.log")
        stack.callback(one.stop)
        made.append(one)
    for one in made[:3]:
        await one.ready()
    return Stand(made[0], made[1], made[2], key, looking)


async def _key(environment: dict[str, str]) -> str:
    os.environ.update(environment)
    async with open_house(AllSettings.load()) as house:
        workspace = await workspaces.create(house.database, slug="bench", title="Benchmark")
        async with house.database.workspace(workspace.id) as scope:
            return (await keys.create(scope, name="bench", scopes=("*",), created_by="bench"))[1]


async def hook(at: Stand, name: str, **settings: Any) -> tuple[str, str]:
    """A workflow with ten pure steps, active: its id and its hook's path."""
    config = {"url": f"/{name}", "method": "POST", "respond": settings.pop("respond", "at_once")}
    trigger = {"type": "trigger", "kind": "webhook", "name": "hook", "config": config}
    document = {"name": name, "primitives": [trigger, *pure()], **settings}
    async with Connection(at.gateway.port, key=at.key) as http:
        status, made = await http.ask("POST", "/api/v1/workflows", {"document": document, "name": name})
        assert status == 201, made
        status, live = await http.ask("POST", f"/api/v1/workflows/{made['data']['id']}/activate")
        assert status == 200, live
    return made["data"]["id"], "/" + live["data"]["triggers"][0]["address"].split("/", 3)[3]


@dataclass
class Load:
    """Requests to one path; remembers the runs that were answered."""

    port: int
    path: str
    good: int
    runs: list[str]

    async def send(self, count: int, *, at_once: int) -> list[float]:
        """So many requests, each its own event; seconds that each took."""
        waiting, took = iter(range(count)), list[float]()

        async def lane() -> None:
            async with Connection(self.port) as http:
                for n in waiting:
                    begun = time.perf_counter()
                    status, body = await http.ask("POST", self.path, {"total": 20 + n % 7, "n": n})
                    took.append(time.perf_counter() - begun)
                    assert status == self.good, (status, body)
                    self.runs.append(body.get("id") or body.get("data", {}).get("execution_id", ""))

        await asyncio.gather(*(lane() for _ in range(at_once)))
        return took


async def measure(load: Load, *, alone: int, together: int, ended: Ended | None) -> tuple[float, float, float]:
    """Median milliseconds alone, requests a second until answered, and until all is stored."""
    took = statistics.median(await load.send(alone, at_once=1)) * 1000
    if ended is not None:
        await ended(len(load.runs))
    begun = time.perf_counter()
    await load.send(together, at_once=AT_ONCE)
    answered = together / (time.perf_counter() - begun)
    if ended is not None:
        await ended(len(load.runs))
    return took, answered, together / (time.perf_counter() - begun)


async def in_turns(sides: dict[str, tuple[Load, Ended | None]], *, alone: int, together: int) -> dict[str, list[float]]:
    """Medians of the rounds, by side."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in sides}
    for load, ended in sides.values():
        await measure(load, alone=10, together=together // 2, ended=ended)  # warm
    for _ in range(ROUNDS):
        for name, (load, ended) in sides.items():
            found[name].append(await measure(load, alone=alone, together=together, ended=ended))
    return {name: [round(statistics.median(one), 2) for one in zip(*all_, strict=True)] for name, all_ in found.items()}


async def all_readable(at: Stand, runs: list[str], *, steps: int = 10) -> int:
    """Read every fiftieth run over the API, with its steps; how many were read. Each delivery is its own run."""
    assert len(set(runs)) == len(runs), "two deliveries share a run"
    async with Connection(at.gateway.port, key=at.key) as http:
        for run in runs[::50]:
            status, one = await http.ask("GET", f"/api/v1/executions/{run}")
            assert status == 200 and one["data"]["status"] == "succeeded", one
            status, body = await http.ask("GET", f"/api/v1/executions/{run}/steps")
            items = body["data"]["items"]
            assert status == 200 and len(items) == steps, body
            assert items[-1]["output"] == {"v9": one["data"]["input"]["total"] * 2 + 9}, items[-1]
    return len(runs[::50])


def ended_at(at: Stand, workflow_id: str) -> Ended:
    """Waits until so many runs are stored as succeeded."""

    async def ended(wanted: int) -> None:
        until = time.monotonic() + 60
        while (stored := await at.stored(workflow_id)) < wanted:
            assert time.monotonic() < until, f"{stored} of {wanted} are stored"
            await asyncio.sleep(0.02)
        assert stored == wanted, f"{stored} runs of {wanted} deliveries"

    return ended


async def express(at: Stand) -> dict[str, Any]:
    """Express against the bare route, and against what is published of n8n."""
    workflow_id, path = await hook(at, "express", mode="express")
    _, waiting = await hook(at, "express_result", mode="express", respond="result")
    ours, theirs = Load(at.gateway.port, path, 202, []), Load(at.route.port, "/rows", 202, [])
    sides: dict[str, tuple[Load, Ended | None]] = {
        "ours": (ours, ended_at(at, workflow_id)),
        "theirs": (theirs, None),
    }
    used = at.gateway.cpu_seconds
    found = await in_turns(sides, alone=200, together=3000)
    used = at.gateway.cpu_seconds - used
    result = statistics.median(await Load(at.gateway.port, waiting, 200, []).send(300, at_once=1)) * 1000
    rss, read = at.gateway.rss_mb, await all_readable(at, ours.runs)
    alone, answered, stored = found["ours"]
    bare_alone, bare, _ = found["theirs"]
    return {
        "runs": len(ours.runs),
        "runs_read_back": read,
        "answered_per_second": answered,
        "stored_per_second": stored,
        "alone_ms": alone,
        "alone_with_result_ms": round(result, 2),
        "gateway_cpu_ms_per_run": round(used / len(ours.runs) * 1000, 3),
        "gateway_rss_mb": rss,
        "bare_per_second": bare,
        "bare_alone_ms": bare_alone,
        "rate_over_bare": round(stored / bare, 3),
        "time_over_bare": round(alone / bare_alone, 2),
        "published_n8n": N8N,
    }


async def durable(at: Stand) -> Row:
    """Durable against an empty workflow by hand; both answer when the run has ended."""
    _, path = await hook(at, "durable", mode="durable", respond="result")
    ours, theirs = Load(at.gateway.port, path, 200, []), Load(at.route.port, "/flows", 200, [])
    found = await in_turns({"ours": (ours, None), "theirs": (theirs, None)}, alone=30, together=300)
    sides = [Side(name, found[name][0], found[name][2], AT_ONCE) for name in ("ours", "theirs")]
    what = "webhook, ten pure steps, durable / an empty workflow by hand"
    return Row(what, sides[0], sides[1], aim_time=1.43, aim_throughput=0.7)


def against_n8n(facts: dict[str, Any]) -> dict[str, Any]:
    """The three aims."""
    rows = {
        "rate": (facts["stored_per_second"] / N8N["per_second"], 10.0, True),
        "latency": (facts["alone_ms"] / N8N["alone_ms"], 1 / 3, False),
        "latency_with_result": (facts["alone_with_result_ms"] / N8N["alone_ms"], 1 / 3, False),
        "memory": (facts["gateway_rss_mb"] / N8N["rss_mb"], 0.5, False),
    }
    return {
        name: {"ratio": round(ratio, 3), "aim": round(aim, 3), "reached": ratio >= aim if more else ratio <= aim}
        for name, (ratio, aim, more) in rows.items()
    }


async def main() -> None:
    """Measure and write."""
    async with stand() as at:
        facts = await express(at)
        print(", ".join(f"{name} {value}" for name, value in facts.items()), flush=True)
        slow = await durable(at)
    aims = against_n8n(facts)
    keep("express", {"layout": __doc__, "rows": [slow], "express": facts, "against_n8n": aims})
    print("\n" + table([slow]))
    print("\n| express against n8n 2.0 as published | ratio | aim | |\n| --- | ---: | ---: | --- |")
    for name, one in aims.items():
        print(f"| {name} | {one['ratio']} | {one['aim']} | {'reached' if one['reached'] else 'missed'} |")
    print(f"| rate over a bare route | {facts['rate_over_bare']} | | |")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=fast_loop) as runner:
        runner.run(main())
