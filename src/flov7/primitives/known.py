"""Kinds that are known by name and not built yet. They are never faked: `validate` warns, activation refuses."""

from __future__ import annotations

from flov7.language.catalogue import Lowering, Queue
from flov7.language.effects import Effect
from flov7.primitives.declare import Known

_CONNECTION = ("service", "credentials")


def _oauth(title: str, what: str, *, services: tuple[str, ...] = ()) -> Known:
    return Known(title=title, summary=what, lowering=Lowering.CREDENTIAL, fields=_CONNECTION, services=services)


KNOWN: dict[str, Known] = {
    "trigger/database": Known(
        title="Database change", summary="A row is added, changed or removed.", lowering=Lowering.START
    ),
    "trigger/email": Known(title="Incoming e-mail", summary="A message arrives in a mailbox.", lowering=Lowering.START),
    "trigger/sms": Known(
        title="Incoming SMS",
        summary="A text message arrives.",
        lowering=Lowering.START,
        synonyms=("text message",),
    ),
    "trigger/iot": Known(
        title="Device message",
        summary="A device publishes over MQTT.",
        lowering=Lowering.START,
        synonyms=("mqtt",),
    ),
    "action/ai_process": Known(
        title="AI",
        summary="A model reads, writes, classifies or decides; with `agents`, a team of them.",
        lowering=Lowering.CALL,
        effect=Effect.READ,
        queue=Queue.AI,
        synonyms=("summarize", "classify", "extract", "llm", "gpt", "agent"),
    ),
    "connection/gmail": _oauth("Gmail", "A Google mailbox.", services=("gmail",)),
    "connection/slack": _oauth("Slack", "A Slack workspace.", services=("slack",)),
    "connection/hubspot": _oauth("HubSpot", "A HubSpot account.", services=("hubspot",)),
    "connection/oauth": _oauth("OAuth 2", "Any service with OAuth 2.", services=("oauth",)),
}
"""By `type/name`."""
