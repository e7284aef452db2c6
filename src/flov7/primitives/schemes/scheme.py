"""What every such way does: sign a request before it goes, and answer a challenge where one comes."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from flov7.primitives.outside import Answer, Request


class Scheme(Protocol):
    """One account's way of proving who it is. It lives as long as one call."""

    def signed(self, request: Request) -> Request:
        """The request as it is sent first."""
        ...

    def challenged(self, request: Request, answer: Answer) -> Request | None:
        """The request once more, where the answer asked for a proof; None where the answer is the answer."""
        ...


def with_headers(request: Request, headers: dict[str, str]) -> Request:
    """The request with these headers, names in lower case; another host never sees them."""
    return replace(request, headers={**request.headers, **headers}, private=request.private | frozenset(headers))
