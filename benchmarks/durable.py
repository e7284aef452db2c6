"""Durable runs against hand-written Temporal workflows: ten reads, ten writes, ten pure steps."""

from __future__ import annotations

import asyncio
import os
import tempfile
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.common import WorkerDeploymentVersion
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from benchmarks.handwritten import ACTIVITIES, WORKFLOWS, Hand
from benchmarks.measuring import One, Row, compare, keep, table
from flov7.engine.runtime import CallRequest
from flov7.engine.start import StartRequest
from flov7.language.front import check_value
from flov7.stack.embedded import Home
from flov7.stack.embedded.servers import EmbeddedServers
from flov7.store import plans, workflows, workspaces
from flov7.wiring import AllSettings, House, attending, open_house, working

READ = {"url": "https://example.com/x"}
WRITE = {"url": "https://example.com/x", "method": "POST", "json": {"a": 1}}


async def no_outside(request: CallRequest, key: str | None) -> Any:
    """The outside costs nothing on both sides."""
    return {"status": 200}


def calls(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Ten calls, one after another."""
    return [{"type": "action", "kind": "api_call", "name": f"s{n}", "timeout": 5, "config": config} for n in range(10)]


def pure() -> list[dict[str, Any]]:
    """Two conditions and eight data steps."""
    steps: list[dict[str, Any]] = []
    for n in range(10):
        if n in (3, 7):
            steps.append({"type": "condition", "kind": "if_else", "name": f"c{n}", "logic": f"total > {n}", "then": []})
        else:
            steps.append({"type": "data", "kind": "mapping", "name": f"m{n}", "mapping": {f"total * 2 + {n}": f"v{n}"}})
    return steps


@asynccontextmanager
async def bench_house(**engine: Any) -> AsyncGenerator[House, None]:
    """Embedded servers in a folder of their own, and our worker in this process."""
    with tempfile.TemporaryDirectory(prefix="flov7-bench-") as folder:
        servers = EmbeddedServers(Home(Path(folder)), headless=True)
        os.environ.update(await servers.start())
        try:
            async with open_house(AllSettings.load(), calls=no_outside) as house, working(house), attending(house):
                yield house
        finally:
            servers.stop()


@asynccontextmanager
async def hand_worker(house: House) -> AsyncGenerator[str, None]:
    """A worker for the hand-written side, with the same settings as ours."""
    Hand.database = house.database
    client = await house.link.client()
    worker = Worker(
        client,
        task_queue="hand",
        workflows=WORKFLOWS,
        activities=ACTIVITIES,
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_workflow_tasks=house.settings.engine.workflow_slots,
        max_concurrent_activities=house.settings.engine.call_slots,
        max_concurrent_local_activities=house.settings.engine.call_slots,
        max_cached_workflows=2000,
        graceful_shutdown_timeout=timedelta(seconds=2),
        deployment_config=WorkerDeploymentConfig(
            version=WorkerDeploymentVersion("hand", "1"), use_worker_versioning=False
        ),
    )
    async with worker:
        yield "hand"


async def our_side(house: House, workspace_id: str, primitives: list[dict[str, Any]]) -> One:
    """One run of ours: started, and its workflow's end waited for; all events are stored by then."""
    document = {"name": "bench", "primitives": [{"type": "trigger", "kind": "api", "name": "go"}, *primitives]}
    checked = check_value(document, house.registry.catalogue(), strict=True)
    assert checked.plan is not None, checked.diagnostics
    async with house.database.workspace(workspace_id) as scope:
        workflow = await workflows.create(scope, name=uuid.uuid4().hex, document=document, owner="bench")
        digest = await plans.put(scope, checked.plan.to_bytes())
    request = StartRequest(
        workspace_id=workspace_id, workflow_id=workflow.id, version=1, plan_digest=digest, trigger="go",
        payload={"total": 20, "run": "x" * 36},
    )  # fmt: skip
    client = await house.link.client()

    async def one(_: int) -> None:
        started = await house.engine.start(request)
        await client.get_workflow_handle(f"{workspace_id}/{started.execution_id}").result()

    return one


async def their_side(house: House, workspace_id: str, name: str, queue: str) -> One:
    """One run of the hand-written workflow."""
    client = await house.link.client()

    async def one(_: int) -> None:
        run = str(uuid.uuid4())
        payload = {"total": 20, "run": run, "workspace_id": workspace_id}
        handle = await client.start_workflow(
            name, payload, id=f"{workspace_id}/{run}", task_queue=queue, request_eager_start=True
        )
        await handle.result()

    return one


async def main() -> None:
    """Measure and write."""
    rows: list[Row] = []
    async with bench_house() as house, hand_worker(house) as queue:
        workspace = await workspaces.create(house.database, slug="bench", title="Benchmark")
        async with house.database.as_engine(workspace.id):
            pass
        admin = house.settings.store.database_owner_url
        assert admin is not None
        await _make_table(admin.get_secret_value())
        plan = [
            ("ten reads", calls(READ), "hand.reads", 1.3, 0.75),
            ("ten writes, two commits each", calls(WRITE), "hand.writes", 1.3, 0.75),
            ("ten pure steps, all stored", pure(), "hand.pure", 1.2, 0.85),
        ]
        for what, primitives, name, aim_time, aim_throughput in plan:
            ours = await our_side(house, workspace.id, primitives)
            theirs = await their_side(house, workspace.id, name, queue)
            rows.append(await compare(what, ours=ours, theirs=theirs, aim_time=aim_time, aim_throughput=aim_throughput))
            print(table(rows[-1:]).splitlines()[-1], flush=True)
    keep("durable", {"rows": rows})
    print(table(rows))


async def _make_table(url: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS bench_rows (id text PRIMARY KEY, result jsonb)")
    await connection.execute("GRANT INSERT ON bench_rows TO PUBLIC")
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
