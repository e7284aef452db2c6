"""The values that the interpreter works with: outcomes of steps, errors, what a run starts with and ends in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from flov7.engine.events import RunStatus


class Settled(StrEnum):
    """How a primitive ended."""

    FINISHED = "finished"
    SKIPPED = "skipped"
    FAILED = "failed"


class ErrorInfo(BaseModel):
    """A failure, as people and handlers see it."""

    model_config = ConfigDict(frozen=True)
    primitive: str
    code: str
    message: str
    hint: str = ""
    attempts: int = 1
    retryable: bool = False
    details: dict[str, Any] = {}


class StepFailure(Exception):
    """Raised inside the interpreter where a step fails for good."""

    def __init__(self, error: ErrorInfo) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one primitive ended in one frame.

    `side` is what a condition chose, `error` is set where a failure did not fail the list, `said_no` marks a gate
    that lets nothing after it start, `size` is roughly the bytes of the output. A plain dataclass: one is made for
    every step of every run.
    """

    settled: Settled
    output: Any = None
    side: str | None = None
    error: ErrorInfo | None = None
    said_no: bool = False
    size: int = 0

    @property
    def finished(self) -> bool:
        """Whether what waits for it may start."""
        return self.settled is Settled.FINISHED


SKIPPED = Outcome(settled=Settled.SKIPPED)


class RunInput(BaseModel):
    """What a run begins with."""

    model_config = ConfigDict(frozen=True)
    execution_id: str
    workspace_id: str
    workflow_id: str | None = None
    trigger: str
    payload: Any = None
    headers: dict[str, str] = {}
    query: dict[str, Any] = {}
    params: dict[str, str] = {}
    event_id: str | None = None
    at: str = Field(description="When the event was accepted: the run's clock starts here.")
    seed: str = Field(description="Seed of the run's randomness.")
    state: RunState | None = Field(default=None, description="What is already known: hand-over, fresh start, re-run.")

    def trigger_value(self) -> dict[str, Any]:
        """What `trigger` is in expressions."""
        return {
            "payload": self.payload,
            "headers": self.headers,
            "query": self.query,
            "params": self.params,
            "id": self.event_id,
            "at": self.at,
        }


class LoopProgress(BaseModel):
    """How far a loop is: rounds done and their results, some of them in chunks that are kept outside."""

    chunks: list[str] = []
    results: list[Any] = []
    out_of_order: dict[int, Any] = {}

    @property
    def dense(self) -> int:
        """How many rounds from the first on are in `results`."""
        return len(self.results)


class RecordedEffect(BaseModel):
    """An effect of the run that this one repeats: its input's digest and its output."""

    model_config = ConfigDict(frozen=True)
    digest: str
    output: Any = None


class RunState(BaseModel):
    """All that outlives a fresh start: the one class for continue-as-new, hand-over and re-run."""

    outcomes: dict[str, Outcome] = {}
    loops: dict[str, LoopProgress] = {}
    deadlines: dict[str, str] = {}
    early: dict[str, list[Any]] = {}
    reused: list[str] = Field(default=[], description="Keys whose outcome comes from the run that this one repeats.")
    recorded: dict[str, RecordedEffect] = Field(default={}, description="Effects of the run that this one repeats.")
    edits: dict[str, dict[str, Any]] = Field(default={}, description="Input fields that a person changed, by step.")
    agreed: bool = Field(default=False, description="A person agreed that effects with other input are done again.")
    event_number: int = 0
    handled: list[ErrorInfo] = []
    paused: bool = False
    started: bool = False
    generation: int = 0


class Unmet(BaseModel):
    """An expectation that does not hold, or could not be evaluated, with the values that it saw."""

    model_config = ConfigDict(frozen=True)
    name: str
    check: str
    saw: dict[str, Any] = {}
    problem: str = ""


class RunResult(BaseModel):
    """How a run ended."""

    model_config = ConfigDict(frozen=True)
    status: RunStatus
    output: Any = None
    error: ErrorInfo | None = None
    unmet: tuple[Unmet, ...] = ()
    handled: tuple[ErrorInfo, ...] = ()


RunInput.model_rebuild()
