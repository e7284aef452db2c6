"""What goes in and comes out for workflows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flov7.language.diagnostics import Diagnostic
from flov7.language.effects import EffectLine

DOCUMENT: dict[str, Any] = {
    "flow7": "1.0",
    "name": "order_triage",
    "primitives": [
        {"type": "trigger", "kind": "webhook", "name": "order_placed", "config": {"url": "/orders"}},
        {"type": "condition", "kind": "filter", "name": "is_big", "logic": "order.total > 1000"},
        {"type": "data", "kind": "mapping", "name": "customer", "mapping": {"order.customer.email": "email"}},
    ],
}
_ID = "019ac0de-7000-7000-8000-000000000001"
_AT = "2026-11-22T09:00:00Z"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DocumentIn(_In):
    """A document as JSON (`document`), or as JSON or YAML text (`text`); exactly one of the two."""

    document: dict[str, Any] | list[Any] | None = Field(
        default=None, description="A Flow7 document, or a bare list of primitives.", examples=[DOCUMENT]
    )
    text: str | None = Field(default=None, description="The same as JSON or YAML text.", examples=[None])

    @model_validator(mode="after")
    def _one_of_two(self) -> DocumentIn:
        if (self.document is None) == (self.text is None):
            raise ValueError("give exactly one of `document` and `text`")
        return self


class WorkflowCreate(DocumentIn):
    """A new workflow."""

    name: str | None = Field(
        default=None, max_length=200, description="Left out: the document's own.", examples=["order_triage"]
    )
    description: str | None = Field(
        default=None, description="Left out: the document's.", examples=["Big orders wait."]
    )
    note: str = Field(default="", max_length=2000, description="Why this version.", examples=["The first one."])
    allow_errors: bool = Field(default=False, description="Keep it as a draft although it has errors.")


class WorkflowSave(DocumentIn):
    """A new version."""

    note: str = Field(default="", max_length=2000, description="Why this version.", examples=["Ask for approval."])
    based_on: int | None = Field(
        default=None, ge=1, description="The version that you changed; 409 where somebody was faster.", examples=[1]
    )
    allow_errors: bool = Field(default=False, description="Keep it although it has errors.")


class WorkflowChange(_In):
    """Name or description."""

    name: str | None = Field(default=None, min_length=1, max_length=200, examples=["order_triage"])
    description: str | None = Field(default=None, max_length=4000, examples=["Big orders wait for a person."])


class VersionChoice(_In):
    """Which version; left out: the current one."""

    version: int | None = Field(default=None, ge=1, description="Left out: the current one.", examples=[1])


class RunIn(_In):
    """What to run with."""

    input: Any = Field(default=None, description="The payload.", examples=[{"order": {"id": 7, "total": 1500}}])
    trigger: str | None = Field(
        default=None,
        description="Which trigger it comes by; left out: an `api` or `manual` one, else the first.",
        examples=["order_placed"],
    )
    version: int | None = Field(default=None, ge=1, description="Left out: the current one.", examples=[1])
    mode: Literal["durable", "express"] | None = Field(
        default=None, description="Left out: the document's.", examples=["durable"]
    )
    wait: float | None = Field(
        default=None, ge=0, le=600, description="Seconds to wait for the result; left out: as the trigger says.",
        examples=[10],
    )  # fmt: skip


class WorkflowOut(BaseModel):
    """A workflow, without its document."""

    model_config = ConfigDict(from_attributes=True)
    id: str = Field(examples=[_ID])
    name: str = Field(examples=["order_triage"])
    description: str = Field(examples=["Big orders wait for a person."])
    status: Literal["draft", "active", "paused", "archived"] = Field(examples=["active"])
    current_version: int = Field(description="What is edited, and run by hand.", examples=[2])
    active_version: int | None = Field(description="What its triggers start.", examples=[2])
    owner: str = Field(examples=["key:first"])
    created_at: datetime = Field(examples=[_AT])
    updated_at: datetime = Field(examples=[_AT])


class ListeningOut(BaseModel):
    """Whether somebody listens for a trigger, and what came of it."""

    model_config = ConfigDict(from_attributes=True)
    status: Literal["waiting", "listening", "failing"] = Field(
        description="`waiting` until a listener has it, `failing` while its source cannot be heard.",
        examples=["listening"],
    )
    held: bool = Field(description="Whether a listener has it now.", examples=[True])
    delivered: int = Field(description="Events that made a run.", examples=[42])
    delivered_at: datetime | None = Field(default=None, description="When the last one did.", examples=[_AT])
    error: dict[str, Any] | None = Field(
        default=None,
        description="What is wrong and how to mend it, while it is failing.",
        examples=[None],
    )


class TriggerOut(BaseModel):
    """How a run begins."""

    name: str = Field(examples=["order_placed"])
    kind: str = Field(examples=["webhook"])
    method: str | None = Field(default=None, examples=["POST"])
    address: str | None = Field(
        default=None,
        description="Where to send; only while it is active.",
        examples=["https://flov7.example.com/hooks/acme/orders/mZ3…"],
    )
    listening: ListeningOut | None = Field(
        default=None, description="For triggers that somebody listens for; only while it is active.", examples=[None]
    )


class WorkflowDetail(WorkflowOut):
    """A workflow with the document of one version."""

    version: int = Field(description="The version that is shown.", examples=[2])
    document: Any = Field(examples=[DOCUMENT])
    triggers: list[TriggerOut] = []
    diagnostics: list[Diagnostic] = []
    turned_away: dict[str, int] = Field(
        default={}, description="Events that made no run, by `trigger: reason`.", examples=[{"order_placed: when": 3}]
    )


class VersionOut(BaseModel):
    """A version; it never changes."""

    model_config = ConfigDict(from_attributes=True)
    number: int = Field(examples=[1])
    digest: str = Field(description="SHA-256 of the document.", examples=["9f86d081884c7d65…"])
    note: str = Field(examples=["The first one."])
    created_by: str = Field(examples=["key:first"])
    created_at: datetime = Field(examples=[_AT])


class VersionDetail(VersionOut):
    """A version with its document."""

    document: Any = Field(examples=[DOCUMENT])


class CheckOut(BaseModel):
    """What is wrong with a document, and what it would do."""

    valid: bool = Field(description="Whether it could be activated as it is.", examples=[True])
    diagnostics: list[Diagnostic] = []
    document: Any = Field(description="As it would be stored, kinds written out.", examples=[DOCUMENT])
    effects: list[EffectLine] = Field(default=[], description="What it may read, write and destroy.")


class Change(BaseModel):
    """One difference, by the primitive's name."""

    change: Literal["added", "removed", "renamed", "changed", "moved"] = Field(examples=["changed"])
    primitive: str | None = Field(description="None: the document itself.", examples=["is_big"])
    field: str | None = Field(default=None, description="A JSON pointer inside it.", examples=["/logic"])
    old: Any = Field(default=None, examples=["order.total > 1000"])
    new: Any = Field(default=None, examples=["order.total > 2000"])
    text: str = Field(
        description="In words.", examples=["`is_big`: logic was `order.total > 1000`, is `order.total > 2000`"]
    )


class DiffOut(BaseModel):
    """How two documents differ."""

    equal: bool = Field(examples=[False])
    changes: list[Change]


class ActivationOut(BaseModel):
    """What is live now."""

    workflow: WorkflowOut
    triggers: list[TriggerOut]
    effects: list[EffectLine]
    warnings: list[Diagnostic] = []


class RunOut(BaseModel):
    """A run that was started, and its result where it was waited for."""

    execution_id: str | None = Field(description="None where `when` turned the event away.", examples=[_ID])
    created: bool = Field(description="False: an earlier delivery of this event made it.", examples=[True])
    status: str = Field(examples=["running"])
    address: str | None = Field(examples=[f"/api/v1/executions/{_ID}"])
    output: Any = Field(default=None, examples=[None])
    error: Any = Field(default=None, examples=[None])
    reason: str | None = Field(default=None, description="Why there is no run.", examples=[None])


class ScheduleOut(BaseModel):
    """A schedule as Temporal has it."""

    model_config = ConfigDict(extra="allow")
    trigger: str = Field(examples=["every_morning"])
    paused: bool = Field(examples=[False])
    next: list[str] = Field(default=[], examples=[["2026-11-23T09:00:00Z"]])
