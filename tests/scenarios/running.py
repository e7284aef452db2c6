"""Runs a scenario in one runtime and says what came of it, in words that are the same for all three."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from flov7.engine.interpreter.prepare import prepare
from flov7.engine.messages import Callback, Message
from flov7.engine.runtimes.simulated import Script, simulate
from flov7.engine.start import StartRequest
from flov7.engine.values import RunResult
from flov7.language.front import check_value
from flov7.language.library import KnownWorkflow, Library
from flov7.language.plan import Plan
from flov7.primitives.registry import registry
from flov7.store import events as stored_events
from flov7.store import plans, workflows
from flov7.wiring import House
from tests.scenarios.build import Scenario
from tests.scenarios.recorder import Recorder

_ENDS = {
    "step.finished": "finished",
    "step.reused": "finished",
    "step.skipped": "skipped",
    "step.failed": "failed",
    "step.passed_over": "passed",
}


@dataclass
class Came:
    """What came of a scenario."""

    result: RunResult
    steps: dict[str, str]
    calls: list[str]
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def plan_of(scenario: Scenario, *, mode: str, children: dict[str, KnownWorkflow]) -> Plan:
    """The scenario's plan."""
    document = scenario.document
    whole = dict(document) if isinstance(document, dict) else {"name": "scenario", "primitives": document}
    library = Library(workflows=children)
    checked = check_value({**whole, "mode": mode}, registry().catalogue(), library=library, strict=True)
    assert checked.plan is not None, [one.model_dump() for one in checked.diagnostics if one.severity == "error"]
    return checked.plan


def steps_of(events: list[dict[str, Any]]) -> dict[str, str]:
    """How each primitive ended, by key."""
    found: dict[str, str] = {}
    for event in events:
        if event["type"] in _ENDS:
            found[event["path"] + event["step"]] = _ENDS[event["type"]]
            if event["type"] == "step.finished" and event["data"].get("said_no"):
                found[event["path"] + event["step"]] = "said no"
    return found


def in_simulation(scenario: Scenario, *, fresh_every: int = 0) -> Came:
    """Runs it in simulated time."""
    recorder = Recorder()
    recorder.answers["simulated"] = deepcopy(scenario.answers)
    inner = {
        name: plan_of(Scenario(name=name, document=one), mode="durable", children={})
        for name, one in scenario.children.items()
    }
    known = {
        name: KnownWorkflow(name=name, workflow_id=name, version=1, plan=plan.digest) for name, plan in inner.items()
    }
    plan = plan_of(scenario, mode="durable", children=known)
    script = Script(
        outside=recorder,
        messages=[(1.0, message) for message in scenario.messages],
        children=inner,
        fresh_every=fresh_every,
    )
    simulation = simulate(prepare(plan, registry()), registry(), payload=scenario.payload, script=script)
    assert simulation.result is not None, f"stuck at {simulation.stuck}"
    assert all(reply.accepted for reply in simulation.replies), simulation.replies
    events = [event.as_json() for event in simulation.events]
    return Came(simulation.result, steps_of(events), recorder.log.get("simulated", []), events)


async def on_house(scenario: Scenario, house: House, recorder: Recorder, workspace_id: str, *, mode: str) -> Came:
    """Runs it on the real servers."""
    recorder.answers[workspace_id] = deepcopy(scenario.answers)
    children: dict[str, KnownWorkflow] = {}
    for name, document in scenario.children.items():
        inner = plan_of(Scenario(name=name, document=document), mode="durable", children={})
        workflow_id, digest = await _keep(house, workspace_id, name, inner)
        children[name] = KnownWorkflow(name=name, workflow_id=workflow_id, version=1, plan=digest)
    plan = plan_of(scenario, mode=mode, children=children)
    workflow_id, digest = await _keep(house, workspace_id, "scenario", plan)
    started = await house.engine.start(
        StartRequest(
            workspace_id=workspace_id,
            workflow_id=workflow_id,
            version=1,
            plan_digest=digest,
            mode=plan.mode,
            trigger=plan.parts[0].triggers[0].name,
            payload=scenario.payload,
        )
    )
    for message in scenario.messages:
        await _say(house, workspace_id, started.execution_id, message)
    result = await house.engine.wait(started, workspace_id=workspace_id, seconds=30)
    assert result is not None, "the run did not end in time"
    async with house.database.workspace(workspace_id) as scope:
        events = await stored_events.read(scope, started.execution_id)
    numbers = [event["n"] for event in events]
    assert numbers == list(range(1, len(numbers) + 1)), "events are missing or doubled"
    return Came(result, steps_of(events), recorder.log.get(started.execution_id, []), events)


async def _keep(house: House, workspace_id: str, name: str, plan: Plan) -> tuple[str, str]:
    async with house.database.workspace(workspace_id) as scope:
        workflow = await workflows.create(scope, name=name, document={"name": name}, owner="test")
        return workflow.id, await plans.put(scope, plan.to_bytes())


async def _say(house: House, workspace_id: str, execution_id: str, message: Message) -> None:
    """Says it as soon as the run takes it."""
    for _ in range(200):
        await asyncio.sleep(0.05)
        try:
            reply = await house.engine.send(workspace_id, execution_id, message)
        except Exception as error:
            if isinstance(message, Callback) or "not with Temporal" in str(error):
                continue
            raise
        if reply.accepted:
            return
    raise AssertionError(f"nobody took {message}")
