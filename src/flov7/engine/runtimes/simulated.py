"""Runs a plan with no outside: effects come from samples, time is skipped, messages from a script.

It has an event loop of its own whose clock jumps to the next timer when nothing else is left to do, so thirty days
pass in milliseconds.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flov7.engine.events import RunEvent
from flov7.engine.interpreter.prepare import PreparedPlan, prepare
from flov7.engine.interpreter.run import FreshStart, Run
from flov7.engine.ledger import MemoryLedger
from flov7.engine.messages import Message, Reply
from flov7.engine.perform import Performer, Work
from flov7.engine.runtime import CallRequest, CallResult, ChildRequest, child_failed
from flov7.engine.values import RunInput, RunResult, RunState, StepFailure
from flov7.language.plan import Plan
from flov7.primitives.registry import Registry


class _SkippingSelector(selectors.DefaultSelector):  # pyright: ignore[reportGeneralTypeIssues, reportUntypedBaseClass]
    """Never sleeps: where the loop would wait for a timer, its clock jumps there."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        """What is ready now; a wait moves the clock instead."""
        ready = super().select(0)
        if not ready and timeout is None:
            raise Stuck
        if not ready and timeout:
            self.skipped += timeout
        return ready


class Stuck(Exception):
    """Nothing is left that could go on: the run waits for a message that nobody sends."""


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop in which time costs nothing."""

    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)
        # a year from its start a float counts in 4 ns: with asyncio's own 1 ns a timer would never be due
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds of the loop's own time: only waits move it."""
        return self._skipping.skipped


@dataclass
class Script:
    """What the world does in a simulation.

    `outside` does the calls; without it a call gives `samples[step]`, or null. `messages` are sent when the step
    that they name waits for them, in this order, each `(after seconds, message)`.
    """

    outside: Work | None = None
    samples: dict[str, Any] = field(default_factory=dict[str, Any])
    messages: Sequence[tuple[float, Message]] = ()
    children: dict[str, Plan] = field(default_factory=dict[str, Plan])
    fresh_every: int = 0


@dataclass(slots=True)
class Simulation:
    """What a simulated run did. `stuck` names the steps that wait for a message that never comes."""

    result: RunResult | None
    events: list[RunEvent]
    calls: list[CallRequest]
    replies: list[Reply]
    stuck: tuple[str, ...] = ()
    generations: int = 1


class SimulatedRuntime:
    """The port, with nothing behind it."""

    def __init__(self, script: Script, *, begins: datetime, registry: Registry) -> None:
        self._script = script
        self._begins = begins
        self._registry = registry
        self._since_fresh = 0
        self._performer = Performer(script.outside or self._sample, ledger=MemoryLedger())
        self.events: list[RunEvent] = []
        self.calls: list[CallRequest] = []

    async def call(self, request: CallRequest) -> CallResult:
        """What the script says, under a ledger in memory; time passes as on a real call."""
        self.calls.append(request)
        self._since_fresh += 1
        return await self._performer.perform(request)

    async def _sample(self, request: CallRequest, key: str | None) -> Any:
        return self._script.samples.get(request.step)

    async def child(self, request: ChildRequest) -> CallResult:
        """Simulates the other workflow too."""
        plan = self._script.children.get(request.child.workflow)
        if plan is None:
            return CallResult(status="done", output=self._script.samples.get(request.key))
        begin = RunInput(
            execution_id=f"{request.execution_id}/{request.key}",
            workspace_id=request.workspace_id,
            trigger=plan.parts[0].triggers[0].name,
            payload=request.payload,
            at=self.now().isoformat(),
            seed=request.key,
        )
        inner = Run(
            prepare(plan, self._registry),
            begin,
            SimulatedRuntime(self._script, begins=self._begins, registry=self._registry),
        )
        result = await inner.execute()
        if result.status != "succeeded":
            told = result.error.message if result.error else f"It ended {result.status.value}."
            error = child_failed(request, told)
            return CallResult(status="failed", error=error)
        return CallResult(status="done", output=result.output)

    async def sleep(self, seconds: float) -> None:
        """Lets the loop's time jump."""
        await asyncio.sleep(seconds)

    def may_wait(self) -> bool:
        """Time costs nothing here."""
        return True

    async def about_to_wait(self) -> None:
        """Nobody watches."""

    async def breathe(self) -> None:
        """Nobody else is here."""
        await asyncio.sleep(0)

    async def pure(self, step: str, key: str, scope: dict[str, Any]) -> CallResult | None:
        """Here is as good as elsewhere."""
        return None

    def now(self) -> datetime:
        """When the run began, and the loop's time since."""
        return self._begins + timedelta(seconds=asyncio.get_running_loop().time())

    def emit(self, event: RunEvent) -> None:
        """Keep it."""
        self.events.append(event)

    def wants_fresh_start(self) -> bool:
        """After as many calls as the script says."""
        return bool(self._script.fresh_every) and self._since_fresh >= self._script.fresh_every

    def begin_afresh(self) -> None:
        """A new generation has an empty history."""
        self._since_fresh = 0

    async def keep_chunk(self, key: str, number: int, values: list[Any]) -> str | None:
        """Memory is as good."""
        return None

    async def load_chunks(self, references: list[str]) -> list[Any]:
        """There are none."""
        return []


