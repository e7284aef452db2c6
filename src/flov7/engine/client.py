"""The engine's face: start runs, talk to them, wait for them. What it accepts is committed before it answers."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import datetime, timedelta
from typing import Any

from flov7.engine.backlog import LEASES
from flov7.engine.events import RunStatus
from flov7.engine.express import ExpressHouse
from flov7.engine.link import TemporalLink
from flov7.engine.messages import Message, Reply
from flov7.engine.plans import StoredPlans
from flov7.engine.rerun import Rerunner
from flov7.engine.runtimes.express import Handover, utc_now
from flov7.engine.runtimes.temporal.jobs import PlanRef, RunFacts, RunJob
from flov7.engine.schedules import Schedules
from flov7.engine.settings import EngineSettings
from flov7.engine.start import Rerun, Started, StartRequest
from flov7.engine.values import ErrorInfo, RunInput, RunResult, RunState, Unmet
from flov7.kit.errors import Conflict, FlowError, NotFound, Unavailable
from flov7.kit.ids import new_id
from flov7.language.plan import Plan
from flov7.store import executions, workflows
from flov7.store.database import Database
from flov7.store.executions import Execution
from flov7.store.journal import Arrival, Entry

DISPATCH_EVERY = 1.0
"""Seconds between two looks for runs whose lease ended."""


class Engine:
    """One per process. `run_forever` claims what nobody works on; without it nothing accepted is lost, only later."""

    def __init__(
        self,
        *,
        database: Database,
        plans: StoredPlans,
        link: TemporalLink,
        express: ExpressHouse,
        settings: EngineSettings,
    ) -> None:
        self._database = database
        self._plans = plans
        self._link = link
        self._express = express
        self._settings = settings
        self._rerunner = Rerunner(database, plans)
        self._schedules = Schedules(link, settings)
        self._owner = new_id()

    # starting

    async def start(self, request: StartRequest) -> Started:
        """Journal the event, then start its run. Without Temporal the run is accepted and started later."""
        return await self._start(request, execution_id=new_id(), state=None, facts={})

    async def _start(
        self, request: StartRequest, *, execution_id: str, state: RunState | None, facts: dict[str, Any]
    ) -> Started:
        clock, seed = utc_now(), random.getrandbits(62)
        later = request.mode == "express" and self._express.full
        lease = self._settings.lease_seconds * (LEASES if later else 1)
        event_id = request.event_id or execution_id
        accepted = await self._database.journal.accept(
            Arrival(
                execution_id=execution_id,
                workspace_id=request.workspace_id,
                workflow_id=request.workflow_id,
                workflow_version=request.version,
                plan_digest=request.plan_digest,
                mode=request.mode,
                trigger=request.trigger,
                event_id=event_id,
                payload=_event(request, state, facts),
                clock=clock,
                seed=seed,
                lease_owner=self._owner,
                lease_until=clock + timedelta(seconds=lease),
            )
        )
        if not accepted.created:
            return Started(execution_id=accepted.execution_id, created=False, status=accepted.state)
        if later:
            self._express.keep(execution_id, begin=self._begin_entry)
            return Started(execution_id=execution_id, created=True, status=RunStatus.RUNNING)
        begin = _run_input(request, execution_id, event_id, clock, seed, state)
        plan = PlanRef(workspace_id=request.workspace_id, digest=request.plan_digest)
        whole = RunFacts(workflow_version=request.version, plan_digest=request.plan_digest, mode=request.mode, **facts)
        if request.mode == "express":
            prepared = await self._plans.get(plan)
            self._express.begin(prepared, begin, whole, epoch=1, hand_over=self._hand_over)
            return Started(execution_id=execution_id, created=True, status=RunStatus.RUNNING)
        started = await self._start_durable(RunJob(start=begin, facts=whole), plan)
        return Started(execution_id=execution_id, created=True, status="running" if started else "accepted")

    async def _begin_entry(self, entry: Entry) -> None:
        """An express run that waited behind the line. Raises FlowError where its plan cannot be read."""
        job, plan = self._of_entry(entry, None)
        prepared = await self._plans.get(plan)
        self._express.begin(prepared, job.start, job.facts, epoch=entry.epoch, hand_over=self._hand_over)

    async def _start_durable(self, job: RunJob, plan: PlanRef) -> bool:
        """Whether Temporal has it; where not, the journal's lease runs out and somebody tries again."""
        try:
            await self._link.start_run(job, plan)
        except Unavailable:
            return False
        return True

    async def _hand_over(self, entry: Entry, handed: Handover) -> None:
        """Give a run to Temporal under its id, with what is known of it."""
        if handed.events:
            await self._database.events.append(
                entry.execution_id, workspace_id=entry.workspace_id, events=handed.events
            )
        job, plan = self._of_entry(entry, handed.state)
        if await self._start_durable(job, plan):
            await self._database.journal.start(entry.execution_id)

    def _of_entry(self, entry: Entry, state: RunState | None) -> tuple[RunJob, PlanRef]:
        event = entry.payload
        kept = event.get("state")
        known = state or (None if kept is None else RunState.model_validate(kept))
        begin = RunInput(
            execution_id=entry.execution_id,
            workspace_id=entry.workspace_id,
            workflow_id=entry.workflow_id,
            trigger=entry.trigger,
            payload=event.get("payload"),
            headers=event.get("headers", {}),
            query=event.get("query", {}),
            params=event.get("params", {}),
            event_id=entry.event_id,
            at=entry.clock.isoformat(),
            seed=str(entry.seed),
            state=known,
        )
        facts = RunFacts(
            workflow_version=entry.workflow_version,
            plan_digest=entry.plan_digest,
            mode=entry.mode,
            **event.get("facts", {}),
        )
        return RunJob(start=begin, facts=facts), PlanRef(workspace_id=entry.workspace_id, digest=entry.plan_digest)

    # what nobody works on

    async def run_forever(self) -> None:
        """Claim runs whose holder died or whose start failed, until cancelled."""
        while True:
            with contextlib.suppress(FlowError):
                await self.claim()
            await asyncio.sleep(DISPATCH_EVERY)

    async def claim(self) -> int:
        """Take over what nobody works on; how many."""
        now = utc_now()
        until = now + timedelta(seconds=self._settings.lease_seconds)
        entries = await self._database.journal.claim_expired(self._owner, now=now, until=until)
        await asyncio.gather(*(self._take_over(entry) for entry in entries))
        return len(entries)

    async def _take_over(self, entry: Entry) -> None:
        with contextlib.suppress(FlowError):
            if entry.mode == "express":
                entry = await self._database.journal.hand_over(
                    entry.execution_id, epoch=entry.epoch, seconds=self._settings.lease_seconds
                )
            outputs = entry.outputs or {}
            kept = outputs.get("state")
            state = None if kept is None else RunState.model_validate(kept)
            await self._hand_over(entry, Handover(state, outputs.get("events", [])))

    # talking and waiting

    async def send(self, workspace_id: str, execution_id: str, message: Message) -> Reply:
        """Say something to a run. NotFound, Conflict where it has ended, Unavailable without Temporal."""
        await self._express.bring(execution_id, begin=self._begin_entry)
        here = self._express.deliver(execution_id, message)
        if here is not None:
            return here
        execution = await self._get(workspace_id, execution_id)
        if execution.finished_at is not None:
            raise Conflict(
                f"The run has ended: {execution.status}.",
                hint="Look at it, or re-run it from a step.",
                code="run.ended",
            )
        return await self._link.send(workspace_id, execution_id, message)

    async def wait(self, started: Started, *, workspace_id: str, seconds: float) -> RunResult | None:
        """The result, or None where it takes longer."""
        here = self._express.task(started.execution_id)
        if here is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    result = await asyncio.shield(here)
                    if result is not None:
                        return result
        return await self._poll(workspace_id, started.execution_id, seconds)

    async def _poll(self, workspace_id: str, execution_id: str, seconds: float) -> RunResult | None:
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + seconds, 0.02
        while True:
            execution = await self._get(workspace_id, execution_id)
            if execution.finished_at is not None:
                return result_of(execution)
            if loop.time() + pause > until:
                return None
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    async def _get(self, workspace_id: str, execution_id: str) -> Execution:
        async with self._database.workspace(workspace_id) as scope:
            found = await executions.get(scope, execution_id)
        if found is None:
            raise NotFound("There is no such run.", hint="List them with GET /api/v1/executions.")
        return found

    # again

    async def rerun(
        self, workspace_id: str, execution_id: str, *, step: str, edits: dict[str, Any], agreed: bool, actor: str = ""
    ) -> Rerun:
        """A new run that takes what stands above `step` from this one. Asks first where effects may be done again."""
        execution = await self._get(workspace_id, execution_id)
        again = await self._rerunner.prepare(execution, step=step, edits=edits, agreed=agreed)
        asked = tuple(dict.fromkeys((*again.uncertain, *(again.recorded if edits else ()))))
        if asked and not agreed:
            return Rerun(effects_again=asked)
        request = StartRequest(
            workspace_id=workspace_id,
            workflow_id=execution.workflow_id,
            version=execution.workflow_version,
            plan_digest=execution.plan_digest,
            trigger=execution.trigger,
            actor=actor,
            **again.event,
        )
        facts = {"rerun_of": execution_id}
        started = await self._start(request, execution_id=new_id(), state=again.state, facts=facts)
        return Rerun(started=started, effects_again=tuple(dict.fromkeys((*again.uncertain, *again.recorded))))

    # schedules

    async def activate(
        self, workspace_id: str, *, workflow_id: str, version: int, plan: Plan, plan_digest: str
    ) -> None:
        """Make a version's schedules run; those of other versions end.

        Whoever activates keeps the plan and notes it in the workflow's settings (`active_plan`) with its status:
        until then a schedule that fires finds no active workflow and starts nothing.
        """
        await self._schedules.replace(workspace_id, workflow_id=workflow_id, plan=plan)

    async def deactivate(self, workspace_id: str, *, workflow_id: str) -> None:
        """End a workflow's schedules."""
        known = await self._schedule_names(workspace_id, workflow_id)
        await self._schedules.clear(workspace_id, workflow_id=workflow_id, known=known)

    async def schedules(self, workspace_id: str, *, workflow_id: str) -> list[dict[str, Any]]:
        """A workflow's schedules: next runs, whether paused, what ran last."""
        known = await self._schedule_names(workspace_id, workflow_id)
        return await self._schedules.describe(workspace_id, workflow_id=workflow_id, known=known)

    async def _schedule_names(self, workspace_id: str, workflow_id: str) -> set[str]:
        """The schedule triggers of the plan that is active, if one is."""
        async with self._database.workspace(workspace_id) as scope:
            digest = (await workflows.get(scope, workflow_id)).settings.get("active_plan")
        if digest is None:
            return set()
        plan = (await self._plans.get(PlanRef(workspace_id=workspace_id, digest=digest))).plan
        return {one.name for part in plan.parts for one in part.triggers if one.kind == "schedule"}

    async def pause_schedule(self, workspace_id: str, *, workflow_id: str, trigger: str, note: str = "") -> None:
        """Let a schedule start nothing until resumed."""
        await self._schedules.pause(workspace_id, workflow_id=workflow_id, trigger=trigger, note=note)

    async def resume_schedule(self, workspace_id: str, *, workflow_id: str, trigger: str) -> None:
        """Let a schedule go on."""
        await self._schedules.resume(workspace_id, workflow_id=workflow_id, trigger=trigger)

    async def health(self) -> dict[str, dict[str, Any]]:
        """What the engine needs, each with `ok` and `detail`."""
        return {"temporal": await self._link.health(), "express": self._express.health()}


