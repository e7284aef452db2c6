"""Runs a draft on the simulated runtime with made-up inputs: nothing outside is touched, time is skipped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from flov7.engine.interpreter.prepare import prepare
from flov7.engine.messages import Answer, Approve, Callback
from flov7.engine.runtimes.simulated import Script, Simulation, simulate
from flov7.generation.madeup import made_up
from flov7.kit.errors import FlowError
from flov7.language.catalogue import Catalogue
from flov7.language.plan import Plan
from flov7.primitives.registry import Registry

_MOST = 25
"""Waits that are answered; each costs a simulation, because when it is asked is known only by then."""
_ELSEWHERE = ("workflow.unknown", "workflow.missing", "child.unknown")
"""Errors that say that another workflow is not at hand here: that is no fault of the draft."""
_MESSAGES = {"approval": Approve, "answer": Answer, "callback": Callback}


class DryRun(BaseModel):
    """What a dry run showed. `skipped` says why there was none."""

    model_config = ConfigDict(frozen=True)
    passed: bool
    status: str = Field(description="How the run ended: `succeeded`, `failed`, …; `skipped` where it was not run.")
    steps: tuple[str, ...] = Field(default=(), description="The steps that ran, in the sequence of their ends.")
    problem: str = Field(default="", description="What went wrong, in plain words.")


def dry_run(
    plan: Plan, document: Mapping[str, Any], *, catalogue: Catalogue, kinds: Registry, payload: Any = None
) -> DryRun:
    """One simulated run with made-up inputs, or with `payload`; every approval is given. It never raises."""
    values = made_up(document, catalogue)
    if payload is not None:
        values.payload = payload
    try:
        prepared = prepare(plan, kinds)
    except FlowError as problem:
        return DryRun(passed=False, status="skipped", problem=problem.message)
    answers: list[tuple[float, Any]] = []
    try:
        while True:
            script = Script(samples=values.samples, messages=_as_delays(answers))
            simulation = simulate(prepared, kinds, payload=values.payload, script=script)
            asked = _unanswered(simulation, answers)
            if asked is None or len(answers) >= _MOST:
                return _shown(simulation)
            answers.append(asked)
    except FlowError as problem:
        return DryRun(passed=False, status="failed", problem=problem.message)


def _shown(simulation: Simulation) -> DryRun:
    steps = tuple(
        dict.fromkeys(event.step for event in simulation.events if event.type == "step.finished" and event.step)
    )
    if simulation.result is None:
        waits = ", ".join(simulation.stuck)
        return DryRun(passed=False, status="waiting", steps=steps, problem=f"It waits for ever at {waits}.")
    status = simulation.result.status.value
    error = simulation.result.error
    passed = status in ("succeeded", "unmet")
    if error is not None and error.code in _ELSEWHERE:
        return DryRun(passed=False, status="skipped", steps=steps, problem=f"{error.primitive}: {error.message}")
    problem = "" if passed else f"{error.primitive}: {error.message}" if error else f"It ended {status}."
    return DryRun(passed=passed, status=status, steps=steps, problem=problem)


def _unanswered(simulation: Simulation, answers: list[tuple[float, Any]]) -> tuple[float, Any] | None:
    begins = datetime.fromisoformat(simulation.events[0].at)
    known = {message.step for _, message in answers}
    for event in simulation.events:
        key = f"{event.path}{event.step}"
        wanted = _MESSAGES.get(str(event.data.get("for")))
        if event.type == "step.waiting" and wanted is not None and key not in known:
            return (datetime.fromisoformat(event.at) - begins).total_seconds() + 1.0, wanted(step=key, by="the dry run")
    return None


def _as_delays(answers: list[tuple[float, Any]]) -> list[tuple[float, Any]]:
    ordered = sorted(answers, key=lambda one: one[0])
    before = [0.0, *(at for at, _ in ordered)]
    return [(max(0.0, at - earlier), message) for earlier, (at, message) in zip(before, ordered, strict=False)]
