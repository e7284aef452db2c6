"""Digest access (RFC 7616): the password never travels, only a hash of it with the server's challenge."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from flov7.kit.errors import StepRefused
from flov7.primitives.outside import Answer, Request
from flov7.primitives.schemes.scheme import with_headers

_PART = re.compile(r'(\w[\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}
_BEST = ("sha-512-256", "sha-256", "md5")


class Digest:
    """User and password by digest access."""

    def __init__(self, user: str, password: str, *, nonce: Callable[[], str] = lambda: secrets.token_hex(16)) -> None:
        self._user = user
        self._password = password
        self._nonce = nonce
        self._challenge: dict[str, str] | None = None
        self._count = 0

    def signed(self, request: Request) -> Request:
        """With the challenge that is known already, so that a second page costs no second question."""
        return request if self._challenge is None else self._with_proof(request, self._challenge)

    def challenged(self, request: Request, answer: Answer) -> Request | None:
        """With the answer to the challenge. Raises StepRefused for one that cannot be answered."""
        if answer.status != 401:
            return None
        challenge = best_challenge(answer.headers.get("www-authenticate", ""))
        if challenge is None:
            return None
        stale = challenge.get("stale", "").lower() == "true"
        if self._challenge is not None and not stale and self._challenge.get("nonce") == challenge.get("nonce"):
            return None  # it saw the proof and did not take it
        self._challenge, self._count = challenge, 0
        return self._with_proof(request, challenge)

    def _with_proof(self, request: Request, challenge: dict[str, str]) -> Request:
        self._count += 1
        return with_headers(request, {"authorization": self._proof(request, challenge)})

    def _proof(self, request: Request, challenge: dict[str, str]) -> str:
        name = challenge.get("algorithm", "MD5")
        session = name.lower().endswith("-sess")
        digest = _hash_of(name.lower().removesuffix("-sess"))
        realm, nonce = challenge.get("realm", ""), challenge["nonce"]
        parts = urlsplit(request.url)
        uri = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        offered = [one.strip() for one in challenge.get("qop", "").split(",") if one.strip()]
        qop = next((one for one in ("auth", "auth-int") if one in offered), "")
        if offered and not qop:
            raise StepRefused(f"The service wants a proof of a sort that is not known: {challenge['qop'][:40]}.")
        count, ours = f"{self._count:08x}", self._nonce()
        secret = digest(f"{self._user}:{realm}:{self._password}".encode())
        if session:
            secret = digest(f"{secret}:{nonce}:{ours}".encode())
        target = f"{request.method}:{uri}"
        if qop == "auth-int":
            target += f":{digest(request.body or b'')}"
        middle = f"{nonce}:{count}:{ours}:{qop}" if qop else nonce
        response = digest(f"{secret}:{middle}:{digest(target.encode())}".encode())
        fields = [f'username="{_escaped(self._user)}"', f'realm="{_escaped(realm)}"', f'nonce="{_escaped(nonce)}"']
        fields += [f'uri="{uri}"', f'response="{response}"', f"algorithm={name}"]
        if "opaque" in challenge:
            fields.append(f'opaque="{_escaped(challenge["opaque"])}"')
        if qop:
            fields += [f"qop={qop}", f"nc={count}", f'cnonce="{ours}"']
        return "Digest " + ", ".join(fields)


def best_challenge(header: str) -> dict[str, str] | None:
    """The strongest digest challenge of a `WWW-Authenticate` header that can be answered, or None."""
    found: dict[str, dict[str, str]] = {}
    for piece in re.split(r"(?i)(?:^|,)\s*digest\s+", header)[1:]:
        parts = {one[1].lower(): re.sub(r"\\(.)", r"\1", one[2] or "") or one[3] or "" for one in _PART.finditer(piece)}
        name = parts.get("algorithm", "MD5").lower().removesuffix("-sess")
        if name in _HASHES and parts.get("nonce"):
            found.setdefault(name, parts)
    return next((found[name] for name in _BEST if name in found), None)


def _hash_of(name: str) -> Callable[[bytes], str]:
    return lambda data: hashlib.new(_HASHES[name], data, usedforsecurity=name != "md5").hexdigest()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
