"""Events become runs: journalled one by one before their source may forget them, the same way as webhooks'."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal, Protocol

from flov7.engine.intake import Event as Arrived
from flov7.engine.intake import Intake, triggers_of
from flov7.engine.plans import StoredPlans
from flov7.engine.runtimes.temporal.jobs import PlanRef
from flov7.engine.start import Started, StartRequest
from flov7.engine.turned_away import TurnedAway
from flov7.kit.errors import Conflict, Invalid, StepRefused, Unavailable
from flov7.kit.ids import new_id
from flov7.language.plan import Plan
from flov7.observability.metrics import Metrics
from flov7.primitives.watching import Event
from flov7.store.subscriptions import Held

_AGAIN_AFTER = 0.5
_LONGEST_PAUSE = 10.0
ACTOR = "listener"


class Starter(Protocol):
    """The engine, as far as a listener needs it."""

    async def start(self, request: StartRequest) -> Started:
        """Journal the event and start its run. Raises Unavailable."""
        ...


class Acceptance:
    """Accepts the events of one subscription."""

    def __init__(self, held: Held, plan: Plan, *, engine: Starter, away: TurnedAway, metrics: Metrics) -> None:
        """Raises StepRefused where the plan has no such trigger."""
        trigger = next((one for one in triggers_of(plan) if one.name == held.trigger), None)
        if trigger is None:
            raise StepRefused(f"The live version has no trigger `{held.trigger}`.", hint="Activate it again.")
        self._held = held
        self._mode: Literal["durable", "express"] = plan.mode
        self._intake = Intake(plan, trigger)
        self._engine = engine
        self._away = away
        self._metrics = metrics

    async def accept(self, events: Sequence[Event]) -> int:
        """Returns when all are safe, or turned away with a reason; how many made a run."""
        made = await asyncio.gather(*(self._one(event) for event in events))
        return sum(made)

    async def _one(self, event: Event) -> bool:
        held, intake = self._held, self._intake
        arrived = Arrived(payload=event.payload, headers=event.headers, id=event.id)
        try:
            intake.check(event.payload)
            if not intake.wants(arrived):
                return self._turned_away("when")
            # Without an id the first try's is kept over the tries: a lost answer makes no second run.
            event_id = intake.event_id(arrived) or f"{held.trigger}:{event.id or new_id()}"
        except Invalid as problem:
            return self._turned_away(problem.error_code)
        request = StartRequest(
            workspace_id=held.workspace_id,
            workflow_id=held.workflow_id,
            version=held.workflow_version,
            plan_digest=held.plan_digest,
            mode=self._mode,
            trigger=held.trigger,
            payload=event.payload,
            headers=dict(event.headers),
            params=dict(event.params),
            event_id=event_id,
            actor=ACTOR,
        )
        started = await self._started(request)
        if started.created:
            self._metrics.accepted.labels(held.kind, self._mode).inc()
        else:
            self._metrics.repeated.labels(held.kind).inc()
        return started.created

    async def _started(self, request: StartRequest) -> Started:
        """Tries until it is journalled: what cannot be kept now is not given up."""
        pause = _AGAIN_AFTER
        while True:
            try:
                return await self._engine.start(request)
            except (Unavailable, Conflict):
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _turned_away(self, reason: str) -> bool:
        held = self._held
        self._away.count(held.workspace_id, held.workflow_id, trigger=held.trigger, reason=reason, source=held.kind)
        return False


async def plan_of(plans: StoredPlans, held: Held) -> Plan:
    """The plan that a subscription starts. Raises NotFound, Unavailable."""
    prepared = await plans.get(PlanRef(workspace_id=held.workspace_id, digest=held.plan_digest))
    return prepared.plan
