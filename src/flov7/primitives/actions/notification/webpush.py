"""Messages to browsers: Web Push (RFC 8030), encrypted for one browser (RFC 8291), signed with our key (RFC 8292).

What the browser gets is JSON in the form of Declarative Web Push, which shows itself; where a page's service worker
shows it, the same names lead: `notification.title`, `.body`, and `.actions`, each with `title` and `navigate`.
"""

from __future__ import annotations

import base64
import binascii
import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flov7.kit.errors import StepRefused
from flov7.primitives.actions.api_call import http
from flov7.primitives.actions.notification.note import Note
from flov7.primitives.declare import Checked, ConnectionValue, Context, Json
from flov7.primitives.formats import json_text
from flov7.primitives.outside import Request

SERVICE = "webpush"
LARGEST = 3_993
"""Bytes of a message that every push service takes: 4096 less what the encryption adds."""
_TOKEN_HOLDS = 12 * 3600
_KEPT_FOR = 24 * 3600
_URGENCY = {"info": "normal", "success": "normal", "warning": "high", "error": "high"}
_POINT = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


async def send(context: Context, connection: ConnectionValue, *, note: Note, to: str) -> None:
    """Sends it to one browser; `to` is its subscription as JSON. Raises step errors that say whether it can have been
    sent."""
    endpoint, receiver, auth = _subscription(to)
    key = _private_key(connection)
    body = encrypted(message(note), receiver=receiver, auth=auth)
    request = Request(
        method="POST",
        url=endpoint,
        headers={
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(_KEPT_FOR),
            "urgency": _URGENCY.get(note.level, "normal"),
            "authorization": _vapid(key, endpoint=endpoint, subject=_subject(connection)),
        },
        body=body,
        timeout=max(0.05, context.remaining() - 0.25),
        private=frozenset({"authorization"}),
        follow=False,
    )
    answer = await context.outside.fetch(request)
    if answer.status in (404, 410):
        raise StepRefused(
            "The browser no longer takes messages: its person has switched them off, or it is gone.",
            hint="Forget this subscription, and ask on your page for a new one.",
            code="notification.gone",
            details={"status": answer.status},
        )
    http.judge(answer, expect=None)


def check(connection: ConnectionValue) -> Checked:
    """Whether the key holds; says the public key that a page gives its browsers."""
    try:
        public = _private_key(connection).public_key()
        _subject(connection)
    except StepRefused as error:
        return Checked(ok=False, message=error.message, hint=error.hint)
    return Checked(ok=True, message=f"Pages subscribe with applicationServerKey {_text(public.public_bytes(*_POINT))}.")


def message(note: Note) -> bytes:
    """The message as JSON; a long text is cut so that a push service takes it."""
    title, text = note.title or note.text.strip().splitlines()[0][:120], note.text
    while True:
        notification: dict[str, Any] = {
            "title": title,
            "body": text,
            "navigate": note.buttons[0].url if note.buttons else "",
            "data": {"level": note.level, "run": note.run},
        }
        if note.buttons:
            notification["actions"] = [
                {"action": str(number), "title": one.label, "navigate": one.url}
                for number, one in enumerate(note.buttons)
            ]
        whole = json_text.show({"web_push": 8030, "notification": notification}).encode()
        if len(whole) <= LARGEST or not text:
            return whole
        plain = text.removesuffix("…").encode()
        shorter = plain[: max(0, len(plain) - (len(whole) - LARGEST) - 4)].decode(errors="ignore").rstrip()
        text = f"{shorter}…" if shorter else ""


def encrypted(plain: bytes, *, receiver: bytes, auth: bytes) -> bytes:
    """The bytes for the browser that has the public key `receiver` (65 bytes) and the secret `auth` (16 bytes).
    Raises StepRefused."""
    if len(plain) > LARGEST:
        raise StepRefused("The message is too large for a browser.", hint="Shorten its buttons or title.")
    ours, salt = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    point = ours.public_key().public_bytes(*_POINT)
    try:
        shared = ours.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), receiver))
    except ValueError as error:
        raise _no_subscription("its key `p256dh` is none") from error
    first = _derived(shared, salt=auth, info=b"WebPush: info\0" + receiver + point, length=32)
    key = _derived(first, salt=salt, info=b"Content-Encoding: aes128gcm\0", length=16)
    nonce = _derived(first, salt=salt, info=b"Content-Encoding: nonce\0", length=12)
    head = salt + (4096).to_bytes(4, "big") + bytes([len(point)]) + point
    return head + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def _derived(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def _subscription(to: str) -> tuple[str, bytes, bytes]:
    try:
        value: Json = json_text.parse(to)
    except StepRefused as error:
        raise _no_subscription("it is no JSON") from error
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(keys, dict):
        raise _no_subscription("it has no `endpoint` and `keys`")
    endpoint = str(value.get("endpoint") or "")
    if not endpoint.startswith(("https://", "http://")):
        raise _no_subscription("it has no `endpoint`")
    receiver, auth = _bytes(keys, "p256dh", 65), _bytes(keys, "auth", 16)
    return endpoint, receiver, auth


def _bytes(keys: Mapping[str, Json], name: str, length: int) -> bytes:
    try:
        found = _from_text(str(keys.get(name) or ""))
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != length:
        raise _no_subscription(f"its key `{name}` is not {length} bytes in Base64url")
    return found


def _private_key(connection: ConnectionValue) -> ec.EllipticCurvePrivateKey:
    text = str(connection.credential.get("secret") or "").strip()
    try:
        if text.startswith("-----BEGIN"):
            key: Any = serialization.load_pem_private_key(text.encode(), password=None)
        else:
            key = ec.derive_private_key(int.from_bytes(_from_text(text), "big"), ec.SECP256R1())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(connection) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise _no_key(connection)
    return key


def _vapid(key: ec.EllipticCurvePrivateKey, *, endpoint: str, subject: str) -> str:
    """Who we are, for one push service and half a day."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + _TOKEN_HOLDS, "sub": subject}
    token = jwt.encode(claims, key, algorithm="ES256")
    return f"vapid t={token}, k={_text(key.public_key().public_bytes(*_POINT))}"


def _subject(connection: ConnectionValue) -> str:
    found = str(connection.config.get("from") or "")
    if found.startswith(("mailto:", "https://")):
        return found
    if "@" in found:
        return f"mailto:{found.rpartition('<')[2].rstrip('>')}"
    raise StepRefused(
        f"The connection `{connection.name}` does not say whom a push service may write to.",
        hint="Give `from` in its config: a mail address.",
        code="connection.incomplete",
    )


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _from_text(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)


def _no_subscription(why: str) -> StepRefused:
    return StepRefused(
        f"`to` is no subscription of a browser: {why}.",
        hint="Give what `pushManager.subscribe()` gave the page, as JSON text.",
        code="notification.no_address",
    )


def _no_key(connection: ConnectionValue) -> StepRefused:
    return StepRefused(
        f"The connection `{connection.name}` has no key to sign with.",
        hint="Its `secret` is a private key of the curve P-256: PEM, or 32 bytes in Base64url, as "
        "`npx web-push generate-vapid-keys` makes one.",
        code="connection.incomplete",
    )
