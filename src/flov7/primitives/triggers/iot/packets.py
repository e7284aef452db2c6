"""MQTT 5 on the wire: the packets that a subscriber sends and receives (OASIS MQTT Version 5.0, chapters 2 and 3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from flov7.kit.errors import StepFailed

CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, PINGRESP, DISCONNECT = (
    2,
    3,
    4,
    5,
    6,
    7,
    9,
    11,
    13,
    14,
)
"""Types of packets, from the first byte's upper half."""

# Property: name, and how its value is written (2.2.2.2).
_PROPERTIES: dict[int, tuple[str, str]] = {
    0x01: ("payload_format", "byte"), 0x02: ("expiry", "four"), 0x03: ("content_type", "text"),
    0x08: ("response_topic", "text"), 0x09: ("correlation", "bytes"), 0x0B: ("subscription", "count"),
    0x11: ("session_expiry", "four"), 0x12: ("client_id", "text"), 0x13: ("keep_alive", "two"),
    0x15: ("auth_method", "text"), 0x16: ("auth_data", "bytes"), 0x1A: ("response_information", "text"),
    0x1C: ("server_reference", "text"), 0x1F: ("reason", "text"), 0x21: ("receive_maximum", "two"),
    0x22: ("topic_alias_maximum", "two"), 0x23: ("topic_alias", "two"), 0x24: ("maximum_qos", "byte"),
    0x25: ("retain_available", "byte"), 0x26: ("user", "pair"), 0x27: ("maximum_packet", "four"),
    0x28: ("wildcards", "byte"), 0x29: ("subscription_ids", "byte"), 0x2A: ("shared", "byte"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Message:
    """A PUBLISH as it came. `packet` is 0 at QoS 0; `again` where the broker gives it once more."""

    topic: str
    body: bytes = field(repr=False)
    qos: int
    packet: int
    again: bool
    retained: bool
    properties: dict[str, Any]
    user: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Connect:
    """What a CONNECT says."""

    client_id: str
    clean: bool
    session_expiry: int
    keep_alive: int
    receive_maximum: int
    maximum_packet: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def encoded(self) -> bytes:
        """The packet (3.1)."""
        flags = 0x02 if self.clean else 0x00
        tail = _text(self.client_id)
        if self.username is not None:
            flags |= 0x80
            tail += _text(self.username)
        if self.password is not None:
            flags |= 0x40
            tail += _text(self.password)
        properties = struct.pack(
            ">BIBHBI", 0x11, self.session_expiry, 0x21, self.receive_maximum, 0x27, self.maximum_packet
        )
        head = _text("MQTT") + bytes([5, flags]) + struct.pack(">H", self.keep_alive)
        return _packet(0x10, head + _count(len(properties)) + properties + tail)


def subscribe(packet: int, *, filters: tuple[str, ...], qos: int, retained: bool) -> bytes:
    """SUBSCRIBE (3.8); retained messages come with a new subscription, or never."""
    body = struct.pack(">H", packet) + b"\x00"
    for one in filters:
        handling = 2 if not retained else 1
        if one.startswith("$share/"):
            handling = 2  # a shared subscription never gets retained messages (4.8.2)
        body += _text(one) + bytes([qos | 0x08 | handling << 4])  # 0x08: retained ones stay marked
    return _packet(0x82, body)


def acknowledgement(kind: int, packet: int) -> bytes:
    """PUBACK, PUBREC or PUBCOMP (3.4, 3.5, 3.7) that says it went well."""
    return _packet(kind << 4, struct.pack(">H", packet))


PING = b"\xc0\x00"
"""PINGREQ (3.12)."""


def disconnect(*, session_expiry: int | None = None) -> bytes:
    """DISCONNECT (3.14), which may set when the session is forgotten."""
    if session_expiry is None:
        return _packet(0xE0, b"")
    return _packet(0xE0, bytes([0, 5, 0x11]) + struct.pack(">I", session_expiry))


def connack(body: bytes) -> tuple[bool, int, dict[str, Any]]:
    """Whether the session was there, the reason code, the properties (3.2)."""
    properties, _, _ = _properties(body, 2)
    return bool(body[0] & 1), body[1], properties


def suback(body: bytes) -> tuple[int, list[int]]:
    """The packet's number and a reason code for each filter (3.9)."""
    _, _, at = _properties(body, 2)
    return struct.unpack_from(">H", body)[0], list(body[at:])


def disconnected(body: bytes) -> tuple[int, str]:
    """The broker's reason code and words (3.14)."""
    if not body:
        return 0, ""
    words = _properties(body, 1)[0].get("reason", "") if len(body) > 1 else ""
    return body[0], str(words)


def number(body: bytes) -> int:
    """The packet's number of an acknowledgement."""
    return int(struct.unpack_from(">H", body)[0])


def message(flags: int, body: bytes) -> Message:
    """A PUBLISH (3.3). Raises StepFailed for one that is none."""
    try:
        topic, at = _read_text(body, 0)
        qos, packet = flags >> 1 & 3, 0
        if qos:
            packet = struct.unpack_from(">H", body, at)[0]
            at += 2
        properties, user, at = _properties(body, at)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise StepFailed(
            f"The broker sent a damaged message: {error}.", hint="Look at what publishes it.", code="mqtt.damaged"
        ) from error
    return Message(
        topic=topic,
        body=body[at:],
        qos=qos,
        packet=packet,
        again=bool(flags & 8),
        retained=bool(flags & 1),
        properties=properties,
        user=user,
    )


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _count(len(body)) + body


def _count(value: int) -> bytes:
    """A variable byte integer (1.5.5)."""
    found = bytearray()
    while True:
        value, rest = divmod(value, 128)
        found.append(rest | 0x80 if value else rest)
        if not value:
            return bytes(found)


def _text(value: str) -> bytes:
    body = value.encode()
    return struct.pack(">H", len(body)) + body


def _read_text(body: bytes, at: int) -> tuple[str, int]:
    raw, at = _read_bytes(body, at)
    return raw.decode(), at


def _read_bytes(body: bytes, at: int) -> tuple[bytes, int]:
    size = struct.unpack_from(">H", body, at)[0]
    return body[at + 2 : at + 2 + size], at + 2 + size


def _read_count(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if not byte & 128:
            return value, at


def _properties(body: bytes, at: int) -> tuple[dict[str, Any], dict[str, str], int]:
    """Properties by name, the user's own, and where they end."""
    if at >= len(body):
        return {}, {}, at
    size, at = _read_count(body, at)
    end, found, user = at + size, dict[str, Any](), dict[str, str]()
    while at < end:
        known = _PROPERTIES.get(body[at])
        if known is None:
            raise StepFailed(f"The broker sent the unknown property {body[at]}.", code="mqtt.damaged")
        name, form = known
        value, at = _value(form, body, at + 1)
        if form == "pair":
            user[value[0]] = value[1]
        else:
            found[name] = value
    return found, user, end


def _value(form: str, body: bytes, at: int) -> tuple[Any, int]:
    match form:
        case "byte":
            return body[at], at + 1
        case "two":
            return struct.unpack_from(">H", body, at)[0], at + 2
        case "four":
            return struct.unpack_from(">I", body, at)[0], at + 4
        case "count":
            return _read_count(body, at)
        case "text":
            return _read_text(body, at)
        case "pair":
            name, at = _read_text(body, at)
            value, at = _read_text(body, at)
            return (name, value), at
        case _:
            return _read_bytes(body, at)
