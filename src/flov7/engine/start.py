"""What starts a run and what comes back at once."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from flov7.language.effects import EffectLine


class StartRequest(BaseModel):
    """An event for a workflow. Without an `event_id` it is its own event."""

    model_config = ConfigDict(frozen=True)
    workspace_id: str
    workflow_id: str
    version: int
    plan_digest: str
    mode: Literal["durable", "express"] = "durable"
    trigger: str
    payload: Any = None
    headers: dict[str, str] = {}
    query: dict[str, Any] = {}
    params: dict[str, str] = {}
    event_id: str | None = None
    actor: str = ""


class Started(BaseModel):
    """The run of an event; `created` is false where an earlier delivery made it."""

    model_config = ConfigDict(frozen=True)
    execution_id: str
    created: bool
    status: str


class Rerun(BaseModel):
    """A repetition from a step: the new run, or, before a person agreed, the effects that may be done again."""

    model_config = ConfigDict(frozen=True)
    started: Started | None = None
    effects_again: tuple[EffectLine, ...] = ()
