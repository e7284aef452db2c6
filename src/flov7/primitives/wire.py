"""What goes over the wire and comes back: redirects, packed bodies, and which error says what may have happened."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from flov7.kit.errors import StepBroken, StepFailed, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.addresses import is_odd_number
from flov7.primitives.outside import Request

_CREDENTIALS = {"authorization", "cookie", "proxy-authorization"}


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers under names in lower case."""
    return {name.lower(): value for name, value in headers.items()}


def checked_url(url: str) -> None:
    """Raises StepRefused (`outside.bad_url`) for what is no web address."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise StepRefused(f"`{url[:200]}` is no address: {error}.", code="outside.bad_url") from error
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise StepRefused(
            f"`{url[:200]}` is no web address.",
            hint="Write it whole, beginning with https://, or use a connection that has a `base_url`.",
            code="outside.bad_url",
        )
    if is_odd_number(parts.hostname):
        raise forbidden(parts.hostname, "is a number in disguise")


def redirected(request: Request, target: str, *, status: int) -> Request:
    """The next request: another host sees no credentials, and what was safe does not become plain."""
    url = urljoin(request.url, target)
    old, new = urlsplit(request.url), urlsplit(url)
    if old.scheme == "https" and new.scheme == "http":
        raise StepRefused(
            f"`{shown(request.url)}` redirects from https to http; that is not followed.", code="outside.downgrade"
        )
    headers = lower(request.headers)
    if (old.scheme, old.netloc) != (new.scheme, new.netloc):
        hidden = _CREDENTIALS | {name.lower() for name in request.private}
        headers = {name: value for name, value in headers.items() if name not in hidden}
    if status == 303 or (status in (301, 302) and request.method == "POST"):
        method = "HEAD" if request.method == "HEAD" else "GET"
        headers = {name: value for name, value in headers.items() if not name.startswith("content-")}
        return replace(request, method=method, url=url, body=None, headers=headers)
    return replace(request, url=url, headers=headers)


def unpacker(encoding: str) -> Any:
    """What unpacks an answer, None where it is plain. Raises StepFailed for a packing that was not asked for."""
    match encoding:
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        case "deflate":
            return zlib.decompressobj()
        case _:
            raise StepFailed(f"The answer is packed as `{encoding[:40]}`, which was not asked for.")


def inflated(decoder: Any, chunk: bytes, *, most: int) -> bytes:
    """The next bytes unpacked, at most `most`. Raises StepFailed for damaged ones."""
    try:
        return decoder.decompress(chunk, max(1, most))
    except zlib.error as error:
        raise StepFailed(f"The packed answer is damaged: {error}.") from error


def translated(error: Exception, request: Request) -> StepFailed:
    """The step error that says whether the effect can have happened."""
    where = shown(request.url)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(
            cause, ssl.SSLWantReadError | ssl.SSLEOFError
        ):  # it fell silent, or hung up, before TLS was there
            return StepUnreachable(f"`{where}` does not begin TLS.", hint="Look whether it runs, and speaks TLS there.")
        if isinstance(cause, ssl.SSLError):
            return StepRefused(
                f"`{where}` has no TLS that can be trusted: {cause.reason or cause}.",
                hint="Its certificate must be valid and name this host.",
                code="outside.tls",
            )
        cause = cause.__cause__ or cause.__context__
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError() | httpx.PoolTimeout():
            return StepUnreachable(f"`{where}` does not answer: {reason(error)}.", hint="Look whether it runs.")
        case httpx.TimeoutException():
            return too_slow(request)
        case httpx.LocalProtocolError() | httpx.InvalidURL() | httpx.UnsupportedProtocol() | ValueError():
            return StepRefused(f"This request cannot be sent: {error}.", hint="Look at its address and headers.")
        case _:
            return StepBroken(
                f"`{where}` broke off: {reason(error)}.",
                hint="Look whether it still runs; what only reads is tried again by itself.",
            )


def too_slow(request: Request) -> StepTimedOut:
    """The error of an answer that did not come in time."""
    return StepTimedOut(
        f"`{shown(request.url)}` did not answer within {request.timeout:g} seconds.",
        hint="Give the step a longer `timeout`, or ask for less.",
    )


def forbidden(host: str, why: str) -> StepRefused:
    """The error of an address that a workflow may not reach."""
    return StepRefused(
        f"`{host}` {why}; a workflow may not reach it.",
        hint="An operator can allow it by the setting FLOV7_ALLOW_HOSTS, as host, network or host:port.",
        code="outside.forbidden",
    )


def shown(url: str) -> str:
    """The address without its query, user and password: these may hold secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"[:200]


def reason(error: BaseException | None) -> str:
    """An error's own words, or its name."""
    text = str(error or "").strip().rstrip(".")
    return text or type(error).__name__
