"""The interpreter's port on Temporal: short calls are local activities, long ones activities."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ChildWorkflowError, TemporalError
from temporalio.workflow import ParentClosePolicy

from flov7.engine.events import RunEvent
from flov7.engine.interpreter.prepare import PlanShelf
from flov7.engine.runtime import CallRequest, CallResult, ChildRequest, child_failed
from flov7.engine.runtimes.temporal.jobs import ChunkJob, PlanRef, PureJob, RunFacts, RunJob, workflow_id
from flov7.engine.sink import EventSink
from flov7.engine.values import ErrorInfo, RunInput, RunResult
from flov7.language.catalogue import Queue
from flov7.store.executions import Execution

ONCE = RetryPolicy(maximum_attempts=1)
ALWAYS = RetryPolicy(initial_interval=timedelta(seconds=0.2), maximum_interval=timedelta(seconds=30))
HEARTBEAT = timedelta(seconds=10)
"""A worker that was not heard of for so long is lost, and its call is tried again under the ledger."""
LOST_LIMIT = 50


class Desk:
    """Calls that are made in the process of their workflow: they lie here, and only their name is handed over.

    A local activity's input is in no history, so nothing is lost by it: a process that dies takes the calls with it,
    and the one that replays the run lays them down again.
    """

    def __init__(self) -> None:
        self._calls: dict[str, CallRequest] = {}

    def put(self, request: CallRequest) -> str:
        """Lay it down; its name."""
        name = f"{request.execution_id}/{request.key}/{request.attempt}"
        self._calls[name] = request
        return name

    def take(self, name: str) -> CallRequest | None:
        """The call, once; None where its workflow has left this process."""
        return self._calls.pop(name, None)


DESK = Desk()
"""This process's own."""


@dataclass(frozen=True, slots=True)
class Process:
    """What one worker process gives to all runs in it."""

    shelf: PlanShelf
    sink: EventSink
    task_queue: str


