"""What happened in a run: numbered, frozen, the same in every runtime. Everything that is shown comes from these."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """What can happen. `step.*` carry `step` and `path`, the rounds of the loops around it."""

    RUN_STARTED = "run.started"
    RUN_PAUSED = "run.paused"
    RUN_RESUMED = "run.resumed"
    RUN_CANCELLING = "run.cancelling"
    RUN_FINISHED = "run.finished"
    STEP_STARTED = "step.started"
    STEP_FINISHED = "step.finished"
    STEP_PASSED = "step.passed_over"
    STEP_SKIPPED = "step.skipped"
    STEP_FAILED = "step.failed"
    STEP_RETRYING = "step.retrying"
    STEP_WAITING = "step.waiting"
    STEP_IN_DOUBT = "step.in_doubt"
    STEP_RESOLVED = "step.resolved"
    STEP_REUSED = "step.reused"


class RunStatus(StrEnum):
    """Where a run is. The last five are ends."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    IN_DOUBT = "in_doubt"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNMET = "unmet"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"

    @property
    def is_end(self) -> bool:
        """Whether nothing comes after it."""
        return self in ENDS


ENDS = frozenset([RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.UNMET, RunStatus.CANCELLED, RunStatus.TIMED_OUT])


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One thing that happened. `number` counts from 1 in a run; `at` is ISO 8601 in UTC; `data` is JSON."""

    number: int
    type: str
    at: str
    step: str | None = None
    path: str = ""
    data: dict[str, Any] = field(default_factory=dict[str, Any])

    def as_json(self) -> dict[str, Any]:
        """The event as it is stored and sent: `{n, type, at, step, path, data}`."""
        return {
            "n": self.number,
            "type": self.type,
            "at": self.at,
            "step": self.step,
            "path": self.path,
            "data": self.data,
        }

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> RunEvent:
        """The event that `as_json` wrote."""
        rest = {key: value for key, value in body.items() if key != "n"}
        return cls(number=body["n"], **rest)
