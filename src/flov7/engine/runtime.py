"""The port through which the interpreter asks for everything impure.

Promises of every implementation: `call` never raises for what the outside does; the same call with the same key
changes the outside at most once unless a person said `again`; `now` and `random` are the run's own and repeat on a
replay; `emit` may be lost, and is repaired by the final record.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from flov7.engine.events import RunEvent
from flov7.engine.values import ErrorInfo
from flov7.language.catalogue import Queue
from flov7.language.effects import Effect
from flov7.language.plan import Child, Credential


class CallRequest(BaseModel):
    """One call of a kind that reaches outside. `key` is step and rounds; `number` counts calls of one step."""

    model_config = ConfigDict(frozen=True)
    execution_id: str
    workspace_id: str
    workflow_id: str = ""
    step: str
    key: str
    number: int = 0
    attempt: int = 1
    type: str
    kind: str
    inputs: Any
    operation: dict[str, Any] | None = Field(default=None, description="How a connector's operation is called.")
    credential: Credential | None = None
    credentials: dict[str, Credential] = Field(default={}, description="Connections of the tools of a step, by name.")
    effect: Effect
    takes_key: bool = False
    timeout: float
    queue: Queue = Queue.LOCAL
    again_after: int = Field(default=0, description="A person said: repeat it, once, after so many attempts.")


class CallResult(BaseModel):
    """What became of a call. `in_doubt`: it began, and nobody knows whether it happened."""

    model_config = ConfigDict(frozen=True)
    status: Literal["done", "failed", "in_doubt"]
    output: Any = None
    error: ErrorInfo | None = None
    retry_after: float | None = None
    recorded: bool = False
    attempts: int = Field(default=0, description="What the ledger counts, for one who says: repeat.")


class ChildRequest(BaseModel):
    """Start another workflow as a step."""

    model_config = ConfigDict(frozen=True)
    execution_id: str
    workspace_id: str
    key: str
    child: Child
    payload: Any = None


class Runtime(Protocol):
    """What a way to run gives to the interpreter."""

    async def call(self, request: CallRequest) -> CallResult:
        """One attempt of one call."""
        ...

    async def child(self, request: ChildRequest) -> CallResult:
        """Run another workflow and wait for it, unless `child.wait` is false."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let the run's time pass."""
        ...

    def may_wait(self) -> bool:
        """Whether a wait for a person, a message or a date may happen here; else the run is handed over."""
        ...

    async def about_to_wait(self) -> None:
        """Make sure that people see what is waited for: nothing else may happen in this run for long."""
        ...

    async def breathe(self) -> None:
        """After much pure work: let the process do something else."""
        ...

    async def pure(self, step: str, key: str, scope: dict[str, Any]) -> CallResult | None:
        """Run a pure step over large values elsewhere; None where here is as good."""
        ...

    def now(self) -> datetime:
        """The run's time, with zone UTC."""
        ...

    def emit(self, event: RunEvent) -> None:
        """Say what happened."""
        ...

    def wants_fresh_start(self) -> bool:
        """Whether the run's history has grown so long that it should continue afresh."""
        ...

    async def keep_chunk(self, key: str, number: int, values: list[Any]) -> str | None:
        """Keep results of a loop outside and give a reference; None where memory is as good."""
        ...

    async def load_chunks(self, references: list[str]) -> list[Any]:
        """The results behind references, joined in order."""
        ...


def child_failed(request: ChildRequest, message: str) -> ErrorInfo:
    """The failure of a step whose other workflow did not end well."""
    return ErrorInfo(
        primitive=request.key,
        code="workflow.failed",
        message=f"`{request.child.workflow}` did not end well: {message}",
        hint="Look at that run.",
    )
