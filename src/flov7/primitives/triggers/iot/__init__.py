"""Start when a device publishes over MQTT 5.

`topics` may have wildcards (`plant/+/temperature`, `alarms/#`). With `group` the subscription is shared: each message
goes to one of all that share it. The session lives at the broker for `keep` after the listener was last there, so at
QoS 1 and 2 nothing is lost while it moves, restarts or the workflow is paused; at QoS 0 the broker keeps nothing.
A message is acknowledged when its run is journalled, and one that the broker gives again makes no second run.

The payload is `{topic, levels, message, qos, retained, …}`: `message` is the parsed JSON, else the text, else
`{base64: …}`; user properties are in `trigger.headers`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, field_validator

from flov7.kit.durations import seconds
from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.primitives.declare import Bound, Checked, Context, Kind, KindInputs, KindOutputs, deferred
from flov7.primitives.fields import Duration
from flov7.primitives.triggers.iot.client import Broker, session
from flov7.primitives.triggers.iot.packets import Message
from flov7.primitives.watching import Batch, Event, WatchContext

_AT_ONCE = 100
_REMEMBERED = 400
"""Messages that are known again when the broker repeats them; it repeats only what was not acknowledged."""


class Inputs(KindInputs):
    """What it hears."""

    topics: list[str] = Field(
        min_length=1, max_length=50, description="Topic filters.", examples=[["plant/+/temperature", "alarms/#"]]
    )
    qos: Literal[0, 1, 2] = Field(
        default=1, description="How surely messages come; at 0 the broker keeps none while nobody listens."
    )
    group: str | None = Field(
        default=None,
        pattern=r"^[^/+#]{1,100}$",
        description="Share the messages with others that name the same group; each goes to one of them.",
    )
    retained: bool = Field(default=False, description="Also what a topic keeps for newcomers, when it goes live.")
    keep: Duration = Field(default="1d", description="How long the broker keeps messages while nobody listens.")
    read: Literal["auto", "json", "text", "binary"] = Field(
        default="auto", description="How a message is read; what is no JSON for `json` is turned into null."
    )
    event_id: Annotated[Bound | None, deferred("payload", "headers", "query")] = Field(
        default=None, description="An expression for the event's id, where devices send one."
    )

    @field_validator("topics")
    @classmethod
    def _are_filters(cls, topics: list[str]) -> list[str]:
        for topic in topics:
            levels = topic.split("/")
            bad = not topic or len(topic.encode()) > 65_000 or "\x00" in topic
            if bad or "#" in topic[:-1] or any(("+" in one or "#" in one) and len(one) > 1 for one in levels):
                raise ValueError(f"`{topic[:80]}` is no topic filter; `+` and `#` stand alone, `#` at the end")
        return topics


class Outputs(KindOutputs):
    """The payload."""

    topic: str = Field(description="Where it was published.")
    levels: list[str] = Field(description="The topic's parts.")
    message: Any = Field(description="What was published.")
    qos: int = Field(description="With which assurance it came.")
    retained: bool = Field(description="Whether the topic had kept it.")
    content_type: str | None = Field(description="As the device says it.")
    response_topic: str | None = Field(description="Where the device waits for an answer.")


KIND = Kind(
    title="Device message",
    icon="radio",
    summary="A device publishes over MQTT.",
    confused_with="`webhook` where devices send HTTP requests.",
    examples=("When a sensor reports", "When the machine publishes an alarm over MQTT"),
    synonyms=("mqtt", "sensor", "device", "iot"),
    lowering=Lowering.START,
    connection=ConnectionNeed(services=("mqtt",), required=True),
)


def source(inputs: Inputs) -> Any:
    """The session at the broker: how messages are read may change, where they come from may not."""
    return [inputs.topics, inputs.qos, inputs.group]


async def subscribe(context: WatchContext, inputs: Inputs) -> Any:
    """From now on the broker keeps messages for us."""
    async with _session(context, inputs) as broker:
        await _subscribed(broker, inputs)
    return {"count": 0, "recent": []}


async def unsubscribe(context: WatchContext, inputs: Inputs) -> None:
    """The broker forgets the session and all that waits in it."""
    async with _session(context, inputs, ends=True):
        pass


async def watch(context: WatchContext, inputs: Inputs) -> AsyncGenerator[Batch, None]:
    """Messages, in their order; a repeated one has the id that it had."""
    state: dict[str, Any] = dict(context.state or {"count": 0, "recent": []})
    async with _session(context, inputs) as broker:
        await _subscribed(broker, inputs)
        await context.ready()
        while True:
            messages = await broker.messages(most=_AT_ONCE)
            state, named = _named(context.subscription, state, messages)
            if any(one.qos for one in messages):
                yield Batch(state=state)  # the names are remembered before anything starts under them
            yield Batch(events=tuple(_event(one, name, inputs) for one, name in named), state=state)
            await broker.acknowledge(messages)


async def check_broker(context: Context, connection: Any) -> Checked:
    """Whether the broker answers and lets us in; for the connection's test."""
    client_id = f"flov7-test-{hashlib.sha256(connection.name.encode()).hexdigest()[:12]}"
    async with session(context.outside, connection, client_id=client_id, expiry=0, clean=True):
        return Checked(ok=True, message="The broker speaks MQTT 5 and lets us in.")


def _session(context: WatchContext, inputs: Inputs, *, ends: bool = False) -> Any:
    assert context.connection is not None
    return session(
        context.outside,
        context.connection,
        client_id=f"flov7-{context.subscription}",
        expiry=0 if ends else int(seconds(inputs.keep)),
        clean=ends,
    )


async def _subscribed(broker: Broker, inputs: Inputs) -> None:
    prefix = f"$share/{inputs.group}/" if inputs.group else ""
    filters = tuple(prefix + topic for topic in inputs.topics)
    await broker.subscribe(filters=filters, qos=inputs.qos, retained=inputs.retained)


def _named(
    subscription: str, state: dict[str, Any], messages: list[Message]
) -> tuple[dict[str, Any], list[tuple[Message, str]]]:
    """An id for each message: the one that it had before where the broker repeats it."""
    count, recent = int(state["count"]), list(state["recent"])
    known = {(packet, digest): number for packet, digest, number in recent}
    named: list[tuple[Message, str]] = []
    for one in messages:
        digest = hashlib.sha256(one.topic.encode() + b"\x00" + one.body).hexdigest()[:16]
        number = known.get((one.packet, digest)) if one.again else None
        if number is None:
            count += 1
            number = count
            if one.qos:
                recent.append([one.packet, digest, number])
        named.append((one, f"{subscription}/{number}"))
    return {"count": count, "recent": recent[-_REMEMBERED:]}, named


def _event(one: Message, name: str, inputs: Inputs) -> Event:
    payload = {
        "topic": one.topic,
        "levels": one.topic.split("/"),
        "message": _read(one.body, inputs.read),
        "qos": one.qos,
        "retained": one.retained,
        "content_type": one.properties.get("content_type"),
        "response_topic": one.properties.get("response_topic"),
    }
    return Event(id=name, payload=payload, headers=one.user)


def _read(body: bytes, how: str) -> Any:
    if how in ("auto", "json"):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            if how == "json":
                return None
    if how in ("auto", "text"):
        try:
            return body.decode(errors="strict" if how == "auto" else "replace")
        except UnicodeDecodeError:
            pass
    return {"base64": base64.b64encode(body).decode()}
