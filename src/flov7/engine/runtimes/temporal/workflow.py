"""The workflow that every durable run is: the interpreter over Temporal. Runs outside the sandbox, see decision 0006."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from temporalio import workflow
from temporalio.common import RetryPolicy, VersioningBehavior

from flov7.engine.interpreter.prepare import PreparedPlan
from flov7.engine.interpreter.run import FreshStart, Run
from flov7.engine.messages import Envelope, Reply
from flov7.engine.runtimes.temporal.jobs import PlanRef, RunJob, ScheduleJob, StartSpec, workflow_id
from flov7.engine.runtimes.temporal.runtime import Process, TemporalRuntime
from flov7.engine.values import RunResult

RECORD = RetryPolicy(initial_interval=timedelta(seconds=0.2), maximum_interval=timedelta(seconds=30))


@workflow.defn(name="flov7.run", sandboxed=False, versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class FlowRun:
    """One run of one plan."""

    process: ClassVar[Process]
    """What the worker's process gives to all runs in it."""

    @workflow.init
    def __init__(self, job: RunJob, plan: PlanRef) -> None:
        prepared = self._prepared(plan)
        self._job = job
        self._plan = plan
        self._runtime = TemporalRuntime(job, plan, self.process)
        self._run = Run(prepared, job.start, self._runtime)

    def _prepared(self, plan: PlanRef) -> PreparedPlan:
        found = self.process.shelf.get(plan.digest)
        if found is None:  # the codec fetched it before this ran
            raise RuntimeError(f"the plan {plan.digest} is not at hand")
        return found

    @workflow.run
    async def run(self, job: RunJob, plan: PlanRef) -> RunResult:
        """Run to the end, or continue afresh."""
        try:
            result = await self._run.execute()
        except FreshStart as fresh:
            await workflow.execute_local_activity(
                "flov7.save", job.start.execution_id, start_to_close_timeout=timedelta(seconds=10), retry_policy=RECORD
            )
            start = job.start.model_copy(update={"state": fresh.state})
            workflow.continue_as_new(args=[job.model_copy(update={"start": start}), plan])
        await workflow.execute_local_activity(
            "flov7.finish", job.start.execution_id, start_to_close_timeout=timedelta(seconds=10), retry_policy=RECORD
        )
        return result

    @workflow.update(name="message")
    def message(self, envelope: Envelope) -> Reply:
        """Take a message."""
        return self._run.deliver(envelope.message)


@workflow.defn(name="flov7.scheduled", sandboxed=False, versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class ScheduledRun:
    """What a schedule starts: journals the event, then runs it, so that the overlap policy sees the whole run."""

    @workflow.run
    async def run(self, job: ScheduleJob) -> str:
        """The id of the run, or why there is none."""
        spec: StartSpec | None = await workflow.execute_activity(
            "flov7.accept_scheduled",
            args=[job, workflow.info().workflow_id],
            result_type=StartSpec,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RECORD,
        )
        if spec is None:
            return "not active"
        execution_id = spec.job.start.execution_id
        await workflow.execute_child_workflow(
            FlowRun.run,
            args=[spec.job, spec.plan],
            id=workflow_id(spec.job.start.workspace_id, execution_id),
            task_queue=workflow.info().task_queue,
        )
        return execution_id
