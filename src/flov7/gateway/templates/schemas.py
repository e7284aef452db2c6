"""What goes in and comes out for templates."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flov7.gateway.workflows.schemas import DOCUMENT
from flov7.marketplace.template import Area, Parameter

Shelf = Literal["builtin", "workspace", "community"]


class TemplateIn(BaseModel):
    """A template to publish, as it was exported or as one writes it."""

    model_config = ConfigDict(extra="ignore")
    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{2,60}$", examples=["big-orders-wait"])
    title: str = Field(min_length=3, max_length=120, examples=["Big orders wait"])
    summary: str = Field(default="", max_length=500, examples=["A person looks at big orders."])
    area: Area = Field(examples=["sales"])
    industry: str = Field(default="", max_length=60, examples=["retail"])
    prompt: str = Field(
        min_length=3, max_length=2000, examples=["When an order over 1000 comes in, wait for approval."]
    )
    parameters: list[Parameter] = Field(default=[], max_length=50, examples=[[]])
    sample: Any = Field(default=None, examples=[{"order": {"total": 5}}])
    document: dict[str, Any] = Field(examples=[DOCUMENT])


class Brief(BaseModel):
    """A template in a list."""

    slug: str = Field(examples=["welcome-email"])
    title: str = Field(examples=["Welcome e-mail"])
    summary: str = Field(examples=["When someone signs up, e-mail them a welcome."])
    area: str = Field(examples=["sales"])
    industry: str = Field(examples=[""])
    complexity: str = Field(examples=["simple"])
    shelf: Shelf = Field(examples=["builtin"])
    version: int = Field(examples=[1])
    state: str = Field(description="`workspace`, `proposed`, `community` or `refused`.", examples=["community"])
    rating: float | None = Field(
        description="Stars on average, from 1 to 5, by this workspace's people.", examples=[4.5]
    )
    ratings: int = Field(examples=[2])


class Whole(Brief):
    """A template with all that is in it; this is what is exported, and published again elsewhere."""

    prompt: str = Field(examples=["When someone signs up, e-mail them a welcome."])
    parameters: list[Parameter] = Field(examples=[[]])
    sample: Any = Field(examples=[{"user": {"email": "ada@example.com"}}])
    document: dict[str, Any] = Field(examples=[DOCUMENT])


class Use(BaseModel):
    """How a template is to be set: by values, by what a sentence says, or both; values count more."""

    model_config = ConfigDict(extra="forbid")
    values: dict[str, str | int | float] = Field(default={}, examples=[{"limit": 500}])
    sentence: str = Field(default="", max_length=4000, examples=["Over 500, and mail boss@acme.test"])


class Used(BaseModel):
    """The document that the template becomes, and how each parameter was set."""

    document: dict[str, Any] = Field(examples=[DOCUMENT])
    values: dict[str, Any] = Field(examples=[{"limit": 500}])


class Stars(BaseModel):
    """What one thinks of a template."""

    model_config = ConfigDict(extra="forbid")
    stars: int = Field(ge=1, le=5, examples=[4])


class Review(BaseModel):
    """What a reviewer says of a proposed template."""

    model_config = ConfigDict(extra="forbid")
    accept: bool = Field(examples=[True])
