"""One run: what it knows, what it is told, how it ends. Deterministic; all that is impure goes through the runtime."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from flov7.engine.events import EventType, RunEvent, RunStatus
from flov7.engine.interpreter.block import BlockResult, BlockRunner
from flov7.engine.interpreter.inbox import Inbox
from flov7.engine.interpreter.prepare import PreparedNode, PreparedPlan, Render
from flov7.engine.interpreter.scope import Frame, Names, rough_size
from flov7.engine.interpreter.steps import Steps
from flov7.engine.interpreter.stopping import Unfinished
from flov7.engine.messages import Cancel, Message, Pause, Reply, Resume
from flov7.engine.runtime import Runtime
from flov7.engine.values import ErrorInfo, Outcome, RunInput, RunResult, RunState, Unmet
from flov7.kit.errors import FlowError
from flov7.language.expressions import RunClock
from flov7.language.plan import Credential

PURE_BUDGET = 400
"""Pure steps between two breaths: far below what computes for two seconds."""


class FreshStart(Exception):
    """The run should go on from `state` with an empty history."""

    def __init__(self, state: RunState) -> None:
        super().__init__("fresh start")
        self.state = state


class _StepClock:
    """The run's time, and a sequence of chance of its own for each step and round."""

    __slots__ = ("_key", "_run", "_sequence")

    def __init__(self, run: Run, key: str) -> None:
        self._run = run
        self._key = key
        self._sequence: RunClock | None = None

    @property
    def now(self) -> str:
        """The time of this step."""
        return self._run.now_text()

    def random(self) -> float:
        """The next number of the step's own sequence."""
        if self._sequence is None:
            self._sequence = RunClock(self.now, seed=f"{self._run.start.seed}:{self._key}")
        return self._sequence.random()


