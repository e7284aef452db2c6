"""Mail that a service delivers by HTTP, read into the shape that a mailbox gives.

- Mailgun (routes): fields of a form, signed by HMAC-SHA256 over `timestamp` and `token`
  (documentation.mailgun.com, "Securing webhooks").
- Postmark (inbound): JSON; it proves itself by user and password in the address (postmarkapp.com, "Inbound webhook").
- SendGrid (inbound parse): fields of a form, or the raw message in `email`; user and password in the address.
- raw: the message itself as the body (`message/rfc822`); user and password, or a bearer token.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from email.utils import getaddresses
from typing import Any, Literal

from flov7.kit.errors import Refused
from flov7.primitives.files import kept
from flov7.primitives.formats.multipart import parts
from flov7.primitives.inbound import Arrival, unproven
from flov7.primitives.triggers.email.letter import LARGEST_TEXT, letter

Provider = Literal["mailgun", "postmark", "sendgrid", "raw"]
_OLDEST = 900.0
Fields = tuple[dict[str, str], list[dict[str, Any]]]


async def read(arrival: Arrival, *, provider: Provider, largest: int) -> dict[str, Any]:
    """The message. Raises Unauthenticated, Refused."""
    match provider:
        case "mailgun":
            fields, files = await _form(arrival, largest)
            _signed_by_mailgun(arrival, fields)
            return _of_form(fields, files, text="body-plain", html="body-html", id_="Message-Id")
        case "sendgrid":
            _known(arrival)
            fields, files = await _form(arrival, largest)
            if "email" in fields:
                return await letter(
                    fields["email"].encode("utf-8", "surrogateescape"), files=arrival.files, largest=largest
                )
            return _of_form(fields, files, text="text", html="html", id_="message-id")
        case "postmark":
            _known(arrival)
            return await _of_postmark(arrival, largest)
        case "raw":
            _known(arrival)
            return await letter(arrival.body, files=arrival.files, largest=largest)


def _known(arrival: Arrival) -> None:
    """User and password, or a token, as the stored secret has them."""
    scheme, _, given = arrival.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        wanted = f"{arrival.word('username')}:{arrival.word('password')}"
        try:
            good = hmac.compare_digest(base64.b64decode(given, validate=True), wanted.encode())
        except binascii.Error:
            good = False
    else:
        good = hmac.compare_digest(given.encode(), arrival.word("token", "password", "key", "value").encode())
    if not good:
        raise unproven("user and password, or the token, are not those of the stored secret")


def _signed_by_mailgun(arrival: Arrival, fields: dict[str, str]) -> None:
    at, word = fields.get("timestamp", ""), fields.get("token", "")
    key = arrival.word("signing_key", "token", "key", "password", "value").encode()
    wanted = hmac.new(key, (at + word).encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, fields.get("signature", "")):
        raise unproven("`signature` does not fit")
    if not at.isdigit() or abs(arrival.now - int(at)) > _OLDEST:
        raise unproven("`timestamp` is too old")


async def _form(arrival: Arrival, largest: int) -> Fields:
    kind = arrival.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        return dict(arrival.pairs()), []
    try:
        found = parts(arrival.body, content_type=kind)
    except (ValueError, LookupError) as error:
        raise Refused(f"The body is no form with parts: {error}.", code="form.invalid") from error
    fields = {one.name: one.body.decode("utf-8", "surrogateescape") for one in found if one.file_name is None}
    files = [
        await _file(arrival, name=one.file_name, media_type=one.media_type, body=one.body, largest=largest)
        for one in found
        if one.file_name
    ]
    return fields, files


async def _file(arrival: Arrival, *, name: str, media_type: str, body: bytes, largest: int) -> dict[str, Any]:
    if len(body) > largest:
        return {"file": None, "name": name, "media_type": media_type, "size": len(body)}
    return (await kept(arrival.files.keep, body, name=name, media_type=media_type)).model_dump(mode="json")


def _of_form(fields: dict[str, str], files: list[dict[str, Any]], *, text: str, html: str, id_: str) -> dict[str, Any]:
    plain = {
        name: value.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for name, value in fields.items()
    }
    sender = _people(plain.get("from") or plain.get("From") or plain.get("sender") or "")
    return _shaped(
        message_id=plain.get(id_) or plain.get("message-id"),
        in_reply_to=plain.get("In-Reply-To"),
        references=(plain.get("References") or "").split(),
        subject=plain.get("subject") or plain.get("Subject") or "",
        sender=sender[0] if sender else None,
        to=_people(plain.get("To") or plain.get("to") or plain.get("recipient") or ""),
        cc=_people(plain.get("Cc") or plain.get("cc") or ""),
        reply_to=_people(plain.get("Reply-To") or ""),
        date=plain.get("Date"),
        text=plain.get(text),
        html=plain.get(html),
        attachments=files,
    )


async def _of_postmark(arrival: Arrival, largest: int) -> dict[str, Any]:
    found = arrival.json()
    if not isinstance(found, dict):
        raise Refused("The body is no JSON object.", code="json.invalid")
    files: list[dict[str, Any]] = []
    for one in found.get("Attachments") or []:
        try:
            body = base64.b64decode(one.get("Content") or "", validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refused("An attachment is no Base64.", code="json.invalid") from error
        name, kind = str(one.get("Name") or "file"), str(one.get("ContentType") or "")
        files.append(await _file(arrival, name=name, media_type=kind, body=body, largest=largest))
    headers = {str(one.get("Name", "")).lower(): str(one.get("Value", "")) for one in found.get("Headers") or []}
    people = {name: [_person(one) for one in found.get(name) or []] for name in ("ToFull", "CcFull")}
    sender = found.get("FromFull")
    return _shaped(
        message_id=headers.get("message-id") or found.get("MessageID"),
        in_reply_to=headers.get("in-reply-to"),
        references=headers.get("references", "").split(),
        subject=str(found.get("Subject") or ""),
        sender=_person(sender) if isinstance(sender, dict) else None,
        to=people["ToFull"],
        cc=people["CcFull"],
        reply_to=_people(str(found.get("ReplyTo") or "")),
        date=found.get("Date"),
        text=found.get("TextBody"),
        html=found.get("HtmlBody"),
        attachments=files,
        headers=headers,
    )


def _person(one: dict[str, Any]) -> dict[str, str]:
    return {"name": str(one.get("Name") or ""), "address": str(one.get("Email") or "")}


def _people(text: str) -> list[dict[str, str]]:
    return [{"name": name, "address": address} for name, address in getaddresses([text]) if address]


def _shaped(
    *,
    message_id: Any,
    in_reply_to: Any,
    references: list[str],
    subject: str,
    sender: dict[str, str] | None,
    to: list[dict[str, str]],
    cc: list[dict[str, str]],
    reply_to: list[dict[str, str]],
    date: Any,
    text: Any,
    html: Any,
    attachments: list[dict[str, Any]],
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The shape that a mailbox gives."""
    words = {name: None if value is None else str(value) for name, value in (("text", text), ("html", html))}
    return {
        "message_id": message_id,
        "in_reply_to": in_reply_to,
        "references": references,
        "subject": subject,
        "from": sender,
        "to": to,
        "cc": cc,
        "reply_to": reply_to,
        "date": date,
        "headers": headers or {},
        **{name: None if value is None else value[:LARGEST_TEXT] for name, value in words.items()},
        "cut": any(len(value or "") > LARGEST_TEXT for value in words.values()),
        "attachments": attachments,
    }
