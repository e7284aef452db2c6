"""A browser that takes pushed messages: it has its own keys, checks who sends, and decrypts (with `http_ece`)."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_POINT = (Encoding.X962, PublicFormat.UncompressedPoint)


def text(value: bytes) -> str:
    """Base64url without its padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def from_text(value: str) -> bytes:
    """The bytes of Base64url without padding."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


class Browser:
    """One subscription."""

    def __init__(self, endpoint: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        self.endpoint = endpoint

    @property
    def subscription(self) -> str:
        """What `pushManager.subscribe()` gives, as JSON."""
        keys = {"p256dh": text(self.key.public_key().public_bytes(*_POINT)), "auth": text(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> dict[str, Any]:
        """The message in the clear."""
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        return json.loads(plain)["notification"]


def checked_sender(authorization: str, *, audience: str) -> tuple[str, dict[str, Any]]:
    """The sender's public key and claims, as a push service checks them (RFC 8292). Raises where they do not hold."""
    scheme, _, rest = authorization.partition(" ")
    assert scheme == "vapid"
    parts = dict(one.strip().split("=", 1) for one in rest.split(","))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_text(parts["k"]))
    return parts["k"], jwt.decode(parts["t"], public, algorithms=["ES256"], audience=audience)
