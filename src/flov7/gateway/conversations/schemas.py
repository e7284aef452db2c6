"""What goes in and comes out for conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flov7.gateway.workflows.schemas import DOCUMENT

_ID = "019ac0de-7000-7000-8000-000000000001"
_AT = "2026-11-22T09:00:00Z"
_TEXT = "When an order comes in and its total is over 1000, wait for approval, then e-mail the customer."


class Say(BaseModel):
    """What a person says."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=20_000, examples=[_TEXT])


class SaveIn(BaseModel):
    """How the workflow is to be called."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(default=None, max_length=200, description="Left out: the document's.", examples=["orders"])


class ConversationOut(BaseModel):
    """A conversation."""

    model_config = ConfigDict(from_attributes=True)
    id: str = Field(examples=[_ID])
    title: str = Field(examples=["When an order comes in …"])
    state: str = Field(description="`open`, `asking`, `drafted` or `saved`.", examples=["drafted"])
    workflow_id: str | None = Field(examples=[None])
    started_by: str = Field(examples=["key:first"])
    created_at: datetime = Field(examples=[_AT])
    updated_at: datetime = Field(examples=[_AT])


class MessageOut(BaseModel):
    """What was said."""

    number: int = Field(examples=[2])
    role: Literal["user", "assistant", "system"] = Field(examples=["assistant"])
    at: datetime = Field(examples=[_AT])
    text: str = Field(examples=["Here is a draft. Who shall approve?"])
    document: Any = Field(default=None, description="The document as it is now.", examples=[DOCUMENT])
    questions: list[str] = Field(default=[], examples=[["Who shall approve?"]])
    details: dict[str, Any] | None = Field(
        default=None,
        description="Beside the document: `diff` against the last draft, `explanation`, `manifest` (what it touches), "
        "`open` (questions with suggested answers), `confidence` from 0 to 1, `complexity`, `dry_run`, `cost`, `drafter`.",
        examples=[{"diff": ["`tell_sales` is new."], "confidence": 0.95, "complexity": "simple"}],
    )
    diagnostics: list[dict[str, Any]] = Field(default=[], description="What is wrong with the document.", examples=[[]])


class ConversationDetail(ConversationOut):
    """A conversation with all that was said."""

    messages: list[MessageOut]
