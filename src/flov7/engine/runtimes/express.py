"""Express runs: the same interpreter in this process's own loop, under a lease in the journal.

Faster, not looser: what was accepted is committed before anything runs, a step that writes commits the outputs so
far with its reserve, and whoever takes the run over goes on from them. What waits, is in doubt or takes too long is
handed to Temporal under the same id.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flov7.engine.events import RunEvent
from flov7.engine.interpreter.prepare import PreparedPlan
from flov7.engine.interpreter.run import FreshStart, Run
from flov7.engine.ledger import StoredLedger
from flov7.engine.messages import Message, Reply
from flov7.engine.perform import Performer
from flov7.engine.runtime import CallRequest, CallResult, ChildRequest
from flov7.engine.values import RunInput, RunResult, RunState
from flov7.kit.errors import Conflict
from flov7.store.database import Database


@dataclass(slots=True)
class Handover:
    """A run that goes on elsewhere: its state, None where nothing is known yet, and the events so far."""

    state: RunState | None
    events: list[dict[str, Any]]


@dataclass(slots=True)
class ExpressRun:
    """One run under our lease."""

    start: RunInput
    epoch: int
    runtime: ExpressRuntime
    run: Run
    renewed: float = 0.0
    task: asyncio.Task[RunResult | None] | None = None
    fenced: bool = False


@dataclass
class ExpressRuntime:
    """The port in this process's loop."""

    performer: Performer
    begins: datetime
    limit: float
    events: list[RunEvent] = field(default_factory=list[RunEvent])
    handed: bool = False
    _begun: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    async def call(self, request: CallRequest) -> CallResult:
        """One attempt, here."""
        return await self.performer.perform(request)

    async def child(self, request: ChildRequest) -> CallResult:
        """Children run durably: the interpreter hands the run over before it asks."""
        raise AssertionError("an express run is handed over before a child starts")

    async def sleep(self, seconds: float) -> None:
        """Real time."""
        await asyncio.sleep(seconds)

    def may_wait(self) -> bool:
        """Never here."""
        return False

    async def about_to_wait(self) -> None:
        """Never here: the run was handed over."""

    async def breathe(self) -> None:
        """Let others run."""
        await asyncio.sleep(0)

    async def pure(self, step: str, key: str, scope: dict[str, Any]) -> CallResult | None:
        """Here is as good."""
        return None

    def now(self) -> datetime:
        """When the event was accepted, and the time since."""
        return self.begins + timedelta(seconds=asyncio.get_running_loop().time() - self._begun)

    def emit(self, event: RunEvent) -> None:
        """Keep it for the record."""
        self.events.append(event)

    def wants_fresh_start(self) -> bool:
        """When it has taken too long for a caller who waits."""
        return asyncio.get_running_loop().time() - self._begun > self.limit

    async def keep_chunk(self, key: str, number: int, values: list[Any]) -> str | None:
        """Memory is as good."""
        return None

    async def load_chunks(self, references: list[str]) -> list[Any]:
        """There are none."""
        return []


def prepare_express(
    plan: PreparedPlan, start: RunInput, *, epoch: int, database: Database, performer: Performer, limit: float
) -> ExpressRun:
    """An express run, ready to go."""
    runtime = ExpressRuntime(performer=performer, begins=datetime.fromisoformat(start.at), limit=limit)
    run = Run(plan, start, runtime)

    def so_far() -> dict[str, Any]:
        events = [event.as_json() for event in runtime.events]
        return {"state": run.state.model_dump(mode="json"), "events": events}

    runtime.performer = performer.under(StoredLedger(database.effects, epoch=epoch, outputs=so_far))
    return ExpressRun(start=start, epoch=epoch, runtime=runtime, run=run)


async def run_express(express: ExpressRun) -> RunResult | Handover:
    """Run to the end, or to the point where it must be handed over. Raises Conflict where another took it."""
    try:
        return await express.run.execute()
    except FreshStart as fresh:
        return Handover(fresh.state, [event.as_json() for event in express.runtime.events])


def deliver(express: ExpressRun, message: Message) -> Reply:
    """Hand a message to a run that is here."""
    return express.run.deliver(message)


def is_fenced(error: BaseException) -> bool:
    """Whether another process has taken the run."""
    return isinstance(error, Conflict) and error.error_code == "journal.fenced"


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
