"""A schedule fired: journal the event and say what to run."""

from __future__ import annotations

import random
import re
from datetime import timedelta

from flov7.engine.plans import StoredPlans
from flov7.engine.runtimes.express import utc_now
from flov7.engine.runtimes.temporal.jobs import PlanRef, RunFacts, RunJob, ScheduleJob, StartSpec
from flov7.engine.values import RunInput
from flov7.kit.errors import NotFound
from flov7.kit.ids import new_id
from flov7.store import workflows
from flov7.store.database import Database
from flov7.store.journal import Arrival

_WHEN = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z$")
LEASE = timedelta(minutes=5)


class ScheduledStarts:
    """Accepts the events of schedules, in the worker."""

    def __init__(self, database: Database, plans: StoredPlans) -> None:
        self._database = database
        self._plans = plans

    async def accept(self, job: ScheduleJob, event_id: str) -> StartSpec | None:
        """Journal one firing; None where the workflow is not active. A repetition finds the same run."""
        async with self._database.as_engine(job.workspace_id) as scope:
            try:
                workflow = await workflows.get(scope, job.workflow_id)
            except NotFound:
                return None
        plan_digest = workflow.settings.get("active_plan")
        if workflow.status != "active" or workflow.active_version is None or plan_digest is None:
            return None
        clock, seed, execution_id = utc_now(), random.getrandbits(62), new_id()
        fired = _WHEN.search(event_id)  # Temporal puts the time at the end of the workflow's id
        payload = {"scheduled_at": fired[0] if fired else clock.isoformat()}
        accepted = await self._database.journal.accept(
            Arrival(
                execution_id=execution_id,
                workspace_id=job.workspace_id,
                workflow_id=job.workflow_id,
                workflow_version=workflow.active_version,
                plan_digest=plan_digest,
                mode="durable",
                trigger=job.trigger,
                event_id=event_id,
                payload={"payload": payload},
                clock=clock,
                seed=seed,
                lease_owner="schedule",
                lease_until=clock + LEASE,
            )
        )
        entry = await self._database.journal.get(accepted.execution_id)
        if entry is None or entry.state == "done":
            return None
        start = RunInput(
            execution_id=entry.execution_id,
            workspace_id=job.workspace_id,
            workflow_id=job.workflow_id,
            trigger=job.trigger,
            payload=entry.payload["payload"],
            event_id=event_id,
            at=entry.clock.isoformat(),
            seed=str(entry.seed),
        )
        facts = RunFacts(workflow_version=entry.workflow_version, plan_digest=entry.plan_digest)
        return StartSpec(
            job=RunJob(start=start, facts=facts),
            plan=PlanRef(workspace_id=job.workspace_id, digest=entry.plan_digest),
        )
