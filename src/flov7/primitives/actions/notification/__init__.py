"""Tell people something: a short text to a channel, with buttons where the channel can carry them.

`channel` is `webhook` (to `to`, an address), `email` (to `to`, addresses), or the name of a connection. What that
connection leads to decides how it goes out:

- a `webhook` connection gets a POST, written for Slack, Discord or Teams where the address is theirs (or `style` in
  its config says so), else `{"text": …, "title": …, "level": …, "run": …}`; with a `signing_key` it is signed by
  Standard Webhooks;
- a mail server (`service: smtp`) sends a mail to `to`;
- `slack`, `telegram` and `discord` get a message in the channel or chat `to`;
- `twilio`, `vonage` and `plivo` send a text message to the number `to`;
- `webpush` shows it in a browser, with its buttons; `to` is what the browser's `pushManager.subscribe()` gave.

Without `to` the connection's own `to` is taken.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.language.effects import Effect
from flov7.primitives import letters, mail
from flov7.primitives.actions.api_call.http import judge
from flov7.primitives.actions.notification import services, sms, webpush
from flov7.primitives.actions.notification.note import Button, Note, body_of, style_of
from flov7.primitives.declare import ConnectionValue, Context, Json, Kind, KindInputs, KindOutputs, secret
from flov7.primitives.formats import json_text
from flov7.primitives.outside import Request
from flov7.primitives.signing import signed


class ButtonIn(KindInputs):
    """Something to press."""

    label: str = Field(min_length=1, max_length=75, description="What is on it.", examples=["Open the order"])
    url: str = Field(pattern=r"^https?://", max_length=2000, description="The address that it opens.")


class Asked(KindInputs):
    """A step that waits, and for what."""

    step: str
    wants: Literal["approval", "answer", "callback"]


class Inputs(KindInputs):
    """What is said, and where."""

    channel: str = Field(
        default="webhook", min_length=1, description="`webhook`, `email`, or a connection's name.", examples=["ops"]
    )
    text: str = Field(min_length=1, max_length=20_000, description="What is said.")
    title: str | None = Field(default=None, max_length=300, description="The headline, and a mail's subject.")
    level: Literal["info", "success", "warning", "error"] = Field(default="info", description="How grave it is.")
    to: Annotated[str | list[str] | None, secret()] = Field(
        default=None,
        description="An address beginning with https://, mail addresses, a channel, a chat, a telephone number, or a browser's "
        "subscription as JSON.",
    )
    fields: dict[str, Json] = Field(default_factory=dict, description="Further fields of a webhook's message.")
    buttons: list[ButtonIn] = Field(default_factory=list, max_length=5, description="What people can press.")
    asks: Asked | None = Field(
        default=None, description="The step that waits for the answer.", json_schema_extra={"x-internal": True}
    )


class Outputs(KindOutputs):
    """What became of it."""

    channel: str = Field(description="How it went out: `webhook`, `email` or the service.")
    delivered: list[str] = Field(description="The hosts or addresses that took it.")
    status: int | None = Field(default=None, description="A webhook's HTTP status.")


async def run(context: Context, inputs: Inputs) -> Outputs:
    """Sends the message. Raises step errors that say whether it can have been sent."""
    connection = _connection(context, inputs)
    note = Note(
        text=inputs.text,
        title=inputs.title,
        level=inputs.level,
        run=context.execution_id,
        fields=inputs.fields,
        buttons=[Button(label=one.label, url=one.url) for one in inputs.buttons] + await _answers(context, inputs),
    )
    service = None if connection is None else connection.service or connection.kind
    if inputs.channel == "email" or service == "smtp":
        return await _mailed(context, inputs, connection or context.default_mail, note=note)
    if connection is None or connection.kind == "webhook" or service not in _SENDERS:
        return await _posted(context, inputs, connection, note=note)
    receivers = _receivers(inputs, connection)
    for to in receivers:
        await _SENDERS[service](context, connection, note=note, to=to)
    return Outputs(channel=service, delivered=[_shown(to) for to in receivers])


_SENDERS = {
    **dict.fromkeys(services.OPERATIONS, services.send),
    **dict.fromkeys(sms.PROVIDERS, sms.send),
    webpush.SERVICE: webpush.send,
}
"""By service: what sends a message to one receiver."""


def _shown(to: str) -> str:
    """Who got it; of a browser only whose it is, because its subscription is a secret."""
    found = re.search(r'"endpoint"\s*:\s*"https?://([^/"]+)', to) if to.lstrip().startswith("{") else None
    return found[1] if found else to


async def _answers(context: Context, inputs: Inputs) -> list[Button]:
    """The buttons that answer a step which waits."""
    if inputs.asks is None:
        return []
    who = inputs.to if isinstance(inputs.to, str) and "@" in inputs.to else ""
    found = await context.links.of(inputs.asks.step, wants=inputs.asks.wants, who=who)
    return [Button(label=one.label, url=one.url) for one in found]


def _receivers(inputs: Inputs, connection: ConnectionValue) -> list[str]:
    found = inputs.to or connection.config.get("to")
    receivers = [str(each) for each in ([found] if isinstance(found, str) else found or [])]
    if not receivers:
        raise StepRefused(
            "There is nobody to send it to.",
            hint="Give `to`: the channel, the chat's id or the number; or `to` in the connection's config.",
            code="notification.no_address",
        )
    if len(receivers) > 1:  # a failure after the first would send to that one twice
        raise StepRefused(
            "This channel takes one receiver for each step.",
            hint="Put the step into a loop over the receivers.",
            code="notification.one_receiver",
        )
    return receivers


def _connection(context: Context, inputs: Inputs) -> ConnectionValue | None:
    if inputs.channel in ("webhook", "email"):
        return context.connection
    found = context.connections.get(inputs.channel) or context.connection
    if found is None or (found.name != inputs.channel and inputs.channel not in context.connections):
        raise StepRefused(
            f"There is no channel `{inputs.channel}`.",
            hint="Add a `webhook` connection of that name, or write `channel: webhook` or `email` with `to`.",
            code="notification.no_channel",
        )
    return found


async def _mailed(context: Context, inputs: Inputs, connection: ConnectionValue | None, *, note: Note) -> Outputs:
    if connection is None:
        raise StepRefused(
            "There is no mail server to send with.",
            hint="Set the workspace's default mail connection, or choose another channel.",
            code="mail.no_connection",
        )
    to = letters.addresses(inputs.to or connection.config.get("to"))
    sender = letters.addresses(connection.config.get("from"))
    if not to or not sender:
        raise StepRefused("The mail needs `to`, and the connection needs `from`.", code="mail.no_address")
    subject = inputs.title or inputs.text.strip().splitlines()[0][:80]
    message = letters.Message(
        to=to,
        cc=(),
        bcc=(),
        subject=subject,
        text=replace(note, title=None).with_links,
        html=note.html if note.buttons else None,
        sender=sender[0],
    )
    sent = await mail.send(context, connection, message=message)
    return Outputs(channel="email", delivered=sent.accepted)


async def _posted(context: Context, inputs: Inputs, connection: ConnectionValue | None, *, note: Note) -> Outputs:
    url = _address(inputs, connection)
    style = style_of(url, str(connection.config.get("style") or "") if connection else None)
    body = json_text.show(body_of(note, style)).encode()
    headers = {"content-type": "application/json", **_access(connection, body, context)}
    if context.idempotency_key:
        headers["idempotency-key"] = context.idempotency_key
    request = Request(
        method="POST",
        url=url,
        headers=headers,
        body=body,
        timeout=max(0.05, context.remaining() - 0.25),
        private=frozenset(headers),
    )
    answer = await context.outside.fetch(request)
    judge(answer, expect=None)
    return Outputs(channel="webhook", delivered=[url.split("/")[2].rpartition("@")[2]], status=answer.status)


def _address(inputs: Inputs, connection: ConnectionValue | None) -> str:
    url = (connection.credential.get("url") or connection.config.get("url")) if connection else inputs.to
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise StepRefused(
            "There is no address to send to.",
            hint="Give `to`, beginning with https://, or a `webhook` connection with a `url`.",
            code="notification.no_address",
        )
    return url


def _access(connection: ConnectionValue | None, body: bytes, context: Context) -> dict[str, str]:
    if connection is None:
        return {}
    headers = {str(name).lower(): str(value) for name, value in (connection.config.get("headers") or {}).items()}
    if connection.credential.get("token"):
        headers["authorization"] = f"Bearer {connection.credential['token']}"
    if connection.credential.get("signing_key"):
        key = context.idempotency_key or f"{context.execution_id}/{context.step}"
        headers |= signed(
            str(connection.credential["signing_key"]), message_id=f"msg_{key}", body=body, at=int(time.time())
        )
    return headers


KIND = Kind(
    title="Notify",
    icon="bell",
    summary="A short word to the team: to a chat, by mail, or as a text message.",
    confused_with="`email_send` for a real letter to a customer; `api_call` for other services.",
    examples=("Tell ops if that fails", "Notify the team in Slack", "Alert me by mail"),
    synonyms=("notify", "alert", "tell", "inform", "ping", "slack", "telegram", "sms", "text message", "message"),
    lowering=Lowering.CALL,
    effect=Effect.WRITE,
    target_fields=("channel", "to"),
    timeout=15.0,
    connection=ConnectionNeed(
        kinds=("webhook", "slack"), services=("smtp", "telegram", "discord", "twilio", "vonage", "plivo", "webpush")
    ),
)
