"""What goes in and comes out for runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flov7.gateway.workflows.schemas import RunOut
from flov7.language.effects import EffectLine

_ID = "019ac0de-7000-7000-8000-000000000001"
_AT = "2026-11-22T09:00:00Z"
Status = Literal[
    "accepted",
    "running",
    "waiting",
    "paused",
    "in_doubt",
    "succeeded",
    "failed",
    "unmet",
    "cancelled",
    "timed_out",
]

StepStatus = Literal[
    "running",
    "retrying",
    "waiting",
    "in_doubt",
    "finished",
    "failed",
    "skipped",
    "passed_over",
    "given_up",
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExecutionOut(BaseModel):
    """A run, without input and output."""

    model_config = ConfigDict(from_attributes=True)
    id: str = Field(examples=[_ID])
    workflow_id: str = Field(examples=[_ID])
    workflow_version: int = Field(examples=[2])
    mode: str = Field(examples=["durable"])
    status: Status = Field(examples=["succeeded"])
    trigger: str = Field(examples=["order_placed"])
    event_id: str = Field(description="The event that started it.", examples=["evt_123"])
    rerun_of: str | None = Field(default=None, description="The run that it repeats.", examples=[None])
    parent_id: str | None = Field(default=None, description="The run that called it.", examples=[None])
    created_at: datetime = Field(examples=[_AT])
    started_at: datetime | None = Field(default=None, examples=[_AT])
    finished_at: datetime | None = Field(default=None, examples=[_AT])
    error: dict[str, Any] | None = Field(default=None, examples=[None])
    unmet: list[Any] | None = Field(default=None, description="Expectations that do not hold.", examples=[None])
    handled: list[Any] | None = Field(default=None, description="Failures that the workflow handled.", examples=[None])
    event_count: int = Field(examples=[9])


class ExecutionDetail(ExecutionOut):
    """A run with input and output."""

    input: Any = Field(default=None, examples=[{"order": {"id": 7, "total": 1500}}])
    output: Any = Field(default=None, examples=[{"email": "ada@example.com"}])


class EventOut(BaseModel):
    """One thing that happened."""

    n: int = Field(description="Counts from 1 in a run.", examples=[3])
    type: str = Field(examples=["step.finished"])
    at: str = Field(examples=[_AT])
    step: str | None = Field(examples=["is_big"])
    path: str = Field(default="", description="The rounds of the loops around it.", examples=[""])
    data: dict[str, Any] = Field(examples=[{"output": True}])


class EventsOut(BaseModel):
    """Events in order."""

    items: list[EventOut]
    last: int = Field(description="Ask for what comes after this number.", examples=[3])
    finished: bool = Field(description="Whether nothing comes after these.", examples=[False])


class StepOut(BaseModel):
    """Where one step is, or how it ended."""

    step: str = Field(examples=["is_big"])
    path: str = Field(default="", description="The rounds of the loops around it.", examples=["each_order[3]/"])
    key: str = Field(description="Path and name: names it in messages.", examples=["each_order[3]/is_big"])
    status: StepStatus = Field(
        description="`given_up`: the run ended (cancelled, out of time, failed) while it was under way.",
        examples=["finished"],
    )
    effect: str | None = Field(default=None, description="What it may do to the world.", examples=["write"])
    attempts: int = Field(default=1, examples=[1])
    started_at: str | None = Field(default=None, examples=[_AT])
    finished_at: str | None = Field(default=None, examples=[_AT])
    input: Any = Field(default=None, examples=[{"logic": True}])
    output: Any = Field(default=None, examples=[True])
    side: str | None = Field(default=None, description="The side that a condition chose.", examples=["if_true"])
    reused: bool = Field(default=False, description="Taken from the run that this one repeats.")
    error: dict[str, Any] | None = Field(default=None, examples=[None])
    waits_for: str | None = Field(default=None, examples=["approval"])
    until: str | None = Field(default=None, examples=[None])
    ask: str | None = Field(default=None, examples=["Ship 7?"])
    address: str | None = Field(
        default=None, description="While it waits: an address for the outside, without a key.", examples=[None]
    )


class CancelIn(_In):
    """Why."""

    reason: str = Field(default="", max_length=1000, examples=["Ordered twice."])


class ApproveIn(_In):
    """A decision."""

    step: str = Field(description="The step's name; in a loop its key.", examples=["approval"])
    decision: Literal["approved", "rejected"] = Field(default="approved", examples=["approved"])
    comment: str | None = Field(default=None, max_length=4000, examples=["Fine."])


class AnswerIn(_In):
    """An answer."""

    step: str = Field(description="The step's name; in a loop its key.", examples=["ask_size"])
    answer: Any = Field(examples=[{"size": "M"}])


class CallbackIn(_In):
    """What the outside sends back."""

    step: str = Field(description="The step's name; in a loop its key.", examples=["wait_for_label"])
    payload: Any = Field(default=None, examples=[{"label": "https://example.com/l/7"}])


class ResolveIn(_In):
    """What became of a step in doubt."""

    step: str = Field(description="The step's name; in a loop its key.", examples=["charge"])
    verdict: Literal["done", "repeat", "fail"] = Field(examples=["done"])
    output: Any = Field(default=None, description="With `done`: what it gave.", examples=[{"charge": "ch_1"}])


class RerunIn(_In):
    """From where, with what changed."""

    step: str = Field(
        description="It and what follows run again; what stands above is taken over.", examples=["charge"]
    )
    edits: dict[str, Any] = Field(
        default={}, description="Changed inputs by step.", examples=[{"charge": {"config": {"amount": 10}}}]
    )
    agreed: bool = Field(default=False, description="Yes, do the listed effects again.", examples=[False])


class ReplyOut(BaseModel):
    """What became of a message."""

    accepted: bool = Field(examples=[True])
    problem: str = Field(default="", examples=[""])
    waiting: list[str] = Field(default=[], description="Steps that do wait.", examples=[[]])


class RerunOut(BaseModel):
    """The new run; or, before you agreed, the effects that would be done again."""

    run: RunOut | None
    effects_again: list[EffectLine] = []
