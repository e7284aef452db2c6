"""A run without any server: effects are samples, time is skipped, approvals are decided as the person said."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flov7.engine.interpreter.prepare import prepare
from flov7.engine.messages import Approve
from flov7.engine.runtimes.simulated import Script, Simulation, simulate
from flov7.kit.errors import Invalid
from flov7.language.plan import Plan
from flov7.language.schemas import problems
from flov7.primitives.registry import registry

Decision = Literal["approved", "rejected"]
_MOST = 200
"""Approvals in one simulated run; each costs a simulation, because when it is asked is known only by then."""


def simulated(
    plan: Plan, *, payload: Any, trigger: str | None, samples: dict[str, Any], decide: Decision | None
) -> Simulation:
    """One run. Without `decide` nobody answers an approval. Raises Invalid where the payload is against `inputs`."""
    _check(plan, payload)
    kinds = registry()
    prepared = prepare(plan, kinds)
    answers: list[tuple[float, Approve]] = []
    while True:
        script = Script(samples=samples, messages=_as_delays(answers))
        simulation = simulate(prepared, kinds, payload=payload, trigger=trigger, script=script)
        asked = None if decide is None or len(answers) >= _MOST else _unanswered(simulation, answers)
        if asked is None:
            return simulation
        at, step = asked
        answers.append((at, Approve(step=step, decision=decide or "approved", by="the simulation")))


def _unanswered(simulation: Simulation, answers: list[tuple[float, Approve]]) -> tuple[float, str] | None:
    """When and which approval was asked for first of those without an answer: `(seconds, step)`."""
    begins = datetime.fromisoformat(simulation.events[0].at)
    known = {message.step for _, message in answers}
    for event in simulation.events:
        key = f"{event.path}{event.step}"
        if event.type == "step.waiting" and event.data.get("for") == "approval" and key not in known:
            return (datetime.fromisoformat(event.at) - begins).total_seconds() + 1.0, key
    return None


def _as_delays(answers: list[tuple[float, Approve]]) -> list[tuple[float, Approve]]:
    """Moments as the pauses between them."""
    ordered = sorted(answers, key=lambda one: one[0])
    before = [0.0, *(at for at, _ in ordered)]
    return [(max(0.0, at - earlier), message) for earlier, (at, message) in zip(before, ordered, strict=False)]


def _check(plan: Plan, payload: Any) -> None:
    if plan.inputs is None:
        return
    found = problems(plan.inputs, value=payload)
    if found:
        told = "; ".join(f"{one.where or '/'}: {one.message}" for one in found[:5])
        raise Invalid(
            f"The payload does not fit `inputs`: {told}", hint="Mend --input; `flov7 validate` shows `inputs`."
        )
