"""What travels between client, workflow and activities. The plan itself travels by digest only."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from flov7.engine.values import RunInput


class PlanRef(BaseModel):
    """A plan by workspace and digest; decoding one makes sure that the plan is at hand in the process."""

    model_config = ConfigDict(frozen=True)
    workspace_id: str
    digest: str


class RunFacts(BaseModel):
    """What the record needs beside the run's own values."""

    model_config = ConfigDict(frozen=True)
    workflow_version: int = 0
    plan_digest: str = ""
    mode: str = "durable"
    rerun_of: str | None = None
    parent_id: str | None = None


class RunJob(BaseModel):
    """One run, to start."""

    model_config = ConfigDict(frozen=True)
    start: RunInput
    facts: RunFacts


class PureJob(BaseModel):
    """A pure step over large values, to work on outside the workflow."""

    model_config = ConfigDict(frozen=True)
    plan: PlanRef
    step: str
    key: str
    now: str
    seed: str
    scope: dict[str, Any]


class ChunkJob(BaseModel):
    """Results of a loop to keep outside."""

    model_config = ConfigDict(frozen=True)
    workspace_id: str
    values: list[Any]


class ScheduleJob(BaseModel):
    """A scheduled workflow to start."""

    model_config = ConfigDict(frozen=True)
    workspace_id: str
    workflow_id: str
    trigger: str


class StartSpec(BaseModel):
    """What an accepted scheduled event starts; `None` where the workflow is not active any more."""

    model_config = ConfigDict(frozen=True)
    job: RunJob
    plan: PlanRef


def workflow_id(workspace_id: str, execution_id: str) -> str:
    """The id of a run's workflow; it names the workspace first, which the codec reads."""
    return f"{workspace_id}/{execution_id}"
