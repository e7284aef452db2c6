"""Standard Webhooks signatures (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from flov7.kit.errors import StepRefused


def signed(key: str, *, message_id: str, body: bytes, at: int) -> dict[str, str]:
    """The three headers of a signed message; `at` in seconds since 1970. Raises StepRefused for a bad key."""
    try:
        secret = base64.b64decode(key.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise StepRefused(
            "The `signing_key` is no Standard Webhooks key.",
            hint="It begins with `whsec_`, and the rest is Base64.",
            code="connection.bad_key",
        ) from error
    content = f"{message_id}.{at}.".encode() + body
    digest = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(at), "webhook-signature": f"v1,{digest}"}
