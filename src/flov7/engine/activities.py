"""What the worker does for runs beside calls: records, chunks, large pure work, scheduled starts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from flov7.engine.blobs import Blobs
from flov7.engine.interpreter.prepare import PlanShelf, PreparedNode
from flov7.engine.interpreter.steps import error_info
from flov7.engine.perform import Performer
from flov7.engine.runtime import CallRequest, CallResult
from flov7.engine.runtimes.temporal.jobs import ChunkJob, PureJob, ScheduleJob, StartSpec
from flov7.engine.runtimes.temporal.runtime import DESK
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
    async def call(self, request: CallRequest | str) -> CallResult:
        """One attempt of one call; a local one lies on the process's desk, under its name."""
        if isinstance(request, str):
            found = DESK.take(request)
            if found is None:
                raise ApplicationError("the call's workflow has left this process", non_retryable=True)
            return await self._performer.perform(found)
        beat = asyncio.create_task(_beat())
        try:
            return await self._performer.perform(request)
        finally:
            beat.cancel()

    @activity.defn(name="flov7.finish")
    async def finish(self, execution_id: str) -> None:
        """Write the run's one row: status, output, all events; then tell people where it failed unhandled.

        A local activity runs in its workflow's process, so all that is known of the run is in the sink.
        """
        facts = self._sink.facts_of(execution_id)
        if facts is None:
            return  # written already, and the marker of that was lost
        events = self._sink.events_of(execution_id)
        if events[0]["n"] != 1:
            events = await self._with_earlier(facts, events)
        end = events[-1]["data"]
        execution = replace(
            facts,
            status=end["status"],
            started_at=datetime.fromisoformat(events[0]["at"]),
            finished_at=datetime.now(UTC),
            output=end["output"],
            error=end["error"],
            unmet=end["unmet"] or None,
            handled=end["handled"] or None,
        )
        await self._database.executions.finish(execution, events=events)
        await self._sink.close_run(execution_id)
        if execution.status in ("failed", "timed_out", "unmet") and facts.parent_id is None:
            await self._notify(execution)

    async def _with_earlier(self, facts: Execution, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Events of earlier generations come from the store."""
        async with self._database.as_engine(facts.workspace_id) as scope:
            earlier = await stored_events.read(scope, facts.id)
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


class Calls:
    """The one activity of a process that only makes calls: the AI service."""

    def __init__(self, performer: Performer) -> None:
        self._performer = performer

    @activity.defn(name="flov7.call")
    async def call(self, request: CallRequest) -> CallResult:
        """One attempt of one call."""
        beat = asyncio.create_task(_beat())
        try:
            return await self._performer.perform(request)
        finally:
            beat.cancel()


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