def simulate(
    plan: PreparedPlan,
    registry: Registry,
    *,
    payload: Any = None,
    trigger: str | None = None,
    script: Script | None = None,
    begins: datetime | None = None,
    state: RunState | None = None,
    execution_id: str = "simulated",
) -> Simulation:
    """Simulate one run, in a thread of its own, in its own time."""
    begin = RunInput(
        execution_id=execution_id,
        workspace_id="simulated",
        trigger=trigger or next(iter(plan.blocks)),
        payload=payload,
        at=(begins or datetime(2026, 1, 1, tzinfo=UTC)).isoformat(),
        seed=execution_id,
        state=state,
    )
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="simulation") as threads:
        return threads.submit(_simulate, plan, registry, begin, script or Script()).result()


def _simulate(plan: PreparedPlan, registry: Registry, begin: RunInput, script: Script) -> Simulation:
    runtime = SimulatedRuntime(script, begins=datetime.fromisoformat(begin.at), registry=registry)
    simulation = Simulation(result=None, events=runtime.events, calls=runtime.calls, replies=[])
    loop = SkippingLoop()
    try:
        loop.run_until_complete(_generations(plan, begin, runtime, script, simulation))
    except Stuck:
        simulation.stuck = tuple(
            dict.fromkeys(
                e.path + (e.step or "") for e in runtime.events if e.type == "step.waiting" or e.type == "step.in_doubt"
            )
        )
        _give_up(loop)
    finally:
        loop.close()
    return simulation


def _give_up(loop: SkippingLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


async def _generations(
    plan: PreparedPlan, begin: RunInput, runtime: SimulatedRuntime, script: Script, simulation: Simulation
) -> None:
    current: list[Run] = []
    sender = asyncio.ensure_future(_send(current, script, simulation))
    state = begin.state
    while simulation.result is None:
        run = Run(plan, begin.model_copy(update={"state": state}), runtime)
        current[:] = [run]
        try:
            simulation.result = await run.execute()
        except FreshStart as fresh:
            state = RunState.model_validate_json(fresh.state.model_dump_json())
            simulation.generations += 1
            runtime.begin_afresh()
        except StepFailure as failure:  # pragma: no cover - the interpreter turns these into outcomes
            raise AssertionError(failure.error) from failure
    sender.cancel()


async def _send(current: list[Run], script: Script, simulation: Simulation) -> None:
    for after, message in script.messages:
        await asyncio.sleep(after)
        simulation.replies.append(current[0].deliver(message))
