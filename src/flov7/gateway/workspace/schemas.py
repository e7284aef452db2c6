"""What goes in and comes out for the workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_AT = "2026-11-22T09:00:00Z"
_ALERTS = {"email": ["ops@example.com"], "webhook": "https://chat.example.com/hooks/ops"}


class Alerts(BaseModel):
    """Who is told, once a run, that it failed and nothing handled it."""

    model_config = ConfigDict(extra="forbid")
    email: list[str] = Field(default=[], max_length=50, examples=[["ops@example.com"]])
    webhook: str | None = Field(
        default=None, pattern=r"^https?://", max_length=2000, examples=["https://chat.example.com/hooks/ops"]
    )


class WorkspaceChange(BaseModel):
    """Settings to change; what is left out stays, null removes."""

    model_config = ConfigDict(extra="forbid")
    default_mail: str | None = Field(
        default=None, description="The connection for mail of steps that name none.", examples=["shop_mail"]
    )
    alerts: Alerts | None = Field(default=None, examples=[_ALERTS])


class WorkspaceOut(BaseModel):
    """The workspace."""

    id: str = Field(examples=["019ac0de-7000-7000-8000-000000000001"])
    slug: str = Field(description="Stands in hooks' addresses.", examples=["acme"])
    title: str = Field(examples=["Acme"])
    default_mail: str | None = Field(default=None, examples=["shop_mail"])
    alerts: dict[str, Any] | None = Field(default=None, examples=[_ALERTS])
    created_at: datetime = Field(examples=[_AT])
    updated_at: datetime = Field(examples=[_AT])


class AuditOut(BaseModel):
    """Who did what."""

    model_config = ConfigDict(from_attributes=True)
    id: str = Field(examples=["019ac0de-7000-7000-8000-000000000001"])
    who: str = Field(examples=["key:first"])
    what: str = Field(examples=["workflow.activate"])
    target: str = Field(description="The id of what it was done to.", examples=["019ac0de-7000-7000-8000-000000000001"])
    details: dict[str, Any] = Field(examples=[{"version": 2}])
    request_id: str | None = Field(examples=["req-9f86d081884c"])
    at: datetime = Field(examples=[_AT])
