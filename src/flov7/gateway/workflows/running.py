"""Running a workflow by an API call or by hand."""

from __future__ import annotations

import math
from typing import Any

from flov7.engine.events import RunStatus
from flov7.engine.intake import Event, Intake, chosen
from flov7.engine.start import Started, StartRequest
from flov7.engine.values import RunResult
from flov7.gateway.context import API, current
from flov7.gateway.parts import Gateway
from flov7.gateway.security import Caller
from flov7.gateway.workflows.access import find
from flov7.gateway.workflows.compiling import Compiler
from flov7.gateway.workflows.schemas import RunIn, RunOut
from flov7.kit import durations
from flov7.kit.errors import Conflict
from flov7.language.plan import Plan, TriggerNode
from flov7.store import executions, versions
from flov7.store.workflows import Workflow

DEFAULT_WAIT = "30s"


async def run(caller: Caller, reference: str, wanted: RunIn, *, event_id: str | None) -> tuple[int, RunOut]:
    """Status and body of the answer: 202 with the run's address, or 200 with its result."""
    workflow, number, plan, digest = await _prepared(caller, reference, wanted.version)
    trigger = chosen(plan, wanted.trigger)
    intake = Intake(plan, trigger)
    event = Event(payload=wanted.input, id=event_id)
    intake.check(wanted.input)
    if not intake.wants(event):
        caller.gateway.turned_away.count(caller.workspace_id, workflow.id, trigger=trigger.name, reason="when")
        reason = f"`when` of the trigger `{trigger.name}` did not let this event in."
        return 200, RunOut(execution_id=None, created=False, status="turned_away", address=None, reason=reason)
    started = await caller.gateway.engine.start(
        StartRequest(
            workspace_id=caller.workspace_id,
            workflow_id=workflow.id,
            version=number,
            plan_digest=digest,
            mode=wanted.mode or plan.mode,
            trigger=trigger.name,
            payload=wanted.input,
            event_id=event_id or intake.event_id(event),
            actor=caller.who,
        )
    )
    started = await present(caller.gateway, caller.workspace_id, started)
    current().execution_id = started.execution_id
    seconds = _patience(caller.gateway, wanted.wait, trigger)
    result = None
    if seconds > 0:
        result = await caller.gateway.engine.wait(started, workspace_id=caller.workspace_id, seconds=seconds)
    return (202 if result is None else 200), told(started, result)


async def present(gateway: Gateway, workspace_id: str, started: Started) -> Started:
    """Of a run that an earlier delivery made: with the status that it has now."""
    if started.created:
        return started
    async with gateway.database.workspace(workspace_id) as scope:
        found = await executions.get(scope, started.execution_id)
    return started if found is None else started.model_copy(update={"status": found.status})


def told(started: Started, result: RunResult | None) -> RunOut:
    """What is said of a run."""
    status = started.status if result is None else result.status.value
    return RunOut(
        execution_id=started.execution_id,
        created=started.created,
        status=status,
        address=run_address(started.execution_id),
        output=None if result is None else result.output,
        error=None if result is None or result.error is None else result.error.model_dump(mode="json"),
    )


def run_address(execution_id: str) -> str:
    """Where a run is looked at."""
    return f"{API}/executions/{execution_id}"


def respond_seconds(trigger: TriggerNode, *, longest: float) -> float:
    """How long a trigger's caller waits for the result; 0 where it is answered at once."""
    if trigger.config.get("respond") not in ("result", "step"):
        return 0.0
    wanted: Any = trigger.config.get("respond_timeout", DEFAULT_WAIT)
    return min(float(wanted) if isinstance(wanted, int | float) else durations.seconds(str(wanted)), longest)


def is_good(status: RunStatus) -> bool:
    """Whether a run's caller gets its output."""
    return status in (RunStatus.SUCCEEDED, RunStatus.UNMET)


def _patience(gateway: Gateway, wanted: float | None, trigger: TriggerNode) -> float:
    if wanted is None:
        return respond_seconds(trigger, longest=gateway.settings.longest_wait)
    return min(0.0 if math.isnan(wanted) else wanted, gateway.settings.longest_wait)


async def _prepared(caller: Caller, reference: str, version: int | None) -> tuple[Workflow, int, Plan, str]:
    """The plan to run: what is live is taken as it is, all else is compiled now."""
    async with caller.transaction() as scope:
        workflow = await find(scope, reference)
        if workflow.status == "archived":
            raise Conflict("The workflow is archived.", hint="Restore it first.", code="workflow.archived")
        number = version or workflow.current_version
        live = workflow.settings.get("active_plan")
        if workflow.status == "active" and number == workflow.active_version and isinstance(live, str):
            return workflow, number, await caller.gateway.plan(scope, live), live
        document = (await versions.get(scope, workflow.id, number=number)).document
        compiler = Compiler(scope, caller.gateway)
        plan = await compiler.plan(document)
        digest = await compiler.keep(plan)
    return workflow, number, plan, digest
