"""Schedules through Temporal: time zone, overlap, jitter, catch-up, pause, next runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from flov7.engine.link import TemporalLink
from flov7.engine.runtimes.temporal.jobs import ScheduleJob
from flov7.engine.settings import EngineSettings
from flov7.kit.durations import seconds
from flov7.kit.errors import Invalid, NotFound
from flov7.language.plan import Plan, TriggerNode
from flov7.primitives.triggers.schedule import Inputs

_OVERLAP = {
    "skip": ScheduleOverlapPolicy.SKIP,
    "buffer_one": ScheduleOverlapPolicy.BUFFER_ONE,
    "buffer_all": ScheduleOverlapPolicy.BUFFER_ALL,
    "cancel_other": ScheduleOverlapPolicy.CANCEL_OTHER,
    "terminate_other": ScheduleOverlapPolicy.TERMINATE_OTHER,
    "allow_all": ScheduleOverlapPolicy.ALLOW_ALL,
}


class Schedules:
    """The schedules of active workflows."""

    def __init__(self, link: TemporalLink, settings: EngineSettings) -> None:
        self._link = link
        self._settings = settings

    async def replace(self, workspace_id: str, *, workflow_id: str, plan: Plan) -> None:
        """Make a plan's schedules run, and end those that it does not have."""
        client = await self._link.client()
        wanted = {one.name: one for part in plan.parts for one in part.triggers if one.kind == "schedule"}
        for trigger in wanted.values():
            await self._put(client, workspace_id, workflow_id, trigger)
        for name in await self._listed(client, workspace_id, workflow_id) - set(wanted):
            await _delete(client, _id(workspace_id, workflow_id, name))

    async def clear(self, workspace_id: str, *, workflow_id: str, known: set[str]) -> None:
        """End all schedules of a workflow: the known ones, and what the server lists (it may list late)."""
        client = await self._link.client()
        for name in known | await self._listed(client, workspace_id, workflow_id):
            await _delete(client, _id(workspace_id, workflow_id, name))

    async def describe(self, workspace_id: str, *, workflow_id: str, known: set[str]) -> list[dict[str, Any]]:
        """Each schedule: trigger, paused, note, next runs, last runs."""
        client = await self._link.client()
        found: list[dict[str, Any]] = []
        for name in sorted(known | await self._listed(client, workspace_id, workflow_id)):
            try:
                described = await client.get_schedule_handle(_id(workspace_id, workflow_id, name)).describe()
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    continue
                raise
            info, state = described.info, described.schedule.state
            found.append(
                {
                    "trigger": name,
                    "paused": state.paused,
                    "note": state.note or "",
                    "next": [_text(one) for one in info.next_action_times[:5]],
                    "last": [_text(one.started_at) for one in info.recent_actions[-5:]],
                    "missed": info.num_actions_missed_catchup_window,
                    "skipped": info.num_actions_skipped_overlap,
                }
            )
        return found

    async def pause(self, workspace_id: str, *, workflow_id: str, trigger: str, note: str = "") -> None:
        """Start nothing until resumed. NotFound."""
        await self._change(workspace_id, workflow_id, trigger, paused=True, note=note)

    async def resume(self, workspace_id: str, *, workflow_id: str, trigger: str) -> None:
        """Go on. NotFound."""
        await self._change(workspace_id, workflow_id, trigger, paused=False, note="")

    async def _change(self, workspace_id: str, workflow_id: str, trigger: str, *, paused: bool, note: str) -> None:
        client = await self._link.client()
        handle = client.get_schedule_handle(_id(workspace_id, workflow_id, trigger))
        try:
            await (handle.pause(note=note or None) if paused else handle.unpause())
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NotFound(
                    f"There is no schedule `{trigger}`.", hint="Activate the workflow; its schedule triggers run then."
                ) from error
            raise

    async def _listed(self, client: Client, workspace_id: str, workflow_id: str) -> set[str]:
        prefix = _id(workspace_id, workflow_id, "")
        return {one.id.removeprefix(prefix) async for one in await client.list_schedules() if one.id.startswith(prefix)}

    async def _put(self, client: Client, workspace_id: str, workflow_id: str, trigger: TriggerNode) -> None:
        schedule_id = _id(workspace_id, workflow_id, trigger.name)
        job = ScheduleJob(workspace_id=workspace_id, workflow_id=workflow_id, trigger=trigger.name)
        schedule = Schedule(
            action=ScheduleActionStartWorkflow(
                "flov7.scheduled", job, id=schedule_id, task_queue=self._settings.task_queue
            ),
            spec=schedule_spec(trigger.config),
            policy=SchedulePolicy(
                overlap=_OVERLAP[trigger.config.get("overlap", "skip")],
                catchup_window=timedelta(seconds=seconds(trigger.config.get("catch_up", "1m"))),
            ),
            state=ScheduleState(paused=bool(trigger.config.get("paused", False))),
        )
        try:
            await client.create_schedule(schedule_id, schedule)
        except ScheduleAlreadyRunningError:

            def change(present: ScheduleUpdateInput) -> ScheduleUpdate:
                schedule.state = present.description.schedule.state  # what an operator paused stays paused
                return ScheduleUpdate(schedule=schedule)

            await client.get_schedule_handle(schedule_id).update(change)


def schedule_spec(config: dict[str, Any]) -> ScheduleSpec:
    """When a schedule trigger fires. Raises Invalid where it says no time that ever comes."""
    try:
        times = Inputs.model_validate(config)
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise Invalid(f"The schedule does not hold: {said}.", hint=_HINT, code="schedule.invalid") from error
    return ScheduleSpec(
        cron_expressions=[line] if (line := times.as_cron()) else [],
        intervals=[ScheduleIntervalSpec(every=timedelta(seconds=seconds(times.every)))] if times.every else [],
        calendars=[_once(moment)] if (moment := times.once()) else [],
        jitter=timedelta(seconds=seconds(times.jitter)) if times.jitter else None,
        time_zone_name=times.time_zone,
    )


_HINT = 'Give one of "cron" (0 9 * * 1-5), "every" (15m) and "at" (09:00, or 2027-01-31T09:00).'


def _once(at: datetime) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(
        second=[ScheduleRange(at.second)],
        minute=[ScheduleRange(at.minute)],
        hour=[ScheduleRange(at.hour)],
        day_of_month=[ScheduleRange(at.day)],
        month=[ScheduleRange(at.month)],
        year=[ScheduleRange(at.year)],
    )


def _id(workspace_id: str, workflow_id: str, trigger: str) -> str:
    return f"{workspace_id}/schedule/{workflow_id}/{trigger}"


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def _delete(client: Client, schedule_id: str) -> None:
    try:
        await client.get_schedule_handle(schedule_id).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