class Run:
    """Walks a prepared plan from one trigger to an end."""

    def __init__(self, plan: PreparedPlan, start: RunInput, runtime: Runtime) -> None:
        self.plan = plan
        self.start = start
        self.runtime = runtime
        self.state = start.state.model_copy(deep=True) if start.state is not None else RunState()
        self.reused = frozenset(self.state.reused)
        self.steps = Steps(self)
        self.inbox = Inbox(self)
        self.cancelled: Cancel | None = None
        self.fresh = False
        self._resumed: asyncio.Future[None] | None = None
        self._top: BlockRunner | None = None
        self._pure = 0
        self._payload_size: int | None = None

    # what expressions see

    def payload_field(self, field: str | None) -> Any:
        """The payload, or one field of it; null where it is no object."""
        payload = self.start.payload
        if field is None:
            return payload
        return payload.get(field) if isinstance(payload, dict) else None

    def own_value(self, what: str) -> Any:
        """`trigger` or `run`."""
        return (
            self.start.trigger_value() if what == "trigger" else {"id": self.start.execution_id, "now": self.now_text()}
        )

    def now_text(self) -> str:
        """The run's time, ISO 8601 in UTC."""
        return self.runtime.now().isoformat().replace("+00:00", "Z")

    def render(self, render: Render, node: PreparedNode, frame: Frame, *, error: Any = None) -> Any:
        """A node's inputs, with what a person edited laid over them."""
        inputs = self.evaluate(render, node.node.inputs.bindings, frame, key=frame.path + node.node.name, error=error)
        edits = self.state.edits.get(node.node.name)
        return inputs if edits is None else {**inputs, **edits}

    def evaluate(self, render: Render, bindings: Any, frame: Frame, *, key: str, error: Any = None) -> Any:
        """The value of any template."""
        return render(Names(self, frame, bindings, error), _StepClock(self, key))

    # what happens

    def emit(self, type_: EventType, *, step: str | None = None, path: str = "", **data: Any) -> None:
        """Say what happened, under the next number."""
        self.state.event_number += 1
        self.runtime.emit(
            RunEvent(
                number=self.state.event_number, type=type_.value, at=self.now_text(), step=step, path=path, data=data
            )
        )

    @property
    def payload_size(self) -> int:
        """Rough bytes of the payload."""
        if self._payload_size is None:
            self._payload_size = rough_size(self.start.payload)
        return self._payload_size

    def credential(self, connection: str | None) -> Credential | None:
        """The connection of that name as the document declares it, or only its name where the workspace keeps it."""
        if connection is None:
            return None
        declared = self.plan.plan.connections.get(connection)
        return declared or Credential(name=connection, kind="", service="", secret=connection)

    def counts_pure(self) -> bool:
        """Count one pure step; true where it is time to breathe."""
        self._pure += 1
        if self._pure < PURE_BUDGET:
            return False
        self._pure = 0
        return True

    @property
    def held(self) -> bool:
        """Whether nothing new may start just now."""
        return self._resumed is not None

    async def until_resumed(self) -> None:
        """Wait while the run is paused."""
        while self._resumed is not None:
            await asyncio.shield(self._resumed)

    def check_fresh_start(self) -> bool:
        """Whether the run is to go on afresh; asked where steps and rounds end."""
        if not self.fresh and self.runtime.wants_fresh_start():
            self.fresh = True
            if self._top is not None:
                self._top.stop()
            self.inbox.give_up()
        return self.fresh

    def check_may_wait(self) -> None:
        """Where waiting is not possible here: hand the run over. Raises Unfinished."""
        if self.runtime.may_wait():
            return
        self.fresh = True
        if self._top is not None:
            self._top.stop()
        raise Unfinished

    # what it is told

    def deliver(self, message: Message) -> Reply:
        """Take a message; says at once what became of it."""
        match message:
            case Cancel():
                return self._cancel(message)
            case Pause():
                return self._pause(message)
            case Resume():
                return self._resume(message)
            case _:
                return self.inbox.deliver(message)

    def _cancel(self, message: Cancel) -> Reply:
        if self.cancelled is not None:
            return Reply(accepted=False, problem="The run is being cancelled already.")
        self.cancelled = message
        self.emit(EventType.RUN_CANCELLING, by=message.by, reason=message.reason)
        if self._top is not None:
            self._top.cancel()
        self._release()
        return Reply(accepted=True)

    def _pause(self, message: Pause) -> Reply:
        if self.held:
            return Reply(accepted=False, problem="The run is paused already.")
        self._resumed = asyncio.get_running_loop().create_future()
        self.state.paused = True
        self.emit(EventType.RUN_PAUSED, by=message.by)
        return Reply(accepted=True)

    def _resume(self, message: Resume) -> Reply:
        if not self.held:
            return Reply(accepted=False, problem="The run is not paused.")
        self._release()
        self.emit(EventType.RUN_RESUMED, by=message.by)
        return Reply(accepted=True)

    def _release(self) -> None:
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)
        self._resumed = None
        self.state.paused = False

    # from start to end

    async def execute(self) -> RunResult:
        """Run to an end. Raises FreshStart where the run should go on with an empty history."""
        if self.state.paused:
            self._resumed = asyncio.get_running_loop().create_future()
        if not self.state.started:
            self.state.started = True
            self.emit(EventType.RUN_STARTED, trigger=self.start.trigger, event_id=self.start.event_id)
        frame = Frame()
        trigger = self.start.trigger or next(iter(self.plan.blocks))  # a parent does not say which
        self._top = BlockRunner(self, self.plan.blocks[trigger], frame)
        outcome = await self._within_limit(self._top)
        if self.fresh and self.cancelled is None and outcome is not None and outcome.unfinished:
            self.state.generation += 1
            raise FreshStart(self.state)
        result = self._result(outcome, frame)
        self.emit(
            EventType.RUN_FINISHED,
            status=result.status.value,
            output=result.output,
            error=None if result.error is None else result.error.model_dump(mode="json"),
            unmet=[one.model_dump(mode="json") for one in result.unmet],
            handled=[one.model_dump(mode="json") for one in result.handled],
        )
        return result

    async def _within_limit(self, top: BlockRunner) -> BlockResult | None:
        """The top list's result; None where the run's time was over."""
        if self.plan.plan.timeout is None:
            return await top.run()
        over = datetime.fromisoformat(self.start.at) + timedelta(seconds=self.plan.plan.timeout)
        left = (over - self.runtime.now()).total_seconds()
        task = asyncio.ensure_future(top.run())
        clock = asyncio.ensure_future(self.runtime.sleep(max(left, 0.0)))
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for one in (task, clock):
            one.add_done_callback(lambda _: None if first.done() else first.set_result(None))
        await first
        if task.done():
            clock.cancel()
            return task.result()
        top.cancel()
        await task
        return None

    def _result(self, outcome: BlockResult | None, frame: Frame) -> RunResult:
        handled = tuple(self.state.handled)
        if self.cancelled is not None:
            return RunResult(status=RunStatus.CANCELLED, handled=handled)
        if outcome is None:
            limit = self.plan.plan.timeout
            error = ErrorInfo(
                primitive="run",
                code="run.timed_out",
                message=f"The run took longer than its {limit:g} s.",
                hint="Raise `timeout` of the document, or find what takes so long.",
            )
            return RunResult(status=RunStatus.TIMED_OUT, error=error, handled=handled)
        if outcome.error is not None:
            return RunResult(status=RunStatus.FAILED, error=outcome.error, handled=handled)
        try:
            output = self._output(outcome, frame)
        except FlowError as error:
            info = ErrorInfo(primitive="output", code=error.error_code, message=error.message, hint=error.hint)
            return RunResult(status=RunStatus.FAILED, error=info, handled=handled)
        unmet = self._unmet(frame)
        status = RunStatus.UNMET if unmet else RunStatus.SUCCEEDED
        return RunResult(status=status, output=output, unmet=tuple(unmet), handled=handled)

    def _output(self, outcome: BlockResult, frame: Frame) -> Any:
        template = self.plan.plan.output
        if self.plan.output is None or template is None:
            return outcome.last
        return self.evaluate(self.plan.output, template.bindings, frame, key="output")

    def _unmet(self, frame: Frame) -> list[Unmet]:
        found: list[Unmet] = []
        for check, render in self.plan.checks:
            problem = ""
            try:
                holds = bool(self.evaluate(render, check.test.bindings, frame, key=f"expect:{check.name}"))
            except FlowError as error:
                holds, problem = False, error.message
            if not holds:
                names = Names(self, frame, check.test.bindings)
                saw = {name: names[name] for name in check.test.bindings}
                found.append(Unmet(name=check.name, check=str(check.test.tree), saw=saw, problem=problem))
        return found

    def settle(self, key: str, frame: Frame, name: str, outcome: Outcome) -> None:
        """Keep an outcome, where expressions and a fresh start find it."""
        frame.outcomes[name] = outcome
        self.state.outcomes[key] = outcome

    def failed(self, error: ErrorInfo) -> None:
        """Note a failure that was handled."""
        self.state.handled.append(error)
