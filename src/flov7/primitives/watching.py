"""What a trigger that waits for the outside declares, and what it gets.

Its file has an async generator `watch(context, inputs)` that yields a `Batch` whenever something happened. What
stands after a `yield` runs when the batch's events are safe and its state is saved, so that is the place where the
source is told that it may forget them. A source that is asked again gives what was not told: the events' ids make
them once. Beside it there may be

- `async subscribe(context, inputs) -> state`: called when the workflow goes live; opens what is needed at the source
  and says where to begin;
- `async unsubscribe(context, inputs)`: called after it went; closes that again. It may be called more than once;
- `listens(config) -> bool`: whether somebody has to listen for a trigger with this config; left out, always;
- `source(inputs) -> value`: what is listened to. While it stays equal, a new version goes on where the old one was.

All raise step errors. The listener calls `watch` again after a while, with the state that was saved last.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flov7.primitives.declare import ConnectionValue, Context, Json, Log
from flov7.primitives.files import Files
from flov7.primitives.outside import Outside


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened. `id` is the same whenever the source gives it again, and unique within the source;
    without one every time is its own event."""

    payload: Json
    id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    params: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Events in their order, and what to remember once they are safe. Without events only the state is saved."""

    events: tuple[Event, ...] = ()
    state: Json = None


@dataclass(frozen=True, kw_only=True)
class WatchContext:
    """All that a trigger gets beside its inputs. `subscription` names it at the source, for as long as it lives.

    `files` keeps bytes that travel by reference. `ready` tells that the source answers.
    `act` calls an action that only reads, by name, with its inputs, through the trigger's connection.
    """

    subscription: str
    trigger: str
    state: Json
    outside: Outside
    log: Log
    connection: ConnectionValue | None = None
    files: Files
    ready: Callable[[], Awaitable[None]]
    act: Callable[[str, Mapping[str, Json]], Awaitable[Json]]

    def call(self, *, seconds: float) -> Context:
        """What a kind's call needs, for one exchange with the source."""
        return Context(
            execution_id=self.subscription,
            step=self.trigger,
            attempt=1,
            outside=self.outside,
            log=self.log,
            cache=_NoCache(),
            heartbeat=_no_heartbeat,
            deadline=time.monotonic() + seconds,
            connection=self.connection,
            files=self.files,
        )


Watch = Callable[[WatchContext, Any], AsyncGenerator[Batch, None]]
Subscribe = Callable[[WatchContext, Any], Awaitable[Json]]
Unsubscribe = Callable[[WatchContext, Any], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Watcher:
    """How one kind listens."""

    watch: Watch
    subscribe: Subscribe | None = None
    unsubscribe: Unsubscribe | None = None
    source: Callable[[Any], Json] | None = None
    listens: Callable[[Mapping[str, Json]], bool] | None = None


class _NoCache:
    async def get(self, key: str) -> Json | None:
        return None

    async def set(self, key: str, value: Json) -> None:
        return None


def _no_heartbeat(_: Json) -> None:
    return None
