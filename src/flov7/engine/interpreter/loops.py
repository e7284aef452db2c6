"""Loops: rounds one after another or side by side, results in the order of the items, chunks kept outside."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from flov7.engine.events import EventType
from flov7.engine.interpreter.prepare import PreparedNode
from flov7.engine.interpreter.scope import Frame, rough_size
from flov7.engine.interpreter.stopping import Unfinished
from flov7.engine.values import ErrorInfo, LoopProgress, Outcome, Settled, StepFailure

if TYPE_CHECKING:
    from flov7.engine.interpreter.block import BlockRunner
    from flov7.engine.interpreter.run import Run

CHUNK = 500
"""Results that are kept outside at once."""


class LoopRunner:
    """One loop in one frame."""

    def __init__(self, run: Run, prepared: PreparedNode, frame: Frame, holder: BlockRunner) -> None:
        assert prepared.node.loop is not None
        self._run = run
        self._prepared = prepared
        self._loop = prepared.node.loop
        self._frame = frame
        self._holder = holder
        self._key = frame.path + prepared.node.name
        self._progress = run.state.loops.setdefault(self._key, LoopProgress())
        self._kept = sum(1 for _ in self._progress.chunks) * CHUNK
        self._error: ErrorInfo | None = None
        self._left_out = False

    async def run(self) -> Outcome:
        """Go round to the end. Raises Unfinished for a fresh start, StepFailure where a round fails."""
        node, begun = self._prepared.node, self._run.now_text()
        if self._next == 0:
            self._run.emit(EventType.STEP_STARTED, step=node.name, path=self._frame.path, form=self._loop.form)
        if self._loop.form == "over":
            await self._over(self._items())
        else:
            await self._while()
        if self._error is not None:
            return Outcome(settled=Settled.FAILED, error=self._error)
        if self._left_out:
            raise Unfinished
        output = await self._output()
        self._run.state.loops.pop(self._key, None)
        self._run.emit(
            EventType.STEP_FINISHED,
            step=node.name,
            path=self._frame.path,
            begun=begun,
            rounds=len(output),
            output=output,
        )
        return Outcome(settled=Settled.FINISHED, output=output, size=rough_size(output))

    @property
    def _next(self) -> int:
        return self._kept + self._progress.dense

    def _items(self) -> list[Any]:
        assert self._prepared.loop_test is not None
        value = self._run.evaluate(self._prepared.loop_test, self._loop.test.bindings, self._frame, key=self._key)
        if value is None:
            value = []
        if not isinstance(value, list):
            raise StepFailure(
                ErrorInfo(
                    primitive=self._prepared.node.name,
                    code="loop.no_list",
                    message=f"`over` gives no list but {type(value).__name__}.",
                    hint="Name a list; for an object take `.items()` or `.values()`.",
                )
            )
        if len(value) > self._loop.max_iterations:
            raise self._too_many()
        return value

    def _too_many(self) -> StepFailure:
        limit = self._loop.max_iterations
        return StepFailure(
            ErrorInfo(
                primitive=self._prepared.node.name,
                code="loop.max_iterations",
                message=f"The loop goes round more than {limit:,} times.",
                hint="Raise `max_iterations`, or work on fewer items.",
            )
        )

    async def _over(self, items: list[Any]) -> None:
        if self._loop.concurrency == 1:
            for index in range(self._next, len(items)):
                if self._stopped():
                    return
                frame = Frame(parent=self._frame, loop=self._prepared.node.name, item=items[index], index=index)
                await self._round(frame)
                if self._error is not None or self._left_out:
                    return
            return
        await self._side_by_side(items)

    def _stopped(self) -> bool:
        if self._holder.stopping or self._run.check_fresh_start():
            self._left_out = True
        return self._left_out

    async def _side_by_side(self, items: list[Any]) -> None:
        todo = deque(i for i in range(self._next, len(items)) if i not in self._progress.out_of_order)
        active: set[int] = set()
        signal: asyncio.Future[None] | None = None

        async def one(index: int) -> None:
            nonlocal signal
            frame = Frame(parent=self._frame, loop=self._prepared.node.name, item=items[index], index=index)
            try:
                await self._round(frame)
            finally:
                active.discard(index)
                if signal is not None and not signal.done():
                    signal.set_result(None)

        tasks: list[asyncio.Future[None]] = []
        try:
            while todo or active:
                while todo and len(active) < self._loop.concurrency and self._error is None and not self._stopped():
                    index = todo.popleft()
                    active.add(index)
                    tasks.append(asyncio.ensure_future(one(index)))
                if not active:
                    break
                signal = asyncio.get_running_loop().create_future()
                await signal
                for task in [task for task in tasks if task.done()]:
                    tasks.remove(task)
                    task.result()
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        self._left_out = self._left_out or (bool(todo) and self._error is None)

    async def _while(self) -> None:
        assert self._prepared.loop_test is not None
        previous = Frame(parent=self._frame, loop=self._prepared.node.name, index=max(self._next - 1, 0))
        while True:
            index = self._next
            if self._stopped():
                return
            previous.index = index
            if self._loop.form == "while" and not self._test(previous):
                return
            if index >= self._loop.max_iterations:
                raise self._too_many()
            frame = Frame(parent=self._frame, loop=self._prepared.node.name, index=index)
            await self._round(frame)
            if self._error is not None or self._left_out:
                return
            if self._loop.form == "until" and self._test(frame):
                return
            previous = frame

    def _test(self, frame: Frame) -> bool:
        assert self._prepared.loop_test is not None
        return bool(self._run.evaluate(self._prepared.loop_test, self._loop.test.bindings, frame, key=frame.path))

    async def _round(self, frame: Frame) -> None:
        """One round: the body, then what it leaves for the output."""
        from flov7.engine.interpreter.block import BlockRunner

        runner = BlockRunner(self._run, self._prepared.blocks["do"], frame)
        self._holder.holds(runner)
        try:
            result = await runner.run()
        finally:
            self._holder.lets_go(runner)
        if result.error is not None:
            self._error = self._error or result.error
            return
        if result.unfinished:
            self._left_out = True
            return
        value = None if result.said_no else result.last
        if self._prepared.collect is not None and not result.said_no:
            assert self._loop.collect is not None
            value = self._run.evaluate(self._prepared.collect, self._loop.collect.bindings, frame, key=frame.path)
        await self._keep(frame, value)

    async def _keep(self, frame: Frame, value: Any) -> None:
        """Note a round's result; its steps' outcomes are not needed any more."""
        state, progress = self._run.state, self._progress
        for name in frame.outcomes:
            state.outcomes.pop(frame.path + name, None)
        progress.out_of_order[frame.index] = value
        while self._next in progress.out_of_order:
            progress.results.append(progress.out_of_order.pop(self._next))
        if len(progress.results) >= CHUNK and self._loop.max_iterations > CHUNK:
            reference = await self._run.runtime.keep_chunk(self._key, len(progress.chunks), progress.results[:CHUNK])
            if reference is not None:
                progress.chunks.append(reference)
                del progress.results[:CHUNK]
                self._kept += CHUNK

    async def _output(self) -> list[Any]:
        kept = await self._run.runtime.load_chunks(self._progress.chunks) if self._progress.chunks else []
        return [*kept, *self._progress.results]
