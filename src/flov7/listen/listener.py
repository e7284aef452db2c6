"""The listener: claims subscriptions, holds their leases, and lets go of what is no longer ours."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flov7.engine.plans import StoredPlans
from flov7.engine.turned_away import TurnedAway
from flov7.kit.errors import Conflict, FlowError, StepFailed, StepRefused
from flov7.kit.ids import new_id
from flov7.listen.accepting import Acceptance, Starter, plan_of
from flov7.listen.settings import ListenSettings
from flov7.listen.sources import Source, Sources
from flov7.observability.metrics import Metrics
from flov7.primitives.declare import Log
from flov7.store.subscriptions import Held, Subscriptions

LOOK_EVERY = 1.0
"""Seconds between two looks for subscriptions that nobody listens for."""
_AT_ONCE = 20
"""Claimed in one look: with several listeners, each gets its share of what is free."""
_GIVE_UP_ENDING = 40
_LONGEST = {True: 60.0, False: 300.0}
"""The longest pause between two tries, by whether a repeat can help."""


@dataclass
class _Task:
    held: Held
    task: asyncio.Task[None]
    hears: bool = False


class Listener:
    """One per process; `run` it. What it held is free at once when it ends, and after the lease when it dies."""

    def __init__(
        self,
        *,
        subscriptions: Subscriptions,
        sources: Sources,
        plans: StoredPlans,
        engine: Starter,
        away: TurnedAway,
        metrics: Metrics,
        settings: ListenSettings,
        log: Log,
    ) -> None:
        self._subscriptions = subscriptions
        self._sources = sources
        self._plans = plans
        self._engine = engine
        self._away = away
        self._metrics = metrics
        self._settings = settings
        self._log = log
        self._owner = new_id()
        self._tasks: dict[str, _Task] = {}
        self._looked = time.monotonic()
        self._renewed = time.monotonic()

    async def run(self) -> None:
        """Listen until cancelled."""
        try:
            while True:
                try:
                    await self._look()
                except (FlowError, TimeoutError) as problem:
                    self._log.warning("Cannot look for triggers to listen for", why=str(problem) or "no answer in time")
                await asyncio.sleep(LOOK_EVERY)
        finally:
            await self._let_go(list(self._tasks))

    def health(self) -> Mapping[str, Any]:
        """`ok` and `detail`, as `/health` says it."""
        ago = time.monotonic() - self._looked
        hears = sum(1 for one in self._tasks.values() if one.hears)
        detail = f"listens for {len(self._tasks)} triggers, {hears} of them hear their source"
        return {"ok": ago < 3 * self._settings.listen_lease, "detail": detail, "looked": f"{ago:.1f} s ago"}

    async def _look(self) -> None:
        await self._renew()
        free = self._settings.listen_most - len(self._tasks)
        if free > 0:
            lease = self._settings.listen_lease
            async with asyncio.timeout(lease / 2):
                claimed = await self._subscriptions.claim(self._owner, seconds=lease, limit=min(free, _AT_ONCE))
            for held in claimed:
                await self._let_go([held.id])
                self._tasks[held.id] = _Task(held, asyncio.create_task(self._hold(held)))
        self._looked = time.monotonic()
        hears = sum(1 for one in self._tasks.values() if one.hears)
        self._metrics.subscriptions.labels("hearing").set(hears)
        self._metrics.subscriptions.labels("trying").set(len(self._tasks) - hears)

    async def _renew(self) -> None:
        """Every look while all is well. Where the store does not answer, the leases run out: then we let go."""
        lease = self._settings.listen_lease
        epochs = {key: one.held.epoch for key, one in self._tasks.items()}
        asked = time.monotonic()
        try:
            async with asyncio.timeout(lease / 2):
                ours = await self._subscriptions.renew(self._owner, epochs=epochs, seconds=lease)
        except (FlowError, TimeoutError):
            if time.monotonic() - self._renewed > lease * 0.8:
                await self._let_go(list(self._tasks))
            raise
        self._renewed = asked
        await self._let_go([key for key in epochs if key not in ours])

    async def _let_go(self, ids: list[str]) -> None:
        gone = [self._tasks.pop(key) for key in ids if key in self._tasks]
        for one in gone:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in gone), return_exceptions=True)

    async def _hold(self, held: Held) -> None:
        """Listen, or end it, and note what went wrong; never raises but when cancelled."""
        try:
            await (self._watch(held) if held.live else self._end(held))
        except asyncio.CancelledError:
            with contextlib.suppress(FlowError, TimeoutError):
                await asyncio.wait_for(self._subscriptions.release(held), 2.0)
            raise
        except Conflict:
            pass  # another process listens now
        except FlowError as problem:
            await self._failed(held, problem)
        except Exception as error:  # noqa: BLE001 - a kind's own mistake must not end the listener
            words = f"{type(error).__name__}: {error}"
            await self._failed(held, StepFailed(f"Listening broke: {words}.", code="trigger.broke"))
        if (one := self._tasks.get(held.id)) is not None and one.held is held:
            del self._tasks[held.id]

    async def _watch(self, held: Held) -> None:
        async def heard() -> None:
            if (one := self._tasks.get(held.id)) is not None:
                one.hears = True
            await self._subscriptions.heard(held)

        plan = await plan_of(self._plans, held)
        acceptance = Acceptance(held, plan, engine=self._engine, away=self._away, metrics=self._metrics)
        made = await self._sources.ready(_source(held), state=held.state, heard=heard)
        async with contextlib.aclosing(made.watcher.watch(made.context, made.inputs)) as batches:
            async for batch in batches:
                delivered = await acceptance.accept(batch.events)
                await self._subscriptions.save(held, state=batch.state, delivered=delivered)
        raise StepFailed("The source ended by itself.", hint="It is asked again.", code="trigger.ended")

    async def _end(self, held: Held) -> None:
        try:
            await self._sources.unsubscribe(_source(held), state=held.state)
        except FlowError as problem:
            if held.attempts < _GIVE_UP_ENDING:
                raise
            facts = {"trigger": held.trigger, "subscription": held.id, "why": problem.message}
            self._log.warning("Gave up ending a subscription; look for what is left of it at its source", **facts)
        await self._subscriptions.forget(held)

    async def _failed(self, held: Held, problem: FlowError) -> None:
        refused = isinstance(problem, StepRefused) or not problem.retryable
        one = self._tasks.get(held.id)
        attempts = 0 if one is not None and one.hears else held.attempts
        pause = min(_LONGEST[not refused], (5.0 if refused else 1.0) * 2 ** min(attempts, 10))
        if not attempts:
            facts = {"trigger": held.trigger, "kind": held.kind, "workflow_id": held.workflow_id}
            self._log.warning("A trigger hears nothing", **facts, why=problem.message, mend=problem.hint)
        with contextlib.suppress(FlowError):
            await self._subscriptions.fail(held, error=problem.as_json(), again_in=pause)


def _source(held: Held) -> Source:
    return Source(
        workspace_id=held.workspace_id,
        subscription=held.id,
        trigger=held.trigger,
        kind=held.kind,
        config=held.config,
    )