class TemporalRuntime:
    """Everything impure of one run."""

    def __init__(self, job: RunJob, plan: PlanRef, process: Process) -> None:
        self._job = job
        self._plan = plan
        self._process = process
        start, facts = job.start, job.facts
        process.sink.open(
            Execution(
                id=start.execution_id,
                workspace_id=start.workspace_id,
                workflow_id=start.workflow_id or "",
                workflow_version=facts.workflow_version,
                plan_digest=facts.plan_digest or plan.digest,
                mode=facts.mode,
                status="paused" if start.state is not None and start.state.paused else "running",
                trigger=start.trigger,
                event_id=start.event_id or start.execution_id,
                created_at=datetime.fromisoformat(start.at),
                started_at=workflow.now(),
                rerun_of=facts.rerun_of,
                parent_id=facts.parent_id,
                input=start.payload,
            )
        )

    async def call(self, request: CallRequest) -> CallResult:
        """One attempt; a lost worker is no attempt of ours, the ledger decides what it left."""
        for _ in range(LOST_LIMIT):
            try:
                return await self._call(request)
            except ActivityError as error:
                if isinstance(error.cause, asyncio.CancelledError) or _is_cancelled(error):
                    raise asyncio.CancelledError from error
                workflow.logger.warning("a call was lost", extra={"step": request.key, "cause": str(error.cause)})
        error = ErrorInfo(primitive=request.step, code="step.lost", message="No worker could finish the call.")
        return CallResult(status="failed", error=error)

    async def _call(self, request: CallRequest) -> CallResult:
        limit = timedelta(seconds=request.timeout + 2)
        if request.queue is Queue.LOCAL:
            name = DESK.put(request)
            try:
                return await workflow.execute_local_activity(
                    "flov7.call", name, result_type=CallResult, start_to_close_timeout=limit, retry_policy=ONCE
                )
            finally:
                DESK.take(name)
        return await workflow.execute_activity(
            "flov7.call",
            request,
            result_type=CallResult,
            task_queue=queue_name(self._process.task_queue, request.queue),
            start_to_close_timeout=limit + timedelta(seconds=8),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=ONCE,
            summary=request.key,
        )

    async def child(self, request: ChildRequest) -> CallResult:
        """Another run, under an id made of ours."""
        assert request.child.plan is not None
        child_id = f"{request.execution_id}.{request.key.replace('/', '.')}"
        start = RunInput(
            execution_id=workflow_id(request.workspace_id, child_id),
            workspace_id=request.workspace_id,
            workflow_id=request.child.workflow_id,
            trigger="",
            payload=request.payload,
            at=workflow.now().isoformat(),
            seed=f"{self._job.start.seed}:{request.key}",
        )
        facts = RunFacts(
            workflow_version=request.child.version or 0,
            plan_digest=request.child.plan,
            parent_id=request.execution_id,
        )
        plan = PlanRef(workspace_id=request.workspace_id, digest=request.child.plan)
        if not request.child.wait:
            await workflow.start_child_workflow(
                "flov7.run",
                args=[RunJob(start=start, facts=facts), plan],
                id=workflow_id(request.workspace_id, child_id),
                parent_close_policy=ParentClosePolicy.ABANDON,
            )
            return CallResult(status="done", output={"execution_id": child_id})
        try:
            result: RunResult = await workflow.execute_child_workflow(
                "flov7.run",
                args=[RunJob(start=start, facts=facts), plan],
                id=workflow_id(request.workspace_id, child_id),
                result_type=RunResult,
                parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
            )
        except ChildWorkflowError as error:
            return CallResult(status="failed", error=child_failed(request, str(error.cause or error)))
        if result.status != "succeeded":
            told = result.error.message if result.error else f"It ended {result.status.value}."
            return CallResult(status="failed", error=child_failed(request, told))
        return CallResult(status="done", output=result.output)

    async def sleep(self, seconds: float) -> None:
        """A durable timer."""
        if seconds > 0:
            await workflow.sleep(seconds)

    def may_wait(self) -> bool:
        """Waiting is what Temporal is for."""
        return True

    async def about_to_wait(self) -> None:
        """Write the events now: a worker that dies after this has nothing left to tell."""
        await workflow.execute_local_activity(
            "flov7.save",
            self._job.start.execution_id,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=ALWAYS,
        )

    async def breathe(self) -> None:
        """End the activation: the worker computes on with a new two seconds."""
        await workflow.execute_local_activity(
            "flov7.breathe", start_to_close_timeout=timedelta(seconds=10), retry_policy=ALWAYS
        )

    async def pure(self, step: str, key: str, scope: dict[str, Any]) -> CallResult | None:
        """Large pure work runs as an activity."""
        job = PureJob(
            plan=self._plan, step=step, key=key, now=workflow.now().isoformat(), seed=self._job.start.seed, scope=scope
        )
        return await workflow.execute_activity(
            "flov7.pure",
            job,
            result_type=CallResult,
            task_queue=queue_name(self._process.task_queue, Queue.ACTIONS),
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=RetryPolicy(maximum_attempts=5),
        )

    def now(self) -> datetime:
        """Temporal's time, which repeats on a replay."""
        return workflow.now()

    def emit(self, event: RunEvent) -> None:
        """Into the process's sink."""
        replayed = workflow.unsafe.is_replaying()
        self._process.sink.emit(self._job.start.execution_id, event, replayed=replayed)

    def wants_fresh_start(self) -> bool:
        """When the server says that the history has grown long."""
        return workflow.info().is_continue_as_new_suggested()

    async def keep_chunk(self, key: str, number: int, values: list[Any]) -> str | None:
        """Keep results of a loop in the blob store, once."""
        job = ChunkJob(workspace_id=self._job.start.workspace_id, values=values)
        return await workflow.execute_local_activity(
            "flov7.keep_chunk",
            job,
            result_type=str,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=ALWAYS,
        )

    async def load_chunks(self, references: list[str]) -> list[Any]:
        """The kept results, joined."""
        return await workflow.execute_local_activity(
            "flov7.load_chunks",
            args=[self._job.start.workspace_id, references],
            result_type=list,
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=ALWAYS,
        )


def queue_name(prefix: str, queue: Queue) -> str:
    """The task queue of a sort of calls."""
    return prefix if queue is Queue.LOCAL else f"{prefix}-{queue.value}"


def _is_cancelled(error: TemporalError) -> bool:
    from temporalio.exceptions import is_cancelled_exception

    return is_cancelled_exception(error)
