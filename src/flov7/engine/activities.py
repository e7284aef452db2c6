"""What the worker does for runs beside calls: records, chunks, large pure work, scheduled starts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from temporalio import activity

from flov7.engine.interpreter.prepare import PlanShelf, PreparedNode
from flov7.engine.interpreter.steps import error_info
from flov7.engine.perform import Performer
from flov7.engine.runtime import CallRequest, CallResult
from flov7.engine.runtimes.temporal.converter import Blobs
from flov7.engine.runtimes.temporal.jobs import ChunkJob, FinishJob, PureJob, ScheduleJob, StartSpec
from flov7.engine.sink import EventSink
from flov7.kit import json
from flov7.kit.errors import FlowError
from flov7.language.expressions import RunClock
from flov7.primitives.declare import Decision
from flov7.store import events as stored_events
from flov7.store.database import Database
from flov7.store.executions import Execution

HEARTBEAT_EVERY = 3.0

Notify = Callable[[Execution], Awaitable[None]]
"""Tells people of a run that failed and that nothing handled. Once per run; never raises."""
AcceptScheduled = Callable[[ScheduleJob, str], Awaitable[StartSpec | None]]


class Activities:
    """All activities of one worker process."""

    def __init__(
        self,
        *,
        database: Database,
        performer: Performer,
        sink: EventSink,
        shelf: PlanShelf,
        blobs: Blobs,
        notify: Notify,
        accept_scheduled: AcceptScheduled,
    ) -> None:
        self._database = database
        self._performer = performer
        self._sink = sink
        self._shelf = shelf
        self._blobs = blobs
        self._notify = notify
        self._accept_scheduled = accept_scheduled

    @activity.defn(name="flov7.call")
    async def call(self, request: CallRequest) -> CallResult:
        """One attempt of one call."""
        if activity.info().is_local:
            return await self._performer.perform(request)
        beat = asyncio.create_task(_beat())
        try:
            return await self._performer.perform(request)
        finally:
            beat.cancel()

    @activity.defn(name="flov7.finish")
    async def finish(self, job: FinishJob) -> None:
        """Write the run's one row: status, output, all events; then tell people where it failed unhandled."""
        result = job.result
        events = self._sink.events_of(job.execution_id)
        if not events or events[0]["n"] != 1:
            events = await self._with_earlier(job, events)
        execution = Execution(
            id=job.execution_id,
            workspace_id=job.workspace_id,
            workflow_id=job.workflow_id,
            workflow_version=job.facts.workflow_version,
            plan_digest=job.facts.plan_digest,
            mode=job.facts.mode,
            status=result.status.value,
            trigger=job.trigger,
            event_id=job.event_id,
            rerun_of=job.facts.rerun_of,
            parent_id=job.facts.parent_id,
            created_at=datetime.fromisoformat(job.at),
            started_at=datetime.fromisoformat(events[0]["at"]) if events else None,
            finished_at=datetime.now(UTC),
            input=job.payload,
            output=result.output,
            error=None if result.error is None else result.error.model_dump(mode="json"),
            unmet=[one.model_dump(mode="json") for one in result.unmet] or None,
            handled=[one.model_dump(mode="json") for one in result.handled] or None,
        )
        await self._database.executions.finish(execution, events=events)
        await self._sink.close_run(job.execution_id)
        if result.status.value in ("failed", "timed_out", "unmet") and job.facts.parent_id is None:
            await self._notify(execution)

    async def _with_earlier(self, job: FinishJob, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Events of earlier generations, or of a process that died, come from the store."""
        async with self._database.as_engine(job.workspace_id) as scope:
            earlier = await stored_events.read(scope, job.execution_id)
        merged = {event["n"]: event for event in (*earlier, *events)}
        return [merged[number] for number in sorted(merged)]

    @activity.defn(name="flov7.save")
    async def save(self, execution_id: str) -> None:
        """Write what is known of a run before it continues afresh."""
        await self._sink.save(execution_id)

    @activity.defn(name="flov7.breathe")
    async def breathe(self) -> None:
        """Nothing: the workflow has had its breath."""

    @activity.defn(name="flov7.keep_chunk")
    async def keep_chunk(self, job: ChunkJob) -> str:
        """Keep a loop's results outside the history."""
        return await self._blobs.put(job.workspace_id, json.dumps(job.values))

    @activity.defn(name="flov7.load_chunks")
    async def load_chunks(self, workspace_id: str, references: list[str]) -> list[Any]:
        """The kept results, joined in order."""
        found: list[Any] = []
        for reference in references:
            found.extend(json.loads(await self._blobs.get(workspace_id, reference)))
        return found

    @activity.defn(name="flov7.pure")
    async def pure(self, job: PureJob) -> CallResult:
        """A pure step over large values."""
        prepared = self._shelf.get(job.plan.digest)
        assert prepared is not None, "the codec fetches plans"
        return await asyncio.to_thread(_pure, prepared.nodes[job.step], job)

    @activity.defn(name="flov7.accept_scheduled")
    async def accept_scheduled(self, job: ScheduleJob, event_id: str) -> StartSpec | None:
        """Journal a scheduled event."""
        return await self._accept_scheduled(job, event_id)

    def all(self) -> list[Callable[..., Any]]:
        """Every activity, for the worker."""
        return [
            self.call,
            self.finish,
            self.save,
            self.breathe,
            self.keep_chunk,
            self.load_chunks,
            self.pure,
            self.accept_scheduled,
        ]


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(HEARTBEAT_EVERY)


def _pure(prepared: PreparedNode, job: PureJob) -> CallResult:
    assert prepared.pure is not None
    try:
        inputs = prepared.render(job.scope, RunClock(job.now, seed=f"{job.seed}:{job.key}"))
        value = prepared.pure(inputs)
    except (FlowError, ValidationError) as problem:
        return CallResult(status="failed", error=error_info(job.step, problem))
    if isinstance(value, Decision):
        value = {"decision": value.output, "side": value.side}
    return CallResult(status="done", output=value)
