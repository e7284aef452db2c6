"""What can be said to a run. Each takes one small class and is answered with `Reply`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    by: str = Field(default="", description="Who says it, for the record.")


class Cancel(_Message):
    """End the run: nothing new starts, what runs is given up, waits end."""

    type: Literal["cancel"] = "cancel"
    reason: str = ""


class Pause(_Message):
    """Start nothing new until resumed; what runs ends."""

    type: Literal["pause"] = "pause"


class Resume(_Message):
    """Go on after a pause."""

    type: Literal["resume"] = "resume"


class Approve(_Message):
    """Decide an approval. `step` is the name, or the key with the loops' rounds."""

    type: Literal["approve"] = "approve"
    step: str
    decision: Literal["approved", "rejected"] = "approved"
    comment: str | None = None


class Answer(_Message):
    """Answer a question."""

    type: Literal["answer"] = "answer"
    step: str
    answer: Any = None


class Callback(_Message):
    """The outside calls back."""

    type: Literal["callback"] = "callback"
    step: str
    payload: Any = None


class Resolve(_Message):
    """Decide a step in doubt: it was done (with this output), repeat it, or let it fail."""

    type: Literal["resolve"] = "resolve"
    step: str
    verdict: Literal["done", "repeat", "fail"]
    output: Any = None


Message = Annotated[Cancel | Pause | Resume | Approve | Answer | Callback | Resolve, Field(discriminator="type")]


class Envelope(BaseModel):
    """A message on its way to a run."""

    model_config = ConfigDict(frozen=True)
    message: Message


class Reply(BaseModel):
    """What became of a message; `waiting` lists the steps that do wait, where it found none."""

    model_config = ConfigDict(frozen=True)
    accepted: bool
    problem: str = ""
    waiting: tuple[str, ...] = ()
