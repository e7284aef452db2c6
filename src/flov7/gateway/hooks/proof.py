"""Whether a delivery comes from whom it should. What does not prove itself is 401, and no run."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from flov7.gateway.hooks.book import Target
from flov7.kit import json
from flov7.kit.errors import Unauthenticated


def prove(target: Target, *, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """Raises Unauthenticated (`hook.unproven`) unless the sender proves himself as the trigger wants it.

    What is known of him then goes to the run as headers.
    """
    if target.auth == "none":
        return {}  # the address held the token
    secret, config = target.secret or {}, target.intake.trigger.config
    match target.auth:
        case "token":
            good = _token(secret, headers)
            hint = "Send `Authorization: Bearer …` with the token that both sides know."
        case "basic":
            good = _basic(secret, headers)
            hint = "Send user and password by HTTP Basic."
        case "header":
            name = str(config.get("header", "X-Token"))
            good = _same(headers.get(name.lower(), ""), _first(secret, "value", "token", "key"))
            hint = f"Send the header `{name}` with the value that both sides know."
        case "jwt":
            return _jwt(config.get("jwt") or {}, secret, headers)
        case "signature":
            good = _signature(secret, headers, body)
            hint = "Sign by Standard Webhooks: `webhook-id`, `webhook-timestamp` (not older than 5 min), `webhook-signature`."
        case _:
            good, hint = False, "Activate the workflow again."
    if not good:
        raise _unproven(target.auth, hint)
    return {}


def _unproven(how: str, hint: str) -> Unauthenticated:
    return Unauthenticated(f"The sender did not prove himself by {how}.", hint=hint, code="hook.unproven")


def _jwt(wanted: Mapping[str, Any], secret: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, str]:
    """The claims of a signed token, as a header. What it does not say of time is not asked; what it says holds."""
    import jwt

    name = str(wanted.get("header", "Authorization")).lower()
    given = headers.get(name, "").strip()
    token = given[7:].strip() if given.lower().startswith("bearer ") else given
    issuer, audience = wanted.get("issuer"), wanted.get("audience")
    try:
        claims = jwt.decode(
            token,
            _first(secret, "key", "public_key", "value", "token", "signing_key"),
            algorithms=list(wanted.get("algorithms") or ["HS256"]),
            issuer=issuer,
            audience=audience,
            options={"verify_aud": audience is not None},
            leeway=30,
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        said = str(error) or type(error).__name__
        raise _unproven(
            "a signed token", f"Send a token that is signed with the key that both sides know: {said}."
        ) from error
    return {"jwt-claims": json.dumps(claims).decode()}


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
