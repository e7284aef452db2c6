"""What goes in and comes out for API keys."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

_AT = "2026-11-22T09:00:00Z"
SCOPE = r"^(\*|admin|[a-z-]+:(read|write|\*)|\*:(read|write))$"


class KeyCreate(BaseModel):
    """A new key."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=100, description="Stands in records.", examples=["shop backend"])
    scopes: list[str] = Field(
        min_length=1, max_length=50, description="`*`, `workflows:read`, `executions:*`, `*:read` …",
        examples=[["executions:write", "workflows:read"]],
    )  # fmt: skip
    expires_at: AwareDatetime | None = Field(
        default=None, description="Left out: never.", examples=["2027-11-22T09:00:00Z"]
    )


class KeyOut(BaseModel):
    """What may be known of a key."""

    model_config = ConfigDict(from_attributes=True)
    id: str = Field(examples=["019ac0de-7000-7000-8000-000000000001"])
    name: str = Field(examples=["shop backend"])
    prefix: str = Field(description="Its first characters.", examples=["flov7_a1b2c3"])
    scopes: list[str] = Field(examples=[["executions:write", "workflows:read"]])
    created_by: str = Field(examples=["key:first"])
    created_at: datetime = Field(examples=[_AT])
    last_used_at: datetime | None = Field(examples=[_AT])
    expires_at: datetime | None = Field(examples=[None])
    revoked_at: datetime | None = Field(examples=[None])


class KeyMade(KeyOut):
    """A new key, with its text."""

    key: str = Field(description="Shown now and never again.", examples=["flov7_…"])
