"""The way outside: every address that a workflow reaches is checked, and every answer is bounded.

A name is resolved once and the connection goes to the address that was checked, under the right `Host` and TLS
name, so a name that changes its mind (DNS rebinding) gains nothing. Redirects are new requests and are checked
again. Private, loopback, link-local, shared, multicast and metadata addresses are refused unless the operator
allowed them.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request. `private` names the headers that another host must not see after a redirect."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout: float = 30.0
    follow: bool = True
    private: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: header names in lower case, the body decoded from gzip or deflate, `seconds` it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    seconds: float

    @property
    def text(self) -> str:
        """The body as text, by the charset of its content type, else UTF-8; what cannot be read is marked."""
        found = self.headers.get("content-type", "").lower().partition("charset=")[2].split(";")[0].strip(" \"'")
        try:
            return self.body.decode(found or "utf-8", errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")


class Outside(Protocol):
    """What a kind may do outside. Every implementation checks addresses; all raise the same step errors."""

    async def addresses(self, host: str, *, port: int) -> list[str]:
        """The checked addresses of a host. Raises StepRefused (not allowed), StepUnreachable (no such host)."""
        ...

    async def connect(self, host: str, *, port: int, timeout: float) -> socket.socket:
        """A connected socket (not blocking). Raises StepRefused, StepUnreachable."""
        ...

    async def fetch(self, request: Request) -> Answer:
        """The answer, whatever its status. Raises StepRefused, StepUnreachable, StepTimedOut, StepFailed."""
        ...

    def local_file(self, name: str) -> Path:
        """The checked path of a file on this machine. Raises StepRefused where the operator did not open its folder."""
        ...

    def client(self, *, timeout: float) -> httpx.AsyncClient:
        """A guarded client for what `fetch` does not do, such as streams."""
        ...
