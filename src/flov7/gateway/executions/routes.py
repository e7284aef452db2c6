"""Runs: list, read, events, steps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from flov7.engine.answering import Opens, outside_address
from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.executions.access import Reader, find
from flov7.gateway.executions.schemas import EventsOut, ExecutionDetail, ExecutionOut, Status, StepOut
from flov7.gateway.executions.steps import project
from flov7.gateway.fields import ERRORS, Cursor, ExecutionId, Limit
from flov7.gateway.security import Caller
from flov7.gateway.workflows import access as workflows
from flov7.store import events, executions

router = APIRouter(prefix="/executions", tags=["executions"], responses=ERRORS)
_OUTSIDE = ("approval", "answer", "callback")


@router.get("", response_model=Envelope[ListOf[ExecutionOut]], summary="List runs")
async def listed(
    caller: Reader,
    workflow: Annotated[str | None, Query(max_length=200, description="Id or name of a workflow.")] = None,
    status: Annotated[Status | None, Query(description="Only runs that stand so.", examples=["failed"])] = None,
    since: Annotated[datetime | None, Query(description="Made at or after this moment.")] = None,
    until: Annotated[datetime | None, Query(description="Made before this moment.")] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Response:
    """Runs of the workspace, newest first."""
    async with caller.transaction() as scope:
        workflow_id = (await workflows.find(scope, workflow)).id if workflow else None
        wanted = executions.Wanted(workflow_id=workflow_id, status=status, since=_aware(since), until=_aware(until))
        page = await executions.page(scope, wanted=wanted, cursor=cursor, limit=limit)
    items = [ExecutionOut.model_validate(one) for one in page.items]
    return success({"items": items, "next_cursor": page.next_cursor})


@router.get("/{execution}", response_model=Envelope[ExecutionDetail], summary="Read a run")
async def read(caller: Reader, execution: ExecutionId) -> Response:
    """The run with its input and output."""
    async with caller.transaction() as scope:
        return success(ExecutionDetail.model_validate(await find(scope, execution)))


@router.get("/{execution}/events", response_model=Envelope[EventsOut], summary="List a run's events")
async def list_events(
    caller: Reader,
    execution: ExecutionId,
    after: Annotated[int, Query(ge=0, description="Only those with a higher number.", examples=[0])] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000, description="How many at once.", examples=[1000])] = 1000,
) -> Response:
    """What happened, in order, without a gap."""
    async with caller.transaction() as scope:
        found = await find(scope, execution)
        items = await events.read(scope, found.id, after=after, limit=limit)
    last = items[-1]["n"] if items else after
    over = found.finished_at is not None and last >= found.event_count
    return success({"items": items, "last": last, "finished": over})


@router.get("/{execution}/steps", response_model=Envelope[ListOf[StepOut]], summary="List a run's steps")
async def list_steps(caller: Reader, execution: ExecutionId) -> Response:
    """Where each step is: status, attempts, input, output, times; for what waits, an address for the outside."""
    async with caller.transaction() as scope:
        found = await find(scope, execution)
        steps = project(await events.read(scope, found.id))
    if found.finished_at is None:
        steps = [await _with_address(caller, found.id, step) for step in steps]
    return success({"items": steps, "next_cursor": None})


def _aware(moment: datetime | None) -> datetime | None:
    """A moment without a zone is meant in UTC."""
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)


async def _with_address(caller: Caller, execution_id: str, step: StepOut) -> StepOut:
    if step.status != "waiting" or step.waits_for not in _OUTSIDE:
        return step
    opens = Opens(caller.workspace_id, execution_id, step.key, step.waits_for)
    settings = caller.gateway.settings
    address = await outside_address(caller.gateway.database.vault, settings.public_url, opens=opens)
    return step.model_copy(update={"address": address})
