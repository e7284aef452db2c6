"""Start by a program: `POST /api/v1/workflows/{id}/run` with an API key; or for each new thing that an API lists.

Called, the body's `input` is the payload. The answer comes at once with the run's address, or, with
`respond: result`, when the run has ended. The caller's `Idempotency-Key` is the event's id: the same key is answered
with the first run.

With `poll` it asks itself: an action that only reads (`api_call`, `db_query`, or an operation of a connector that lists
or searches) is called every `every`, and each item that was not seen before starts a run with that item as payload.
`key` says what names an item, `changed` what tells that it changed; without `key` an item is known by all that is in
it. What was seen is remembered over restarts: all of the last answer, and at least the last 2,000 items.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal

from pydantic import Field

from flov7.kit import json
from flov7.kit.durations import seconds
from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Json, Kind, KindInputs
from flov7.primitives.fields import Duration, Missing, Path, at_path
from flov7.primitives.watching import Batch, Event, WatchContext

_REMEMBERED = 2_000
_MOST = 10_000
_AT_ONCE = 200


class Poll(KindInputs):
    """What is asked, and how its items are known again."""

    action: str = Field(
        default="api_call",
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$",
        description="The action that is called: `api_call`, `db_query`, or a connector's operation.",
        examples=["github.list_issues"],
    )
    inputs: dict[str, Any] = Field(
        default_factory=dict, description="Its config.", examples=[{"url": "https://api.shop.com/orders"}]
    )
    items: Path | None = Field(
        default=None, description="Where the list is in its output; left out: the output, its `body`, or its only list."
    )
    key: Path | None = Field(default=None, description="What names an item.", examples=["id"])
    changed: Path | None = Field(
        default=None,
        description="What tells that an item changed; then it starts a run again.",
        examples=["updated_at"],
    )
    every: Duration = Field(default="5m", description="How often it asks.")
    begin: Literal["now", "first"] = Field(
        default="now", description="Begin with what is new from now on, or with all that is listed already."
    )


class Inputs(KindInputs):
    """How a program's call is answered, or what is asked."""

    respond: Literal["at_once", "result"] = Field(
        default="at_once", description="Answer when the run is accepted, or with its result."
    )
    respond_timeout: Duration = Field(
        default="30s", description="How long `result` waits; then the caller gets 202 and the run's address."
    )
    poll: Poll | None = Field(default=None, description="Ask again and again instead of being called.")


class Outputs(AnyOutput):
    """The payload: the `input` of the call, or the item."""


KIND = Kind(
    title="API call",
    icon="terminal",
    summary="A program that has an API key starts it, or each new item that an API lists.",
    confused_with="`webhook` is for services that call a fixed address in their own format.",
    examples=("When our backend calls it", "Start it over the REST API", "When a new issue is listed"),
    synonyms=("rest", "programmatic", "request", "poll", "new item"),
    lowering=Lowering.START,
)


def listens(config: Mapping[str, Json]) -> bool:
    """Only where it asks by itself."""
    return config.get("poll") is not None


def source(inputs: Inputs) -> Any:
    """How often it asks may change; what is asked may not."""
    poll = _poll(inputs)
    return [poll.action, poll.inputs, poll.items, poll.key, poll.changed]


async def subscribe(context: WatchContext, inputs: Inputs) -> Any:
    """What is listed already counts as seen."""
    poll = _poll(inputs)
    found = await _asked(context, poll)
    return {"seen": [] if poll.begin == "first" else [_name(one, poll) for one in found]}


async def watch(context: WatchContext, inputs: Inputs) -> AsyncGenerator[Batch, None]:
    """New items, in the order in which they are listed."""
    poll = _poll(inputs)
    state: dict[str, Any] = context.state or await subscribe(context, inputs)
    while True:
        listed = {_name(one, poll): one for one in await _asked(context, poll)}
        await context.ready()
        seen: list[str] = state["seen"]
        known = set(seen)
        fresh = [name for name in listed if name not in known]
        for first in range(0, len(fresh), _AT_ONCE):
            some = fresh[first : first + _AT_ONCE]
            seen = [*seen, *some]
            state = {"seen": seen}
            yield Batch(events=tuple(Event(id=name, payload=listed[name]) for name in some), state=state)
        older = [name for name in seen if name not in listed]
        room = max(0, _REMEMBERED - len(listed))
        kept = [*older[max(0, len(older) - room) :], *listed]
        if len(kept) != len(seen):
            state = {"seen": kept}
            yield Batch(state=state)
        await asyncio.sleep(max(0.1, seconds(poll.every)))


async def _asked(context: WatchContext, poll: Poll) -> list[Any]:
    """The items. Raises StepRefused where there is no list."""
    found = _listed(await context.act(poll.action, poll.inputs), poll)
    if len(found) > _MOST:
        raise StepRefused(
            f"`{poll.action}` lists {len(found)} items; at most {_MOST} can be told apart.",
            hint="Ask for fewer: the newest first, or a page.",
            code="poll.too_many",
        )
    return found


def _listed(output: Any, poll: Poll) -> list[Any]:
    value = output
    if poll.items is not None:
        value = at_path(output, poll.items)
    elif isinstance(output, dict):
        body = output.get("body", output)
        lists = [one for one in body.values() if isinstance(one, list)] if isinstance(body, dict) else []
        value = lists[0] if len(lists) == 1 else body
    if not isinstance(value, list):
        where = f"at `{poll.items}`" if poll.items else "in its output"
        raise StepRefused(
            f"`{poll.action}` gives no list {where}.", hint="Say where the list is with `items`.", code="poll.no_list"
        )
    return value


def _name(item: Any, poll: Poll) -> str:
    """What an item is known by."""
    if poll.key is None:
        value: Any = item
    else:
        value = [at_path(item, path) for path in (poll.key, poll.changed) if path is not None]
        if value[0] is Missing:
            raise StepRefused(
                f"An item has no `{poll.key}`.", hint="Name what every item has with `key`.", code="poll.no_key"
            )
        value = [None if one is Missing else one for one in value]
    return hashlib.sha256(json.canonical(value)).hexdigest()[:20]


def _poll(inputs: Inputs) -> Poll:
    if inputs.poll is None:
        raise StepRefused("This trigger asks nothing.", hint="Give `poll`.")
    return inputs.poll
