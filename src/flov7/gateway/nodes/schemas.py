"""What goes in and comes out for nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flov7.primitives.nodes import About

CODE = "def run(inputs):\n    return {'total': sum(inputs['prices'])}\n"
TESTS = "def test_sum():\n    assert run({'prices': [1, 2]}) == {'total': 3}\n"
ABOUT = {
    "title": "Sum of prices",
    "summary": "Adds prices up.",
    "inputs": {"type": "object", "properties": {"prices": {"type": "array"}}, "required": ["prices"]},
    "outputs": {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]},
}


class NodeIn(BaseModel):
    """A node to be written from a sentence, or one that you wrote, with its tests."""

    model_config = ConfigDict(extra="forbid")
    sentence: str | None = Field(default=None, min_length=3, max_length=5000, examples=["Add up prices"])
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{1,40}$", examples=["sum_prices"])
    about: About | None = Field(default=None, examples=[ABOUT])
    code: str | None = Field(default=None, max_length=20_000, examples=[CODE])
    tests: str | None = Field(default=None, max_length=20_000, examples=[TESTS])


class ReviewIn(BaseModel):
    """A person's decision about a version."""

    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=1, examples=[1])
    accept: bool = Field(examples=[True])


class NodeOut(BaseModel):
    """One version of a node: what it declares, its code, its tests, and what they showed."""

    name: str = Field(examples=["sum_prices"])
    version: int = Field(examples=[1])
    kind: str = Field(examples=["node.sum_prices"])
    state: Literal["proposed", "accepted", "refused"] = Field(examples=["proposed"])
    about: About = Field(examples=[ABOUT])
    code: str = Field(examples=[CODE])
    tests: str = Field(examples=[TESTS])
    report: dict[str, Any] = Field(examples=[{"ok": True, "noticed": 4, "changes": 4, "problems": []}])
    made_by: str = Field(examples=["first"])
    reviewed_by: str | None = Field(examples=[None])
    created_at: datetime
