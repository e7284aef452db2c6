"""Durable runs on a real Temporal server, stored in a real PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

from flov7.engine.messages import Approve

PURE: list[dict[str, Any]] = [
    {"type": "data", "kind": "mapping", "name": "who", "mapping": {"customer.name": "name"}},
    {"type": "condition", "kind": "if_else", "name": "big", "logic": "total > 10", "then": [
        {"type": "data", "kind": "mapping", "name": "vip", "mapping": {"name": "vip_name"}},
    ]},
]  # fmt: skip
WAITS: list[dict[str, Any]] = [
    {"type": "action", "kind": "wait", "name": "approval", "config": {"for": "approval", "ask": "Ship it?"}},
    {"type": "data", "kind": "mapping", "name": "after", "mapping": {"approval.decision": "decision"}},
]


class TestDurable:
    async def test_pure_steps_run_and_everything_is_stored(self, bench: Any) -> None:
        started = await bench.start(PURE, payload={"customer": {"name": "Ann"}, "total": 11})
        result = await bench.finish(started)
        assert result.status == "succeeded", result
        stored = await bench.stored(started.execution_id)
        assert stored.status == "succeeded"
        assert stored.input == {"customer": {"name": "Ann"}, "total": 11}
        types = [(one["n"], one["type"]) for one in await bench.events(started.execution_id)]
        assert types == [
            (1, "run.started"), (2, "step.finished"), (3, "step.finished"), (4, "step.finished"), (5, "run.finished"),
        ]  # fmt: skip

    async def test_a_run_waits_for_an_approval(self, bench: Any) -> None:
        started = await bench.start(WAITS)
        for _ in range(100):
            if (await bench.stored(started.execution_id)).status == "waiting":
                break
            await asyncio.sleep(0.05)
        assert (await bench.stored(started.execution_id)).status == "waiting"
        refused = await bench.house.engine.send(bench.workspace_id, started.execution_id, Approve(step="nothing"))
        assert not refused.accepted
        assert refused.waiting == ("approval",)
        taken = await bench.house.engine.send(
            bench.workspace_id, started.execution_id, Approve(step="approval", by="Eve")
        )
        assert taken.accepted
        result = await bench.finish(started)
        assert result.output == {"decision": "approved"}


class TestExpress:
    async def test_an_express_run_is_one_row(self, bench: Any) -> None:
        document = {"name": "fast", "mode": "express", "primitives": PURE}
        started = await bench.start(document, payload={"customer": {"name": "Ann"}, "total": 11})
        result = await bench.finish(started)
        assert result.status == "succeeded", result
        stored = await bench.stored(started.execution_id)
        assert (stored.mode, stored.status) == ("express", "succeeded")
        assert len(await bench.events(started.execution_id)) == 5

    async def test_an_express_run_that_waits_goes_on_durably(self, bench: Any) -> None:
        document = {"name": "fast", "mode": "express", "primitives": [*PURE, *WAITS]}
        started = await bench.start(document, payload={"customer": {"name": "Ann"}, "total": 11})
        for _ in range(100):
            if (await bench.stored(started.execution_id)).status == "waiting":
                break
            await asyncio.sleep(0.05)
        taken = await bench.house.engine.send(bench.workspace_id, started.execution_id, Approve(step="approval"))
        assert taken.accepted
        result = await bench.finish(started)
        assert result.output == {"decision": "approved"}
        numbers = [one["n"] for one in await bench.events(started.execution_id)]
        assert numbers == list(range(1, len(numbers) + 1))
