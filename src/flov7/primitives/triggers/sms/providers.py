"""Text messages as four services deliver them: how each proves itself, and what stands where.

- Twilio: HMAC-SHA1 over the address and the sorted fields, `X-Twilio-Signature`
  (twilio.com/docs/usage/security#validating-requests).
- Vonage Messages: a JWT (HS256) in `Authorization` with the body's SHA-256 in `payload_hash`
  (developer.vonage.com, "Signed webhooks").
- Telnyx: Ed25519 over `timestamp|body`, `Telnyx-Signature-Ed25519` and `Telnyx-Timestamp`
  (developers.telnyx.com, webhook signing).
- MessageBird: a JWT (HS256) in `MessageBird-Signature-JWT` with SHA-256 of address and body
  (developers.messagebird.com, "Verify HTTP requests").
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Literal

from flov7.kit.errors import Refused
from flov7.primitives.inbound import Arrival, Received, Reply, unproven

Provider = Literal["twilio", "vonage", "telnyx", "messagebird"]
_OLDEST = 300.0
"""Seconds after which a signed delivery is no longer believed: somebody may have kept it."""
_TWIML = Reply(media_type="text/xml", body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>')
"""To Twilio: take note, and send nothing back."""


def twilio(arrival: Arrival) -> Received:
    """A message to a Twilio number."""
    pairs = arrival.pairs()
    signed = arrival.url + "".join(name + value for name, value in sorted(set(pairs)))
    wanted = hmac.new(arrival.word("auth_token", *_WORDS).encode(), signed.encode(), hashlib.sha1).digest()
    given = arrival.headers.get("x-twilio-signature", "")
    if not hmac.compare_digest(base64.b64encode(wanted).decode(), given):
        raise unproven("`X-Twilio-Signature` does not fit")
    found = dict(pairs)
    many = found.get("NumMedia", "0")
    media = [
        {"url": found[f"MediaUrl{n}"], "media_type": found.get(f"MediaContentType{n}")}
        for n in range(int(many) if many.isdigit() else 0)
        if f"MediaUrl{n}" in found
    ]
    id_ = found.get("MessageSid") or found.get("SmsMessageSid")
    payload = _message("twilio", id_, found.get("From"), found.get("To"), found.get("Body"), media, found)
    return Received(payload=payload, id=id_, reply=_TWIML)


def vonage(arrival: Arrival) -> Received:
    """A message to a Vonage number (Messages API)."""
    given = arrival.headers.get("authorization", "")
    claims = _claims(arrival, given[7:].strip() if given.lower().startswith("bearer ") else "")
    if arrival.now - float(claims.get("iat") or 0) > _OLDEST:
        raise unproven("the token is too old")
    _same_body(arrival, claims.get("payload_hash"))
    found = _object(arrival)
    id_ = found.get("message_uuid") or found.get("messageId")
    text = found.get("text") if found.get("text") is not None else _inner(found, "message", "content").get("text")
    payload = _message("vonage", id_, _number(found.get("from")), _number(found.get("to")), text, [], found)
    return Received(payload=payload, id=None if id_ is None else str(id_))


def telnyx(arrival: Arrival) -> Received:
    """A message to a Telnyx number; other events of the same address start nothing."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    at = arrival.headers.get("telnyx-timestamp", "")
    if not at.isdigit() or abs(arrival.now - int(at)) > _OLDEST:
        raise unproven("`Telnyx-Timestamp` is missing or too old")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(arrival.word("public_key", *_WORDS), validate=True))
        signature = base64.b64decode(arrival.headers.get("telnyx-signature-ed25519", ""), validate=True)
        key.verify(signature, at.encode() + b"|" + arrival.body)
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise unproven("`Telnyx-Signature-Ed25519` does not fit") from error
    event = _inner(_object(arrival), "data")
    found = _inner(event, "payload")
    if event.get("event_type") != "message.received":
        return Received(payload=None)
    receivers = found.get("to") or []
    to = receivers[0].get("phone_number") if isinstance(receivers, list) and receivers else None
    media = [{"url": one.get("url"), "media_type": one.get("content_type")} for one in found.get("media") or [] if one]
    sender = _inner(found, "from").get("phone_number")
    payload = _message("telnyx", found.get("id"), sender, to, found.get("text"), media, found)
    return Received(payload=payload, id=str(event.get("id") or found.get("id")))


def messagebird(arrival: Arrival) -> Received:
    """A message to a MessageBird number."""
    claims = _claims(arrival, arrival.headers.get("messagebird-signature-jwt", ""), issuer="MessageBird")
    if not hmac.compare_digest(str(claims.get("url_hash") or ""), _sha256(arrival.url.encode())):
        raise unproven("the signature is for another address")
    if arrival.body or claims.get("payload_hash"):
        _same_body(arrival, claims.get("payload_hash"))
    kind = arrival.headers.get("content-type", "")
    found: dict[str, Any] = _object(arrival) if "json" in kind else dict(arrival.pairs())
    sender, text = found.get("originator"), found.get("body") or found.get("payload")
    payload = _message("messagebird", found.get("id"), sender, found.get("recipient"), text, [], found)
    id_ = found.get("id") or claims.get("jti")
    return Received(payload=payload, id=None if id_ is None else str(id_))


PROVIDERS: dict[Provider, Callable[[Arrival], Received]] = {
    "twilio": twilio,
    "vonage": vonage,
    "telnyx": telnyx,
    "messagebird": messagebird,
}
_WORDS = ("signing_key", "token", "key", "secret", "password", "value")
"""Fields of a stored secret, whatever the connection's kind calls them."""


def _claims(arrival: Arrival, token: str, *, issuer: str | None = None) -> dict[str, Any]:
    import jwt

    try:
        return jwt.decode(
            token, arrival.word("signature_secret", *_WORDS), algorithms=["HS256"], issuer=issuer, leeway=30
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise unproven(f"the signed token does not hold ({type(error).__name__})") from error


def _same_body(arrival: Arrival, wanted: Any) -> None:
    if not hmac.compare_digest(str(wanted or "").lower(), _sha256(arrival.body)):
        raise unproven("the body is another one than was signed")


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _object(arrival: Arrival) -> dict[str, Any]:
    found = arrival.json()
    if not isinstance(found, dict):
        raise Refused("The body is no JSON object.", code="json.invalid")
    return found


def _inner(found: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        value = found.get(name)
        found = value if isinstance(value, dict) else {}
    return found


def _number(value: Any) -> str | None:
    """Older forms have `{type, number}`."""
    found = value.get("number") if isinstance(value, dict) else value
    return None if found is None else str(found)


def _message(
    provider: str, id_: Any, sender: Any, to: Any, text: Any, media: list[dict[str, Any]], raw: dict[str, Any]
) -> dict[str, Any]:
    return {
        "provider": provider,
        "id": None if id_ is None else str(id_),
        "from": None if sender is None else str(sender),
        "to": None if to is None else str(to),
        "text": "" if text is None else str(text),
        "media": media,
        "raw": raw,
    }
