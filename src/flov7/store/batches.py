"""Group commit: what many callers want written goes to the database in one statement, each gets its own answer.

While one write is on its way the next batch gathers, so an idle system answers at once and a busy one writes
hundreds of rows per commit. Nothing waits for a timer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from flov7.kit.errors import FlowError, Unavailable
from flov7.store.failures import is_gone, translated

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """`submit` returns what `write` answered for that item.

    `write` gets 1 to `largest` items and must return as many answers, in order, having committed all, or raise,
    having committed nothing. An answer that is an error is raised to its caller. A raised error goes to everyone
    where the database is away; any other makes the batch be tried item by item, so one bad row fails alone.
    At most `lanes` writes run at the same time.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | FlowError]]],
        *,
        largest: int = 500,
        lanes: int = 2,
    ) -> None:
        self._write = write
        self._largest = largest
        self._lanes = lanes
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._writers: set[asyncio.Task[None]] = set()
        self._closed = False

    async def submit(self, item: Item) -> Answer:
        """Wait until the item is committed. Raises what concerns this item, or `Unavailable`."""
        if self._closed:
            raise Unavailable("The store is shutting down.", retry_after=2.0)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._writers) < self._lanes:
            self._start()
        return await future

    async def close(self) -> None:
        """Refuse new items and wait until all that were taken are written."""
        self._closed = True
        while self._writers:
            await asyncio.gather(*self._writers, return_exceptions=True)

    def _start(self) -> None:
        task = asyncio.create_task(self._drain())
        self._writers.add(task)
        task.add_done_callback(self._writers.discard)

    async def _drain(self) -> None:
        # One turn of the loop, so that callers who are ready at the same moment share the first commit.
        await asyncio.sleep(0)
        while self._waiting:
            batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
            # A caller who gave up is still written: he cannot know whether it was too late.
            await self._settle(batch)

    async def _settle(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            with translated():
                answers = await self._write([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - each caller gets it as the answer
            if len(batch) > 1 and not is_gone(error):
                for single in batch:
                    await self._settle([single])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(_fresh(error))
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, FlowError):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def _fresh(error: Exception) -> Exception:
    """An exception of one's own: raised in many tasks, a shared one would gather all of their tracebacks."""
    if not isinstance(error, FlowError):
        return error
    copy = type(error)(
        error.message, hint=error.hint, code=error.error_code, details=error.details, retry_after=error.retry_after
    )
    copy.__cause__ = error.__cause__
    return copy
