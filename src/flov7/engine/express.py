"""The express runs of this process: begun, renewed, recorded in batches, handed over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from flov7.engine.backlog import Backlog, Begin
from flov7.engine.interpreter.prepare import PreparedPlan
from flov7.engine.messages import Message, Reply
from flov7.engine.pace import Pace
from flov7.engine.perform import Performer
from flov7.engine.runtimes.express import (
    ExpressRun,
    Handover,
    deliver,
    is_fenced,
    prepare_express,
    run_express,
    utc_now,
)
from flov7.engine.runtimes.temporal.jobs import RunFacts
from flov7.engine.settings import EngineSettings
from flov7.engine.sink import Publish
from flov7.engine.values import RunInput, RunResult
from flov7.kit.errors import FlowError
from flov7.store.database import Database
from flov7.store.executions import Execution
from flov7.store.journal import Entry

HandOver = Callable[[Entry, Handover], Awaitable[None]]
Notify = Callable[[Execution], Awaitable[None]]


class ExpressHouse:
    """All express runs under our lease."""

    def __init__(
        self,
        *,
        database: Database,
        performer: Performer,
        publish: Publish,
        notify: Notify,
        settings: EngineSettings,
    ) -> None:
        self._database = database
        self._performer = performer
        self._publish = publish
        self._notify = notify
        self._settings = settings
        self._runs: dict[str, ExpressRun] = {}
        self._pace = Pace(most=settings.express_slots)
        self._backlog = Backlog(database.journal, lease_seconds=settings.lease_seconds)

    def begin(self, plan: PreparedPlan, start: RunInput, facts: RunFacts, *, epoch: int, hand_over: HandOver) -> None:
        """Run it in this process, as soon as there is time: what runs must not keep new events from being taken."""
        express = prepare_express(
            plan,
            start,
            epoch=epoch,
            database=self._database,
            performer=self._performer,
            limit=self._settings.express_limit,
        )
        self._runs[start.execution_id] = express
        express.renewed = asyncio.get_running_loop().time()
        express.task = asyncio.create_task(self._run(express, facts, hand_over))

    @property
    def room(self) -> int:
        """How many more may wait in memory; what comes beyond that is kept by its number."""
        return self._settings.express_line - self._pace.waiting

    @property
    def full(self) -> bool:
        """Whether what comes now waits behind the line: it is full, or others wait behind it already."""
        return self.room <= 0 or len(self._backlog) > 0

    def keep(self, execution_id: str, *, begin: Begin) -> None:
        """A run that was accepted while it was `full`, under a lease of `backlog.LEASES` leases: it begins later."""
        self._backlog.add(execution_id, room=lambda: self.room, begin=begin)

    async def bring(self, execution_id: str, *, begin: Begin) -> None:
        """Begin a run now that waits behind the line, because somebody has something to say to it."""
        await self._backlog.bring(execution_id, begin=begin)

    def task(self, execution_id: str) -> asyncio.Task[RunResult | None] | None:
        """The task of a run that is here; its result is None where the run was handed over."""
        express = self._runs.get(execution_id)
        return None if express is None else express.task

    def deliver(self, execution_id: str, message: Message) -> Reply | None:
        """Hand a message to a run that is here; None where it is not."""
        express = self._runs.get(execution_id)
        return None if express is None else deliver(express, message)

    async def _run(self, express: ExpressRun, facts: RunFacts, hand_over: HandOver) -> RunResult | None:
        try:
            async with self._pace:
                result = await run_express(express)
            if isinstance(result, Handover):
                await self._give(express, result, hand_over)
                return None
            await self._record(express, facts, result)
            return result
        except FlowError as error:
            if is_fenced(error):
                return None  # another process has it; that one records it
            raise
        finally:
            self._runs.pop(express.start.execution_id, None)

    async def _give(self, express: ExpressRun, handed: Handover, hand_over: HandOver) -> None:
        start = express.start
        state = None if handed.state is None else handed.state.model_dump(mode="json")
        outputs = {"state": state, "events": handed.events}
        journal = self._database.journal
        await journal.save_outputs(
            start.execution_id, workspace_id=start.workspace_id, epoch=express.epoch, outputs=outputs
        )
        entry = await journal.hand_over(start.execution_id, epoch=express.epoch, seconds=self._settings.lease_seconds)
        await hand_over(entry, handed)

    async def _record(self, express: ExpressRun, facts: RunFacts, result: RunResult) -> None:
        start = express.start
        events = [event.as_json() for event in express.runtime.events]
        execution = Execution(
            id=start.execution_id,
            workspace_id=start.workspace_id,
            workflow_id=start.workflow_id or "",
            workflow_version=facts.workflow_version,
            plan_digest=facts.plan_digest,
            mode="express",
            status=result.status.value,
            trigger=start.trigger,
            event_id=start.event_id or start.execution_id,
            created_at=express.runtime.begins,
            started_at=express.runtime.begins,
            finished_at=utc_now(),
            input=start.payload,
            output=result.output,
            error=None if result.error is None else result.error.model_dump(mode="json"),
            unmet=[one.model_dump(mode="json") for one in result.unmet] or None,
            handled=[one.model_dump(mode="json") for one in result.handled] or None,
        )
        await self._database.executions.finish(execution, events=events, epoch=express.epoch)
        await self._publish(start.workspace_id, start.execution_id, events)
        if result.status.value in ("failed", "timed_out", "unmet"):
            await self._notify(execution)

    async def renew_forever(self) -> None:
        """Hold the leases of long runs, until cancelled; a run whose lease is lost is given up."""
        every = self._settings.lease_seconds / 3
        while True:
            await asyncio.sleep(every / 2)
            now = asyncio.get_running_loop().time()
            due = {key: one for key, one in self._runs.items() if now - one.renewed > every}
            with contextlib.suppress(FlowError):
                if due:
                    await self._renew(due)
                await self._backlog.renew()

    async def _renew(self, due: dict[str, ExpressRun]) -> None:
        """All in one statement: under load there are thousands."""
        until = utc_now() + timedelta(seconds=self._settings.lease_seconds)
        epochs = {key: one.epoch for key, one in due.items()}
        held = await self._database.journal.renew_all(epochs, until=until)
        now = asyncio.get_running_loop().time()
        for key, one in due.items():
            if key in held:
                one.renewed = now
            elif key in self._runs and one.task is not None:  # neither ours nor just ended
                one.task.cancel()

    async def drain(self, *, seconds: float = 10.0) -> None:
        """Let what runs end before the process does."""
        tasks = [one.task for one in self._runs.values() if one.task is not None]
        if tasks:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), timeout=seconds)

    def health(self) -> dict[str, Any]:
        """How many run here now."""
        here, behind = len(self._runs), len(self._backlog)
        detail = f"{here} express runs in this process, {self._pace.waiting} of them in line, {behind} behind it"
        return {"ok": True, "detail": detail, "runs": here, "behind": behind}
