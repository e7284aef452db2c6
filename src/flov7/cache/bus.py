"""Live events between processes: what one publishes, every subscriber of the topic gets, if Redis is there.

A message may be lost (nobody listening, Redis away); watchers number what they see and read the gap from the store.
One connection and one task serve all subscriptions of a process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio.client import PubSub

from flov7.cache.connecting import Cache, CacheDown, translated
from flov7.kit import json
from flov7.kit.errors import FlowError

_WAITING = 1000
_AGAIN_AFTER = 0.5


class Subscription:
    """What arrives on one topic. `missed` is set when something was or may have been lost since it was last cleared."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue(_WAITING)
        self.missed = False

    async def next(self, *, patience: float | None = None) -> Any:
        """The next message, or None after `patience` seconds, or at once where something was missed."""
        if self.missed and self._queue.empty():
            return None
        try:
            return await asyncio.wait_for(self._queue.get(), timeout=patience)
        except TimeoutError:
            return None

    def offer(self, message: Any) -> None:
        """Hand in a message; a watcher that is too slow misses it and is told."""
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.missed = True

    def gap(self) -> None:
        """Say that messages may have been lost; wakes whoever waits."""
        self.missed = True
        self.offer(None)


class Bus:
    """Publish and subscribe to topics such as `run:<id>`. Values are JSON."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._watchers: dict[str, set[Subscription]] = {}
        self._pubsub: PubSub | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._joined: dict[str, asyncio.Event] = {}
        self._changing = asyncio.Lock()
        self._outgoing: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self._sender: asyncio.Task[None] | None = None

    async def publish(self, topic: str, *, message: Any) -> None:
        """Send to every subscriber in every process. Raises `CacheDown`; callers may go on without."""
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outgoing.append((self._name(topic), json.dumps(message), sent))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        await sent

    async def _send(self) -> None:
        """All that waits goes out in one round trip, over one connection."""
        while self._outgoing:
            batch, self._outgoing = self._outgoing, []
            problem: CacheDown | None = None
            try:
                with translated():
                    pipeline = self._cache.client.pipeline(transaction=False)
                    for name, body, _ in batch:
                        pipeline.publish(name, body)
                    await pipeline.execute()
            except CacheDown as down:
                problem = down
            for _, _, sent in batch:
                if sent.done():
                    continue
                if problem is None:
                    sent.set_result(None)
                else:
                    sent.set_exception(CacheDown(problem.message, hint=problem.hint))

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncGenerator[Subscription, None]:
        """Messages from now on. With Redis away it works as well: `missed` says to read from the store."""
        subscription = Subscription()
        watchers = self._watchers.setdefault(topic, set())
        watchers.add(subscription)
        if self._reader is None or self._reader.done():
            self._ready.clear()
            self._reader = asyncio.create_task(self._read())
        try:
            await self._join(topic, subscription)
            yield subscription
        finally:
            watchers.discard(subscription)
            if not watchers:
                self._watchers.pop(topic, None)
                await self._leave(topic)

    async def close(self) -> None:
        """End all subscriptions."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        await self._drop()

    async def _join(self, topic: str, subscription: Subscription) -> None:
        """Return when Redis has confirmed: what is published from then on arrives."""
        try:
            async with asyncio.timeout(self._cache.timeout):
                await self._ready.wait()
                async with self._changing:
                    confirmed = self._joined.setdefault(topic, asyncio.Event())
                    if not confirmed.is_set() and self._pubsub is not None:
                        with translated():
                            await self._pubsub.subscribe(self._name(topic))
                await confirmed.wait()
        except (TimeoutError, CacheDown):
            subscription.gap()

    async def _leave(self, topic: str) -> None:
        async with self._changing:
            if topic in self._watchers:
                return  # somebody came while we waited
            self._joined.pop(topic, None)
            if self._pubsub is not None:
                with contextlib.suppress(CacheDown), translated():
                    await self._pubsub.unsubscribe(self._name(topic))

    async def _read(self) -> None:
        """Listen for the life of the process; after a break join everything again and tell every watcher."""
        first = True
        while True:
            try:
                with translated():
                    await self._connect(first=first)
                    first = False
                    await self._pump()
            except CacheDown:
                await self._drop()
                self._tell_gap()
                await asyncio.sleep(_AGAIN_AFTER)

    async def _connect(self, *, first: bool) -> None:
        pubsub = self._cache.client.pubsub()
        topics = [self._name(topic) for topic in self._watchers] or [self._name("nothing")]
        await pubsub.subscribe(*topics)
        self._pubsub = pubsub
        self._ready.set()
        if not first:
            self._tell_gap()

    async def _pump(self) -> None:
        pubsub = self._pubsub
        assert pubsub is not None
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=False, timeout=None)
            if message is None:
                continue
            topic = _text(message["channel"]).removeprefix(self._name(""))
            if message["type"] == "subscribe" and topic in self._joined:
                self._joined[topic].set()
            elif message["type"] == "message":
                self._deliver(topic, _text(message["data"]))

    def _deliver(self, topic: str, data: str) -> None:
        try:
            value = json.loads(data)
        except FlowError:
            return  # not ours: somebody else publishes under our prefix
        for watcher in self._watchers.get(topic, ()):
            watcher.offer(value)

    def _tell_gap(self) -> None:
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.gap()

    async def _drop(self) -> None:
        self._ready.clear()
        for confirmed in self._joined.values():
            confirmed.clear()
        pubsub, self._pubsub = self._pubsub, None
        if pubsub is not None:
            with contextlib.suppress(CacheDown), translated():
                await pubsub.aclose()

    def _name(self, topic: str) -> str:
        return self._cache.name("bus", topic)


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
