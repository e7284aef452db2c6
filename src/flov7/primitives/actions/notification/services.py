"""Services that take a message by an operation of their connector: which one, and how the message is written for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flov7.kit.errors import StepRefused
from flov7.primitives.actions.notification.note import Note, slack_blocks
from flov7.primitives.connectors.builtin import shelves
from flov7.primitives.connectors.running import run_operation
from flov7.primitives.declare import ConnectionValue, Context, Json

_PHONE = re.compile(r"^\+[1-9]\d{6,14}$")


def _slack(note: Note, to: str, config: Mapping[str, Json]) -> dict[str, Any]:
    return {"channel": to, "text": note.whole, **({"blocks": slack_blocks(note)} if note.buttons else {})}


def _telegram(note: Note, to: str, config: Mapping[str, Json]) -> dict[str, Any]:
    keys = [[{"text": one.label, "url": one.url}] for one in note.buttons]
    return {"chat_id": to, "text": note.whole[:4096], **({"reply_markup": {"inline_keyboard": keys}} if keys else {})}


def _discord(note: Note, to: str, config: Mapping[str, Json]) -> dict[str, Any]:
    row = [{"type": 2, "style": 5, "label": one.label, "url": one.url} for one in note.buttons]
    return {
        "channel_id": to,
        "content": note.whole[:2000],
        **({"components": [{"type": 1, "components": row}]} if row else {}),
    }


OPERATIONS: dict[str, tuple[str, Callable[[Note, str, Mapping[str, Json]], dict[str, Any]]]] = {
    "slack": ("post", _slack),
    "telegram": ("send_message", _telegram),
    "discord": ("send_message", _discord),
}
"""By service: the connector's operation, and its inputs."""


async def send(context: Context, connection: ConnectionValue, *, note: Note, to: str) -> None:
    """Says it through the service's connector. Raises step errors."""
    service = connection.service or connection.kind
    name, write = OPERATIONS[service]
    operation = shelves()[service].connector.operation(name)
    await run_operation(context, operation, write(note, to, connection.config))


def phone(text: str) -> str:
    """A telephone number as E.164. Raises StepRefused."""
    plain = re.sub(r"[\s().-]", "", text)
    if not _PHONE.match(plain):
        raise StepRefused(
            f"`{text[:40]}` is no telephone number.",
            hint="Write it with the country's code, as +4915112345678.",
            code="notification.bad_number",
        )
    return plain
