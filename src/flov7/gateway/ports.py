"""What the gateway asks of the rooms below it, as far as a test or another implementation may stand in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from flov7.engine.messages import Message, Reply
from flov7.engine.start import Rerun, Started, StartRequest
from flov7.engine.values import RunResult
from flov7.language.library import Library
from flov7.language.plan import Plan


class Engine(Protocol):
    """Starts runs and talks to them. What it accepts is committed before it answers."""

    async def start(self, request: StartRequest) -> Started:
        """Journal the event and start its run; without Temporal it is started later. Raises Unavailable."""
        ...

    async def wait(self, started: Started, *, workspace_id: str, seconds: float) -> RunResult | None:
        """The result, or None where it takes longer."""
        ...

    async def send(self, workspace_id: str, execution_id: str, message: Message) -> Reply:
        """Say something to a run. Raises NotFound, Conflict where it has ended, Unavailable."""
        ...

    async def rerun(
        self, workspace_id: str, execution_id: str, *, step: str, edits: dict[str, Any], agreed: bool, actor: str = ""
    ) -> Rerun:
        """A new run that takes what stands above `step` from this one; asks before effects are done again."""
        ...

    async def activate(
        self, workspace_id: str, *, workflow_id: str, version: int, plan: Plan, plan_digest: str
    ) -> None:
        """Make a version's schedules run. Raises Unavailable."""
        ...

    async def deactivate(self, workspace_id: str, *, workflow_id: str) -> None:
        """End a workflow's schedules. Raises Unavailable."""
        ...

    async def schedules(self, workspace_id: str, *, workflow_id: str) -> list[dict[str, Any]]:
        """Next runs, whether paused, what ran last."""
        ...

    async def pause_schedule(self, workspace_id: str, *, workflow_id: str, trigger: str, note: str = "") -> None:
        """Let a schedule start nothing until resumed."""
        ...

    async def resume_schedule(self, workspace_id: str, *, workflow_id: str, trigger: str) -> None:
        """Let a schedule go on."""
        ...

    async def health(self) -> dict[str, dict[str, Any]]:
        """Its peers by name, each with `ok` and `detail`."""
        ...


class Draft(Protocol):
    """What a drafter made of what was said so far."""

    @property
    def text(self) -> str:
        """What is said to the person."""
        ...

    @property
    def document(self) -> dict[str, Any] | None:
        """The document, where there is one already."""
        ...

    @property
    def questions(self) -> Sequence[str]:
        """What has to be known before it can go on."""
        ...

    @property
    def details(self) -> dict[str, Any]:
        """What people see beside the document: diff, explanation, manifest, open questions, confidence, cost, …"""
        ...


class Drafter(Protocol):
    """Turns sentences into documents."""

    async def reply(
        self,
        conversation: Sequence[dict[str, Any]],
        text: str,
        *,
        library: Library | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Draft:
        """The next draft; `conversation` is `{role, text, document?}` in order, `library` what the workspace has.

        `progress` is told the stages as they begin.
        """
        ...
