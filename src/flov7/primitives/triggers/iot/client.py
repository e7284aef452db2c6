"""A subscriber of an MQTT 5 broker whose acknowledgements go out only when it is told to send them.

Client libraries answer a QoS 2 message (PUBREC) as soon as it came; a process that dies then has lost it, because
the broker never sends it again. Here nothing is answered before the message is safe.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from flov7.kit.errors import StepFailed, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.declare import ConnectionValue
from flov7.primitives.outside import Outside
from flov7.primitives.triggers.iot import packets
from flov7.primitives.triggers.iot.packets import Message
from flov7.primitives.trust import tls_to

KEEP_ALIVE = 30
_PATIENCE = 10.0
LARGEST = 1_048_576
"""Bytes of the largest packet that a broker may send us; it drops larger ones."""
MOST_OPEN = 200
"""Messages that a broker sends before it waits for our acknowledgements."""

_REASONS = {
    0x80: "it has no reason to tell",
    0x81: "the packet was malformed",
    0x84: "it does not speak MQTT 5",
    0x85: "it does not take our client id",
    0x86: "user or password are wrong",
    0x87: "we are not allowed to",
    0x88: "it is not available",
    0x89: "it is busy",
    0x8A: "we are banned",
    0x8B: "it shuts down",
    0x8D: "it heard nothing of us for too long",
    0x8E: "another client took our session over",
    0x8F: "it does not take this topic",
    0x93: "we sent too much at once",
    0x95: "a packet was too large",
    0x96: "we sent too fast",
    0x97: "our quota is used up",
    0x98: "an operator ended it",
    0x9E: "it has no shared subscriptions",
    0x9F: "we connect too often",
    0xA2: "it has no wildcards",
}
_LATER = {0x80, 0x88, 0x89, 0x8B, 0x8D, 0x8E, 0x93, 0x96, 0x97, 0x98, 0x9F}


@dataclass
class Broker:
    """An open session. `resumed` is whether the broker still knew it."""

    resumed: bool
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    _came: asyncio.Queue[Message | StepFailed] = field(default_factory=lambda: asyncio.Queue(MOST_OPEN * 2))
    _subscribed: asyncio.Queue[list[int]] = field(default_factory=asyncio.Queue[list[int]])

    async def subscribe(self, *, filters: tuple[str, ...], qos: int, retained: bool) -> None:
        """Raises StepRefused where the broker does not take a topic."""
        self._writer.write(packets.subscribe(1, filters=filters, qos=qos, retained=retained))
        try:
            codes = await asyncio.wait_for(self._subscribed.get(), _PATIENCE)
        except TimeoutError as error:
            raise StepTimedOut("The broker does not answer a subscription.", code="mqtt.silent") from error
        for topic, code in zip(filters, codes, strict=False):
            if code >= 0x80:
                raise StepRefused(
                    f"The broker does not let us subscribe to `{topic}`: {_said(code)}.",
                    hint="Look at the topic and at what this user may read there.",
                    code="mqtt.topic_refused",
                )

    async def messages(self, *, most: int) -> list[Message]:
        """At least one message and at most so many, as soon as they are there. Raises StepFailed at the end."""
        found: list[Message] = []
        while not found or (len(found) < most and not self._came.empty()):
            one = await self._came.get()
            if isinstance(one, StepFailed):
                if not found:
                    raise one
                self._came.put_nowait(one)  # first what came before it
                break
            found.append(one)
        return found

    async def acknowledge(self, messages: list[Message]) -> None:
        """Tell the broker that these are safe."""
        for one in messages:
            if one.qos:
                kind = packets.PUBACK if one.qos == 1 else packets.PUBREC
                self._writer.write(packets.acknowledgement(kind, one.packet))
        with contextlib.suppress(OSError):  # the reader finds the same, and says it
            await self._writer.drain()

    async def read(self) -> None:
        """Take what the broker sends, until it ends. Never raises: `messages` says why it ended."""
        try:
            async with asyncio.TaskGroup() as both:
                ping = both.create_task(self._ping())
                await self._read()
                ping.cancel()
        except* StepFailed as problems:
            found = problems.exceptions[0]
            await self._came.put(found if isinstance(found, StepFailed) else StepFailed(str(found)))
        except* (OSError, asyncio.IncompleteReadError) as problems:
            words = str(problems.exceptions[0]) or "it hung up"
            await self._came.put(StepUnreachable(f"The connection to the broker broke: {words}."))

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE * 1.5):
                    first = (await self._reader.readexactly(1))[0]
                    body = await _rest(self._reader)
            except TimeoutError as error:
                raise StepUnreachable("The broker has fallen silent.", code="mqtt.silent") from error
            match first >> 4:
                case packets.PUBLISH:
                    await self._came.put(packets.message(first & 15, body))
                case packets.PUBREL:
                    self._writer.write(packets.acknowledgement(packets.PUBCOMP, packets.number(body)))
                case packets.SUBACK:
                    self._subscribed.put_nowait(packets.suback(body)[1])
                case packets.DISCONNECT:
                    code, words = packets.disconnected(body)
                    raise _problem(code, words or _said(code))
                case _:
                    pass  # an answer to our ping

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE * 0.6)
            self._writer.write(packets.PING)


@asynccontextmanager
async def session(
    outside: Outside, connection: ConnectionValue, *, client_id: str, expiry: int, clean: bool = False
) -> AsyncGenerator[Broker, None]:
    """A session that the broker keeps for `expiry` seconds after us. Raises StepRefused, StepUnreachable."""
    reader, writer = await _opened(outside, connection)
    reading: asyncio.Task[None] | None = None
    try:
        secret = connection.credential
        asked = packets.Connect(
            client_id=client_id,
            clean=clean,
            session_expiry=expiry,
            keep_alive=KEEP_ALIVE,
            receive_maximum=MOST_OPEN,
            maximum_packet=LARGEST,
            username=secret.get("username"),
            password=secret.get("password"),
        )
        broker = await _introduced(reader, writer, asked)
        reading = asyncio.create_task(broker.read())
        yield broker
        with contextlib.suppress(OSError):
            writer.write(packets.disconnect(session_expiry=expiry))
            await writer.drain()
    finally:
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), 2.0)


async def _opened(outside: Outside, connection: ConnectionValue) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    config = connection.config
    host, private = str(config.get("host") or ""), config.get("security") != "none"
    if not host:
        raise StepRefused(
            f"The connection `{connection.name}` does not say where the broker is.",
            hint="Give `host`, and `port` where it is none of 8883 (TLS) and 1883.",
            code="connection.incomplete",
        )
    port = int(config.get("port") or (8883 if private else 1883))
    context = tls_to(connection) if private else None
    sock = await outside.connect(host, port=port, timeout=_PATIENCE)
    try:
        async with asyncio.timeout(_PATIENCE):
            return await asyncio.open_connection(sock=sock, ssl=context, server_hostname=host if private else None)
    except ssl.SSLError as error:
        raise StepRefused(
            f"The broker at `{host}:{port}` has no TLS that can be trusted: {error.reason or error}.",
            hint="Its certificate must be valid and name this host; `security: none` is for your own network.",
            code="outside.tls",
        ) from error
    except (OSError, TimeoutError) as error:
        words = str(error) or "no answer in time"
        raise StepUnreachable(f"The broker at `{host}:{port}` does not answer: {words}.") from error


async def _introduced(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: packets.Connect) -> Broker:
    try:
        writer.write(asked.encoded())
        async with asyncio.timeout(_PATIENCE):
            first = (await reader.readexactly(1))[0]
            if first >> 4 != packets.CONNACK:
                raise _stranger()
            body = await _rest(reader)
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise StepUnreachable(
            "The broker does not answer our introduction.", hint="Look whether it speaks MQTT 5 on this port."
        ) from error
    if len(body) < 2:
        raise _stranger()
    resumed, code, properties = packets.connack(body)
    if code:
        raise _problem(code, str(properties.get("reason") or _said(code)))
    return Broker(resumed, reader, writer)


def _stranger() -> StepRefused:
    return StepRefused("What answers there is no MQTT broker.", hint="Look at host and port.", code="mqtt.stranger")


_DAMAGED = "Look whether a broker answers there, and at what publishes; it is tried again by itself."


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """What follows a packet's first byte: its size, and so many bytes."""
    size, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            break
        if shift > 21:
            raise StepFailed("The broker sent a damaged packet.", hint=_DAMAGED, code="mqtt.damaged")
    if size > LARGEST + 1024:
        raise StepFailed(
            "The broker sent a packet that is larger than we asked for.", hint=_DAMAGED, code="mqtt.damaged"
        )
    return await reader.readexactly(size)


def _said(code: int) -> str:
    return _REASONS.get(code, f"reason {code}")


def _problem(code: int, words: str) -> StepFailed:
    if code in _LATER or code < 0x80:
        hint = "It is tried again by itself; look at the broker where it stays so."
        return StepUnreachable(f"The broker ended the connection: {words}.", hint=hint, code="mqtt.ended")
    hint = "Look at user and password, and at what they may do there." if code in (0x86, 0x87) else ""
    return StepRefused(f"The broker does not let us in: {words}.", hint=hint, code="mqtt.refused")
