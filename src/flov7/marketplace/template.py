"""A template: a workflow to begin with, what it is for, and what may be set in it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from flov7.marketplace.complexity import Complexity, complexity

AREAS = ("sales", "support", "finance", "hr", "operations", "engineering", "data")
Area = Literal["sales", "support", "finance", "hr", "operations", "engineering", "data"]
Sort = Literal["text", "email", "channel", "amount", "url", "time"]


class Parameter(BaseModel):
    """What one sets in a template. In its document `${name}` stands for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$", examples=["limit"])
    about: str = Field(max_length=300, examples=["From which amount on a person decides."])
    default: str | int | float = Field(examples=[1000])
    sort: Sort = Field(default="text", description="What a sentence is searched for to set it.")


class Template(BaseModel):
    """A workflow to begin with. `sample` is a payload that its test runs it with."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{2,60}$", examples=["big-orders-wait"])
    title: str = Field(min_length=3, max_length=120)
    summary: str = Field(default="", max_length=500)
    area: Area
    industry: str = Field(default="", max_length=60, description="Empty where it fits any.")
    prompt: str = Field(min_length=3, max_length=2000, description="The sentence that asks for it.")
    parameters: tuple[Parameter, ...] = ()
    sample: Any = None
    document: dict[str, Any]

    @computed_field
    @property
    def complexity(self) -> Complexity:
        """Its class, by its document."""
        return complexity(self.document)
