"""A keyed hash of the request in a header, as many services take it: what is hashed is a template."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from flov7.kit.errors import StepRefused
from flov7.primitives.marks import KindInputs
from flov7.primitives.outside import Answer, Request
from flov7.primitives.schemes.scheme import with_headers

_NAME = re.compile(r"\{([a-z0-9_]+)\}")
PARTS = ("method", "host", "path", "query", "target", "url", "timestamp", "body", "body_sha256", "key_id")


class Signature(KindInputs):
    """How the request is signed with the secret's `secret`."""

    header: str = Field(default="X-Signature", pattern=r"^[A-Za-z0-9-]+$", description="Where the signature goes.")
    over: str = Field(
        default="{timestamp}.{body}",
        description=f"What is signed, of {', '.join('{' + part + '}' for part in PARTS)}; `\\n` is a line end.",
    )
    algorithm: Literal["sha1", "sha256", "sha384", "sha512"] = Field(default="sha256", description="The hash.")
    encoding: Literal["hex", "base64"] = Field(default="hex", description="How the signature is written.")
    template: str = Field(
        default="{signature}",
        description="The header's value, of {signature}, {timestamp}, {key_id}.",
        examples=["sha256={signature}", "HMAC {key_id}:{signature}"],
    )
    timestamp_header: str = Field(default="", description="Where the moment goes, in seconds since 1970.")
    key_id_header: str = Field(default="", description="Where the secret's `key_id` goes.")
    secret_encoding: Literal["text", "base64", "hex"] = Field(default="text", description="How the secret is written.")


class Keyed:
    """A signature by HMAC (RFC 2104)."""

    def __init__(
        self, rule: Signature, *, secret: str, key_id: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self._rule = rule
        self._key = _key_of(secret, rule.secret_encoding)
        self._key_id = key_id
        self._clock = clock

    def signed(self, request: Request) -> Request:
        """With the signature. Raises StepRefused where the template names what is not there."""
        rule, moment = self._rule, str(int(self._clock()))
        known = _parts(request, timestamp=moment, key_id=self._key_id)
        found = hmac.new(self._key, _filled(rule.over.replace("\\n", "\n"), known), rule.algorithm).digest()
        signature = found.hex() if rule.encoding == "hex" else base64.b64encode(found).decode()
        known["signature"] = signature.encode()
        headers = {rule.header.lower(): _filled(rule.template, known).decode("latin-1")}
        if rule.timestamp_header:
            headers[rule.timestamp_header.lower()] = moment
        if rule.key_id_header:
            headers[rule.key_id_header.lower()] = self._key_id
        return with_headers(request, headers)

    def challenged(self, request: Request, answer: Answer) -> Request | None:
        """Never: nothing is asked."""
        return None


def _parts(request: Request, *, timestamp: str, key_id: str) -> dict[str, bytes]:
    url, body = urlsplit(request.url), request.body or b""
    path = url.path or "/"
    texts = {
        "method": request.method,
        "host": url.netloc.rpartition("@")[2],
        "path": path,
        "query": url.query,
        "target": path + (f"?{url.query}" if url.query else ""),
        "url": request.url,
        "timestamp": timestamp,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "key_id": key_id,
    }
    return {"body": body, **{name: text.encode() for name, text in texts.items()}}


def _filled(template: str, known: dict[str, bytes]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for one in _NAME.finditer(template):
        if one[1] not in known:
            raise StepRefused(
                f"The signature is to be made of `{one[1]}`, which a request does not have.",
                hint=f"Write it of {', '.join(known)}.",
                code="connection.incomplete",
            )
        pieces += [template[at : one.start()].encode(), known[one[1]]]
        at = one.end()
    return b"".join([*pieces, template[at:].encode()])


def _key_of(secret: str, encoding: str) -> bytes:
    try:
        match encoding:
            case "base64":
                return base64.b64decode(secret, validate=True)
            case "hex":
                return bytes.fromhex(secret)
            case _:
                return secret.encode()
    except ValueError:
        raise StepRefused(
            f"The secret is not written in {encoding}.",
            hint="Look at `signature.secret_encoding` of the connection.",
            code="connection.incomplete",
        ) from None
