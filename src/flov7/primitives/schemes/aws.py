"""AWS' signature, version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html)."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from flov7.primitives.outside import Answer, Request
from flov7.primitives.schemes.scheme import with_headers

_SAFE = "-_.~"
_HOST = re.compile(
    r"(?:^|\.)(?P<service>[a-z0-9-]+)(?:\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?$"
)
_NOT_SIGNED = frozenset({"connection", "user-agent", "accept-encoding", "authorization", "accept", "expect"})


class Aws:
    """The signature of one account for one service in one region; both are read from the host where left out."""

    def __init__(
        self,
        *,
        key_id: str,
        secret: str,
        token: str = "",
        region: str = "",
        service: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key_id = key_id
        self._secret = secret
        self._token = token
        self._region = region
        self._service = service
        self._clock = clock

    def signed(self, request: Request) -> Request:
        """With `Authorization`, `X-Amz-Date` and the hash of the body."""
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock()))
        region, service = self._scope(urlsplit(request.url).hostname or "")
        body_hash = hashlib.sha256(request.body or b"").hexdigest()
        headers = {"x-amz-date": moment}
        if service == "s3":
            headers["x-amz-content-sha256"] = body_hash
        if self._token:
            headers["x-amz-security-token"] = self._token
        names, canonical = _canonical(request, headers, body_hash=body_hash, is_s3=service == "s3")
        scope = f"{moment[:8]}/{region}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = b"AWS4" + self._secret.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        said = f"Credential={self._key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        return with_headers(request, {**headers, "authorization": f"AWS4-HMAC-SHA256 {said}"})

    def challenged(self, request: Request, answer: Answer) -> Request | None:
        """Never: nothing is asked."""
        return None

    def _scope(self, host: str) -> tuple[str, str]:
        found = _HOST.search(host)
        region = self._region or (found["region"] if found else "") or "us-east-1"
        service = self._service or (found["service"] if found else "") or "execute-api"
        return region, service


def _canonical(request: Request, more: dict[str, str], *, body_hash: str, is_s3: bool) -> tuple[str, str]:
    """The names of the signed headers, and the text of the request that is hashed."""
    url = urlsplit(request.url)
    default = {"http": 80, "https": 443}.get(url.scheme)
    host = (url.hostname or "") + (f":{url.port}" if url.port not in (None, default) else "")
    signed = {name.lower(): value for name, value in request.headers.items() if name.lower() not in _NOT_SIGNED}
    signed |= {**more, "host": host}
    path = quote(unquote(url.path) or "/", safe="/" + _SAFE)
    if not is_s3:
        path = quote(path, safe="/" + _SAFE)
    pairs = [(quote(k, safe=_SAFE), quote(v, safe=_SAFE)) for k, v in parse_qsl(url.query, keep_blank_values=True)]
    query = "&".join(f"{key}={value}" for key, value in sorted(pairs))
    lines = "".join(f"{name}:{' '.join(signed[name].split())}\n" for name in sorted(signed))
    names = ";".join(sorted(signed))
    return names, f"{request.method}\n{path}\n{query}\n{lines}\n{names}\n{body_hash}"
