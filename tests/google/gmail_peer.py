"""Gmail's side, played on loopback: it keeps what is sent, and takes nothing that Google's document does not have."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.gateway.conftest import served
from tests.google.discovery import discovery

TOKEN = "ya29.a-token-of-the-test"


@dataclass
class GmailPeer:
    """What it was asked, what was wrong with that, and the messages that were sent."""

    url: str = ""
    calls: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    failures: int = 0

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        value: Any = json.loads(body) if body else None
        described = discovery("gmail")
        self.calls.append(str(described.method_of(request.method, request.url.path)))
        self.wrong += described.wrong(request.method, str(request.url), value)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            error = {
                "code": 401,
                "message": "Request had invalid authentication credentials.",
                "status": "UNAUTHENTICATED",
            }
            return JSONResponse({"error": error}, status_code=401)
        if self.failures:
            self.failures -= 1
            error = {
                "code": 429,
                "message": "Quota exceeded for quota metric 'Queries'.",
                "status": "RESOURCE_EXHAUSTED",
            }
            return JSONResponse({"error": error}, status_code=429, headers={"retry-after": "0"})
        if request.url.path.endswith("/messages/send"):
            raw = base64.urlsafe_b64decode(value["raw"] + "=" * (-len(value["raw"]) % 4))
            self.sent.append(message_from_bytes(raw))
            number = len(self.sent)
            return JSONResponse({"id": f"m{number}", "threadId": f"t{number}", "labelIds": ["SENT"]})
        if request.url.path.endswith("/profile"):
            return JSONResponse({"emailAddress": "shop@example.com", "messagesTotal": 1, "threadsTotal": 1})
        if request.url.path.endswith("/messages"):
            return JSONResponse({"messages": [{"id": "m1", "threadId": "t1"}], "resultSizeEstimate": 1})
        return JSONResponse({"id": "m1", "threadId": "t1", "labelIds": ["Label_1"]})

    def app(self) -> Starlette:
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(routes=[Route("/{rest:path}", self.answer, methods=methods)])


@asynccontextmanager
async def gmail_peer() -> AsyncIterator[GmailPeer]:
    """The peer on a real socket."""
    peer = GmailPeer()
    async with served(peer.app()) as url:  # type: ignore[arg-type]  # any ASGI application is served alike
        peer.url = url
        yield peer
