"""Text messages by Twilio, Vonage and Plivo.

Sources: twilio.com/docs/messaging/api/message-resource, developer.vonage.com/en/api/sms, plivo.com/docs/messaging/api/message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flov7.kit.errors import StepRefused
from flov7.primitives.actions.api_call import http
from flov7.primitives.actions.notification.note import Note
from flov7.primitives.actions.notification.services import phone
from flov7.primitives.credentials import basic
from flov7.primitives.declare import ConnectionValue, Context
from flov7.primitives.formats import json_text
from flov7.primitives.outside import Answer, Request

PROVIDERS = ("twilio", "vonage", "plivo")
LONGEST = 1600


async def send(context: Context, connection: ConnectionValue, *, note: Note, to: str) -> None:
    """Sends one text message. Raises step errors that say whether it can have been sent."""
    sender = str(connection.config.get("from") or "")
    if not sender:
        raise StepRefused(
            f"The connection `{connection.name}` does not say from which number.",
            hint="Give `from` in its config.",
            code="connection.incomplete",
        )
    request = _request(connection, sender=sender, to=phone(to), text=note.with_links[:LONGEST])
    answer = await context.outside.fetch(
        Request(
            method="POST",
            url=request[0],
            headers=request[1],
            body=request[2],
            timeout=max(0.05, context.remaining() - 0.25),
            private=frozenset(request[1]),
        )
    )
    http.judge(answer, expect=None)
    match connection.service:
        case "vonage":
            _vonage(answer)
        case "plivo":
            http.told(answer, "message_uuid")
        case _:
            http.told(answer, "sid")


def _request(connection: ConnectionValue, *, sender: str, to: str, text: str) -> tuple[str, dict[str, str], bytes]:
    secret, config = connection.credential, connection.config
    user, password = str(secret.get("username") or ""), str(secret.get("password") or "")
    if not user or not password:
        raise StepRefused(
            f"The connection `{connection.name}` has no user and password.",
            hint="`username` is the account's id (Twilio's SID, Vonage's API key, Plivo's auth id), `password` its token.",
            code="connection.incomplete",
        )
    match connection.service:
        case "twilio":
            base = str(config.get("base_url") or "https://api.twilio.com")
            form = urlencode({"From": sender, "To": to, "Body": text}).encode()
            return (
                f"{base}/2010-04-01/Accounts/{user}/Messages.json",
                {**_FORM, "authorization": basic(user, password)},
                form,
            )
        case "plivo":
            base = str(config.get("base_url") or "https://api.plivo.com")
            body = json_text.show({"src": sender, "dst": to.lstrip("+"), "text": text}).encode()
            return f"{base}/v1/Account/{user}/Message/", {**_JSON, "authorization": basic(user, password)}, body
        case _:
            base = str(config.get("base_url") or "https://rest.nexmo.com")
            fields: Mapping[str, Any] = {
                "api_key": user, "api_secret": password, "from": sender, "to": to.lstrip("+"), "text": text,
                **({} if text.isascii() else {"type": "unicode"}),
            }  # fmt: skip
            return f"{base}/sms/json", _FORM, urlencode(fields).encode()


_FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
_JSON = {"content-type": "application/json", "accept": "application/json"}


def _vonage(answer: Answer) -> None:
    """Vonage says under 200 that it did not send."""
    http.told(answer, "messages")
    messages = json_text.parse(answer.text)["messages"]
    status = str(messages[0].get("status", ""))
    if status != "0":
        words = messages[0].get("error-text") or f"status {status}"
        raise StepRefused(f"Vonage did not send it: {words}.", code="notification.refused", details={"status": status})