def _event(request: StartRequest, state: RunState | None, facts: dict[str, Any]) -> dict[str, Any]:
    """What the journal keeps of an event: enough to start it later, in another process."""
    event: dict[str, Any] = {"payload": request.payload}
    for name in ("headers", "query", "params"):
        if getattr(request, name):
            event[name] = getattr(request, name)
    if state is not None:
        event["state"] = state.model_dump(mode="json")
    if facts:
        event["facts"] = facts
    return event


def _run_input(
    request: StartRequest, execution_id: str, event_id: str, clock: datetime, seed: int, state: RunState | None
) -> RunInput:
    return RunInput(
        execution_id=execution_id,
        workspace_id=request.workspace_id,
        workflow_id=request.workflow_id,
        trigger=request.trigger,
        payload=request.payload,
        headers=request.headers,
        query=request.query,
        params=request.params,
        event_id=event_id,
        at=clock.isoformat(),
        seed=str(seed),
        state=state,
    )


def result_of(execution: Execution) -> RunResult:
    """A stored run's end as a result."""
    return RunResult(
        status=RunStatus(execution.status),
        output=execution.output,
        error=None if execution.error is None else ErrorInfo.model_validate(execution.error),
        unmet=tuple(Unmet.model_validate(one) for one in execution.unmet or ()),
        handled=tuple(ErrorInfo.model_validate(one) for one in execution.handled or ()),
    )
