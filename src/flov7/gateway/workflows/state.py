"""What a workflow keeps between its runs: to see it, to mend it, to forget it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS, WorkflowId
from flov7.gateway.workflows.access import Reader, Writer, find
from flov7.gateway.workflows.routes import note
from flov7.kit.errors import NotFound
from flov7.kit.ids import new_id
from flov7.store import kept_values

router = APIRouter(prefix="/workflows", tags=["workflows"], responses=ERRORS)
StateName = Annotated[str, Path(max_length=200, description="The value's name.", examples=["last_order"])]


class StateOut(BaseModel):
    """One value that the action `state` keeps."""

    model_config = ConfigDict(from_attributes=True)
    name: str = Field(description="Its name.", examples=["last_order"])
    value: Any = Field(description="What it is now.", examples=[{"id": 7}])
    changes: int = Field(description="How often it was changed.", examples=[3])
    updated_at: datetime = Field(description="When it was changed last.", examples=["2026-11-22T09:00:00Z"])


class StateIn(BaseModel):
    """A value, put in by hand."""

    model_config = ConfigDict(extra="forbid")
    value: Any = Field(description="What it shall be.", examples=[{"id": 7}])


@router.get("/{workflow}/state", response_model=Envelope[ListOf[StateOut]], summary="List what it keeps")
async def listed(caller: Reader, workflow: WorkflowId) -> Response:
    """The values that the workflow keeps between runs, by name."""
    async with caller.transaction() as scope:
        found = await kept_values.listed(scope, (await find(scope, workflow)).id)
    return success({"items": [StateOut.model_validate(one) for one in found], "next_cursor": None})


@router.put("/{workflow}/state/{name}", response_model=Envelope[StateOut], summary="Put a kept value right")
async def put(caller: Writer, workflow: WorkflowId, name: StateName, body: StateIn) -> Response:
    """Set it by hand. Runs that change it at the same time do so before or after."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
        await kept_values.change(scope, found.id, name, call=new_id(), by=lambda _: (body.value, None))
        await note(scope, caller, "workflow.state_set", found, name=name)
        kept = await kept_values.get(scope, found.id, name)
    if kept is None:
        raise _unknown(name)
    return success(StateOut.model_validate(kept))


@router.delete("/{workflow}/state/{name}", response_model=Envelope[None], summary="Forget a kept value")
async def forget(caller: Writer, workflow: WorkflowId, name: StateName) -> Response:
    """The next run finds nothing under that name."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
        if not await kept_values.remove(scope, found.id, name):
            raise _unknown(name)
        await note(scope, caller, "workflow.state_forgotten", found, name=name)
    return success(None)


def _unknown(name: str) -> NotFound:
    return NotFound(f"Nothing is kept under `{name}`.", hint="GET …/state lists what is.")
