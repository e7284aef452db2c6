"""What goes in and comes out for message templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_INPUTS = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


class TemplateSave(BaseModel):
    """The texts of a version; `{{ }}` holds expressions over the inputs."""

    model_config = ConfigDict(extra="forbid")
    subject: str = Field(default="", max_length=998, examples=["Welcome, {{ name }}"])
    text: str = Field(max_length=200_000, examples=["Hello {{ name }}, thank you."])
    html: str | None = Field(default=None, max_length=500_000, examples=["<p>Hello {{ name }}</p>"])
    inputs: dict[str, Any] = Field(default={}, description="JSON Schema of what it takes.", examples=[_INPUTS])


class TemplateCreate(TemplateSave):
    """A new template."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="snake_case.", examples=["welcome_email"])


class TemplateOut(BaseModel):
    """One version of a template."""

    model_config = ConfigDict(from_attributes=True)
    id: str = Field(examples=["019ac0de-7000-7000-8000-000000000001"])
    name: str = Field(examples=["welcome_email"])
    current_version: int = Field(examples=[2])
    number: int = Field(description="The version that is shown.", examples=[2])
    subject: str = Field(examples=["Welcome, {{ name }}"])
    text: str = Field(examples=["Hello {{ name }}, thank you."])
    html: str | None = Field(examples=["<p>Hello {{ name }}</p>"])
    inputs: dict[str, Any] = Field(examples=[_INPUTS])
    created_by: str = Field(examples=["key:first"])
    created_at: datetime = Field(examples=["2026-11-22T09:00:00Z"])
