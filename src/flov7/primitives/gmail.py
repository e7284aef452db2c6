"""Sending a finished message through Gmail's API. Source: developers.google.com/workspace/gmail/api, users.messages.send."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from email.message import EmailMessage

from flov7.primitives.actions.api_call import http
from flov7.primitives.declare import Context
from flov7.primitives.formats import json_text

_BASE = "https://gmail.googleapis.com"
_PATH = "/gmail/v1/users/me/messages/send"


async def send(context: Context, mail: EmailMessage, *, blind: Sequence[str]) -> None:
    """Sends it. Gmail reads the receivers from the headers, and takes `Bcc` out. Raises step errors."""
    if blind:
        mail["Bcc"] = ", ".join(blind)
    body = json_text.show({"raw": base64.urlsafe_b64encode(mail.as_bytes()).decode()}).encode()
    base = str(context.connection.config.get("base_url") or _BASE) if context.connection else _BASE
    call = http.Call.of(context, url=base.rstrip("/") + _PATH)
    answer = await call.send("POST", body=body, content_type="application/json")
    http.told(answer, "id")
