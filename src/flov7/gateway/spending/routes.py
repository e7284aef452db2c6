"""Calls to models: of one run, turn by turn while it goes on, and this month's by workflow, model, agent or step."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.spending.access import Reader
from flov7.store import executions, model_calls

router = APIRouter(tags=["executions"], responses=ERRORS)
_BY: dict[str, Literal["workflow_id", "model", "agent", "step"]] = {
    "workflow": "workflow_id",
    "model": "model",
    "agent": "agent",
    "step": "step",
}


class CallOut(BaseModel):
    """One call. One that stays `open` was lost with its process, and may have been paid."""

    id: str = Field(examples=["0192"])
    step: str = Field(examples=["sort"])
    place: str = Field(examples=["turn/1"])
    agent: str = Field(examples=[""])
    model: str = Field(examples=["gpt-5.4-mini"])
    state: Literal["open", "done", "failed"] = Field(examples=["done"])
    why: str = Field(examples=[""])
    input_tokens: int = Field(examples=[120])
    output_tokens: int = Field(examples=[30])
    cached_tokens: int = Field(examples=[0])
    cost: float = Field(examples=[0.0003], description="US dollars; while it is open, what it may take at most.")
    seconds: float = Field(examples=[0.8])
    at: datetime


class TotalOut(BaseModel):
    """What was spent on one of them this month."""

    of: str = Field(examples=["gpt-5.4-mini"])
    calls: int = Field(examples=[12])
    input_tokens: int = Field(examples=[1440])
    output_tokens: int = Field(examples=[360])
    cost: float = Field(examples=[0.0036])


@router.get(
    "/executions/{execution}/model-calls",
    response_model=Envelope[ListOf[CallOut]],
    summary="List a run's model calls",
)
async def of_run(caller: Reader, execution: Annotated[str, Path(max_length=200, description="The run.")]) -> Response:
    """In their order; a call is there as soon as it begins."""
    async with caller.transaction() as scope:
        await executions.get(scope, execution)
        found = await model_calls.of_execution(scope, execution)
    return success({"items": [CallOut.model_validate(vars(one)) for one in found], "next_cursor": None})


@router.get("/spending", response_model=Envelope[ListOf[TotalOut]], summary="See what models cost this month")
async def spending(
    caller: Reader,
    by: Annotated[Literal["workflow", "model", "agent", "step"], Query(description="Summed up by what.")] = "model",
) -> Response:
    """The dearest first."""
    async with caller.transaction() as scope:
        found = await model_calls.totals(scope, by=_BY[by])
    return success({"items": [TotalOut.model_validate(one) for one in found], "next_cursor": None})
