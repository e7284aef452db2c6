"""What somebody would write by hand on Temporal: the other side of the durable benchmarks.

Same client, codec, slots, unsandboxed runner and eager start as ours.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

from flov7.engine.ledger import effect_key
from flov7.engine.runtime import CallRequest
from flov7.language.effects import Effect
from flov7.store.database import Database
from flov7.store.effects import Reserve

LIMIT = timedelta(seconds=5)
ONCE = RetryPolicy(maximum_attempts=3)


class Hand:
    """Activities by hand."""

    database: ClassVar[Database]

    @staticmethod
    @activity.defn(name="hand.read")
    async def read(n: int) -> dict[str, int]:
        """Looks at nothing."""
        return {"status": 200}

    @staticmethod
    @activity.defn(name="hand.write")
    async def write(run: str, workspace_id: str, n: int) -> dict[str, int]:
        """One commit before, one after, as an author would who wants to be sure."""
        request = CallRequest(
            execution_id=run, workspace_id=workspace_id, step=f"s{n}", key=f"s{n}", type="action", kind="hand",
            inputs={}, effect=Effect.WRITE, timeout=5,
        )  # fmt: skip
        key = effect_key(request)
        await Hand.database.effects.reserve(
            Reserve(key=key, workspace_id=workspace_id, effect="write", idempotency_key=run, input_digest="")
        )
        await Hand.database.effects.record(key, workspace_id=workspace_id, output={"status": 200})
        return {"status": 200}

    @staticmethod
    @activity.defn(name="hand.store")
    async def store(run: str, result: dict[str, Any]) -> None:
        """Stores one row."""
        await Hand.database.pool.execute(
            "INSERT INTO bench_rows (id, result) VALUES ($1, $2::text::jsonb) ON CONFLICT DO NOTHING",
            run,
            str(result).replace("'", '"'),
        )


@workflow.defn(name="hand.reads", sandboxed=False)
class HandReads:
    """Ten local activities, one after another."""

    @workflow.run
    async def run(self, payload: dict[str, Any]) -> int:
        """How many."""
        for n in range(10):
            await workflow.execute_local_activity("hand.read", n, start_to_close_timeout=LIMIT, retry_policy=ONCE)
        return 10


@workflow.defn(name="hand.writes", sandboxed=False)
class HandWrites:
    """Ten writes with two commits each."""

    @workflow.run
    async def run(self, payload: dict[str, Any]) -> int:
        """How many."""
        for n in range(10):
            await workflow.execute_local_activity(
                "hand.write",
                args=[payload["run"], payload["workspace_id"], n],
                start_to_close_timeout=LIMIT,
                retry_policy=ONCE,
            )
        return 10


@workflow.defn(name="hand.pure", sandboxed=False)
class HandPure:
    """Ten pure steps in plain Python, and one row stored."""

    @workflow.run
    async def run(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The result."""
        total = payload["total"]
        found: dict[str, Any] = {"total": total}
        for n in range(10):
            found[f"v{n}"] = total * 2 + n if total > n else total
        await workflow.execute_local_activity(
            "hand.store", args=[payload["run"], found], start_to_close_timeout=LIMIT, retry_policy=ONCE
        )
        return found


@workflow.defn(name="hand.empty", sandboxed=False)
class HandEmpty:
    """Nothing at all."""

    @workflow.run
    async def run(self, payload: dict[str, Any]) -> int:
        """Nothing."""
        return 0


WORKFLOWS = [HandReads, HandWrites, HandPure, HandEmpty]
ACTIVITIES = [Hand.read, Hand.write, Hand.store]
