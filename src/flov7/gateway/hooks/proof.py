"""Whether a delivery comes from whom it should. What does not prove itself is 401, and no run."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from flov7.gateway.hooks.book import Target
from flov7.kit.errors import Unauthenticated


def prove(target: Target, *, headers: Mapping[str, str], body: bytes) -> None:
    """Raises Unauthenticated (`hook.unproven`) unless the sender proves himself as the trigger wants it."""
    if target.auth == "none":
        return  # the address held the token
    secret = target.secret or {}
    match target.auth:
        case "token":
            good = _token(secret, headers)
            hint = "Send `Authorization: Bearer …` with the token that both sides know."
        case "basic":
            good = _basic(secret, headers)
            hint = "Send user and password by HTTP Basic."
        case "signature":
            good = _signature(secret, headers, body)
            hint = "Sign by Standard Webhooks: `webhook-id`, `webhook-timestamp` (not older than 5 min), `webhook-signature`."
        case _:
            good, hint = False, "Activate the workflow again."
    if not good:
        raise Unauthenticated(f"The sender did not prove himself by {target.auth}.", hint=hint, code="hook.unproven")


def _same(given: str, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


def _first(secret: Mapping[str, Any], *names: str) -> str:
    return next((str(secret[name]) for name in names if secret.get(name)), "")


def _token(secret: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        given = headers.get("x-api-key", "")
    return _same(given.strip(), _first(secret, "token", "value", "key"))


def _basic(secret: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        pair = base64.b64decode(given.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    user, password = _first(secret, "username"), _first(secret, "password")
    return bool(user and password) and _same(pair, f"{user}:{password}")


def _signature(secret: Mapping[str, Any], headers: Mapping[str, str], body: bytes) -> bool:
    key = _first(secret, "signing_key", "key", "value")
    if not key:
        return False
    try:
        Webhook(key).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError, RuntimeError):
        return False  # among ValueErrors: a key or a signature that is no Base64, a body that is no text
    return True
