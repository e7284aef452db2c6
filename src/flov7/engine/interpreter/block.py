"""Runs one list by the language's rules of order. Linear in its primitives and the edges between them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flov7.engine.events import EventType
from flov7.engine.interpreter.prepare import PreparedBlock, PreparedNode
from flov7.engine.interpreter.scope import Frame
from flov7.engine.interpreter.stopping import Unfinished
from flov7.engine.values import SKIPPED, ErrorInfo, Outcome, Settled
from flov7.language.catalogue import Lowering

if TYPE_CHECKING:
    from flov7.engine.interpreter.run import Run


@dataclass(slots=True)
class BlockResult:
    """How a list ended. `said_no`: a gate stopped it before any open end; `last`: the output that counts."""

    error: ErrorInfo | None = None
    last: Any = None
    said_no: bool = False
    unfinished: bool = False


class BlockRunner:
    """One list in one frame."""

    def __init__(self, run: Run, block: PreparedBlock, frame: Frame) -> None:
        self._run = run
        self._block = block
        self._frame = frame
        self._left: dict[str, int] = {}
        self._any: set[str] = set()
        self._begun: set[str] = set()
        self._ready: deque[str] = deque()
        self._failures: dict[str, list[ErrorInfo]] = {}
        self._active: dict[str, asyncio.Task[Outcome]] = {}
        self._done: deque[str] = deque()
        self._signal: asyncio.Future[None] | None = None
        self._stopping = False
        self._cancelled = False
        self._error: ErrorInfo | None = None
        self._said_no = False
        self._last: tuple[int, Any] | None = None
        self._inner: list[BlockRunner] = []
        self._settling: deque[tuple[PreparedNode, Outcome]] = deque()

    # told from outside

    def stop(self) -> None:
        """Start nothing new; what waits for people or time ends, what calls the outside runs to its end."""
        self._stopping = True
        for inner in self._inner:
            inner.stop()
        for name, task in self._active.items():
            if self._block.nodes[name].node.lowering is Lowering.WAIT:
                task.cancel()

    def cancel(self) -> None:
        """Start nothing new and give up what runs."""
        self._stopping = self._cancelled = True
        for inner in self._inner:
            inner.cancel()
        for task in self._active.values():
            task.cancel()

    @property
    def stopping(self) -> bool:
        """Whether nothing new starts."""
        return self._stopping

    def holds(self, inner: BlockRunner) -> None:
        """Note a list that runs inside this one."""
        self._inner.append(inner)
        if self._cancelled:
            inner.cancel()
        elif self._stopping:
            inner.stop()

    def lets_go(self, inner: BlockRunner) -> None:
        """The inner list has ended."""
        self._inner.remove(inner)

    # running

    async def run(self) -> BlockResult:
        """Run the list to its end."""
        for name, prepared in self._block.nodes.items():
            node = prepared.node
            self._left[name] = (
                len(set(node.deps)) if node.deps else len({c.condition for c in node.chosen_by} | set(node.handles))
            )
        self._ready.extend(self._block.roots)
        while True:
            await self._start_ready()
            if not self._active:
                break
            await self._next_done()
            while self._done:
                self._take(self._done.popleft())
        return self._result()

    async def _start_ready(self) -> None:
        while self._ready and not self._stopping:
            if self._run.held:
                if self._active:
                    return  # what runs may end meanwhile; we come back when it has
                await self._run.until_resumed()
                continue
            name = self._ready.popleft()
            if name in self._begun:
                continue
            self._begun.add(name)
            await self._start(self._block.nodes[name])
            if not self._stopping and self._run.check_fresh_start():
                self._stopping = True

    async def _start(self, prepared: PreparedNode) -> None:
        name = prepared.node.name
        steps = self._run.steps
        error = self._error_for(prepared)
        outcome = steps.at_once(prepared, self._frame, error=error)
        if outcome is not None:
            self._settle(prepared, outcome)
            if self._run.counts_pure():
                await self._run.runtime.breathe()
            return
        task = asyncio.ensure_future(steps.in_time(prepared, self._frame, self, error=error))
        self._active[name] = task
        task.add_done_callback(lambda _: self._on_done(name))

    def _error_for(self, prepared: PreparedNode) -> dict[str, Any] | None:
        failures = self._failures.get(prepared.node.name)
        if not failures:
            return None
        first, *others = failures
        return first.model_dump(mode="json") | {"others": [one.model_dump(mode="json") for one in others]}

    def _on_done(self, name: str) -> None:
        self._done.append(name)
        if self._signal is not None and not self._signal.done():
            self._signal.set_result(None)

    async def _next_done(self) -> None:
        if self._done:
            return
        self._signal = asyncio.get_running_loop().create_future()
        try:
            await self._signal
        except asyncio.CancelledError:
            self.cancel()
            raise
        finally:
            self._signal = None

    def _take(self, name: str) -> None:
        task = self._active.pop(name)
        prepared = self._block.nodes[name]
        if task.cancelled() or isinstance(task.exception(), Unfinished):
            return  # given up: neither finished nor failed
        self._settle(prepared, task.result())

    # what follows from an outcome

    def _settle(self, prepared: PreparedNode, outcome: Outcome) -> None:
        """Settle one primitive and, one after another, all that is decided by it."""
        self._settling.append((prepared, outcome))
        if len(self._settling) > 1:
            return  # the loop below is running and comes to it
        while self._settling:
            self._settle_one(*self._settling[0])
            self._settling.popleft()

    def _settle_one(self, prepared: PreparedNode, outcome: Outcome) -> None:
        name, node = prepared.node.name, prepared.node
        if outcome.settled is Settled.FAILED and outcome.error is not None:
            outcome = self._handle(prepared, outcome)
        self._run.settle(self._frame.path + name, self._frame, name, outcome)
        if outcome.said_no:
            self._said_no = True
        counts = outcome.finished and not (node.handles and not node.chosen_by)
        if counts and (self._last is None or prepared.position >= self._last[0]):
            self._last = (prepared.position, outcome.output)
        for other in self._block.dependents[name]:
            self._notify(self._block.nodes[other], prepared, outcome)

    def _handle(self, prepared: PreparedNode, outcome: Outcome) -> Outcome:
        """What a failure counts as, by `on_error`."""
        error, node = outcome.error, prepared.node
        assert error is not None
        if node.on_error == "continue":
            self._run.failed(error)
            return Outcome(settled=Settled.FINISHED, error=error)
        handler = prepared.error_handler
        if handler is not None and handler in self._block.nodes:
            self._run.failed(error)
            self._failures.setdefault(handler, []).append(error)
            return Outcome(settled=Settled.SKIPPED, error=error)
        if self._error is None:
            self._error = error
        self.stop()
        return outcome

    def _notify(self, waiting: PreparedNode, settled: PreparedNode, outcome: Outcome) -> None:
        name, node = waiting.node.name, waiting.node
        if name in self._begun:
            return
        self._left[name] -= 1
        if node.deps:
            if outcome.finished:
                self._any.add(name)
            if self._left[name] == 0:
                self._start_or_skip(waiting, start=name in self._any)
            return
        source = settled.node.name
        chosen = outcome.finished and any(c.condition == source and c.side == outcome.side for c in node.chosen_by)
        failed = source in node.handles and outcome.error is not None and settled.error_handler == name
        if chosen or failed:
            self._ready.append(name)
        elif self._left[name] == 0:
            self._start_or_skip(waiting, start=False)

    def _start_or_skip(self, waiting: PreparedNode, *, start: bool) -> None:
        if start:
            self._ready.append(waiting.node.name)
            return
        if waiting.node.name in self._ready:
            return
        self._begun.add(waiting.node.name)
        if not self._stopping:
            self._run.emit(EventType.STEP_SKIPPED, step=waiting.node.name, path=self._frame.path)
        self._settle(waiting, SKIPPED)

    def _result(self) -> BlockResult:
        if self._error is not None:
            return BlockResult(error=self._error)
        ends = [self._frame.outcomes.get(name) for name in self._block.open_ends]
        finished = any(one is not None and one.finished for one in ends)
        return BlockResult(
            last=None if self._last is None else self._last[1],
            said_no=self._said_no and not finished,
            unfinished=any(name not in self._frame.outcomes for name in self._block.nodes),
        )
