"""Tell people something: a short text to a channel.

`channel` is `webhook` (to `to`, an address), `email` (to `to`, addresses), or the name of a connection: a
`webhook` connection gets a POST, a mail server (`service: smtp`) sends to `to`. A webhook gets
`{"text": …, "title": …, "level": …, "run": …}`, which Slack, Mattermost and Teams workflows show as it is;
with a `signing_key` it is signed by Standard Webhooks.
"""

from __future__ import annotations

import time
from typing import Annotated, Literal

from pydantic import Field

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.language.effects import Effect
from flov7.primitives import letters, mail
from flov7.primitives.actions.api_call.http import judge
from flov7.primitives.declare import ConnectionValue, Context, Json, Kind, KindInputs, KindOutputs, secret
from flov7.primitives.formats import json_text
from flov7.primitives.outside import Request
from flov7.primitives.signing import signed


class Inputs(KindInputs):
    """What is said, and where."""

    channel: str = Field(
        default="webhook", min_length=1, description="`webhook`, `email`, or a connection's name.", examples=["ops"]
    )
    text: str = Field(min_length=1, max_length=20_000, description="What is said.")
    title: str | None = Field(default=None, max_length=300, description="The headline, and a mail's subject.")
    level: Literal["info", "success", "warning", "error"] = Field(default="info", description="How grave it is.")
    to: Annotated[str | list[str] | None, secret()] = Field(
        default=None, description="For `webhook` an address beginning with https://, for mail the addresses."
    )
    fields: dict[str, Json] = Field(default_factory=dict, description="Further fields of a webhook's message.")


class Outputs(KindOutputs):
    """What became of it."""

    channel: Literal["webhook", "email"] = Field(description="How it went out.")
    delivered: list[str] = Field(description="The hosts or addresses that took it.")
    status: int | None = Field(default=None, description="A webhook's HTTP status.")


async def run(context: Context, inputs: Inputs) -> Outputs:
    """Sends the message. Raises step errors that say whether it can have been sent."""
    connection = _connection(context, inputs)
    is_mail = inputs.channel == "email" or (connection is not None and connection.service == "smtp")
    if is_mail:
        return await _mailed(context, inputs, connection or context.default_mail)
    return await _posted(context, inputs, connection)


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


async def _mailed(context: Context, inputs: Inputs, connection: ConnectionValue | None) -> Outputs:
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
    message = letters.Message(to=to, cc=(), bcc=(), subject=subject, text=inputs.text, html=None, sender=sender[0])
    sent = await mail.send(context, connection, message=message)
    return Outputs(channel="email", delivered=sent.accepted)


async def _posted(context: Context, inputs: Inputs, connection: ConnectionValue | None) -> Outputs:
    url = _address(inputs, connection)
    body = json_text.show(
        {
            **inputs.fields,
            "text": inputs.text if not inputs.title else f"{inputs.title}\n{inputs.text}",
            "title": inputs.title,
            "level": inputs.level,
            "run": context.execution_id,
        }
    ).encode()
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
    summary="A short word to the team: to a chat's webhook, or by mail.",
    confused_with="`email_send` for a real letter to a customer; `api_call` for other services.",
    examples=("Tell ops if that fails", "Notify the team in Slack", "Alert me by mail"),
    synonyms=("notify", "alert", "tell", "inform", "ping", "slack", "message"),
    lowering=Lowering.CALL,
    effect=Effect.WRITE,
    target_fields=("channel", "to"),
    timeout=15.0,
    connection=ConnectionNeed(kinds=("webhook", "slack"), services=("smtp",)),
)
