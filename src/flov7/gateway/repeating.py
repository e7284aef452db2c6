"""`Idempotency-Key` on every POST of the API: the same request again gets the same answer, byte for byte."""

from __future__ import annotations

import base64
import hashlib

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flov7.gateway import errors
from flov7.gateway.context import API, Actor, current
from flov7.gateway.parts import Gateway
from flov7.kit.errors import FlowError, Invalid
from flov7.store import idempotency

_LONGEST = 255


class Repeatable:
    """ASGI, inside the key check: keeps answers under the caller's key and gives them again."""

    def __init__(self, app: ASGIApp, *, gateway: Gateway) -> None:
        self._app = app
        self._database = gateway.database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or give the first answer again."""
        actor = current().actor
        if scope["type"] != "http" or scope["method"] != "POST" or actor is None:
            await self._app(scope, receive, send)
            return
        key = Headers(scope=scope).get("idempotency-key")
        if key is None or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        try:
            await self._once(key, actor, scope, receive, send)
        except FlowError as problem:
            await errors.of_flow_error(problem)(scope, receive, send)

    async def _once(self, key: str, actor: Actor, scope: Scope, receive: Receive, send: Send) -> None:
        if not key.strip() or len(key) > _LONGEST:
            raise Invalid(f"An Idempotency-Key has 1 to {_LONGEST} characters.", hint="Send a UUID.")
        workspace_id, key = actor.workspace_id, f"{actor.key_id}/{key}"  # nobody gets an answer that was another's
        body = await whole_body(receive)
        async with self._database.workspace(workspace_id) as store:
            kept = await idempotency.begin(store, key, request_digest=_digest(scope, body))
        if kept is not None:
            await _give(kept, scope, receive, send)
            return
        answer = _Recorder(send)
        try:
            await self._app(scope, _replayed(body, receive), answer)
        finally:
            async with self._database.workspace(workspace_id) as store:
                if 200 <= answer.status < 500 and answer.status != 429:
                    await idempotency.finish(store, key, status=answer.status, body=answer.kept())
                else:  # it may be tried again
                    await idempotency.abandon(store, key)


class _Recorder:
    def __init__(self, send: Send) -> None:
        self._send = send
        self._body = bytearray()
        self._type = "application/json"
        self._location: str | None = None
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message.get("headers", []))
            self.status = message["status"]
            self._type = headers.get("content-type", self._type)
            self._location = headers.get("location")
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
        await self._send(message)

    def kept(self) -> dict[str, str | None]:
        return {"body": base64.b64encode(bytes(self._body)).decode(), "type": self._type, "location": self._location}


async def _give(kept: idempotency.Answer, scope: Scope, receive: Receive, send: Send) -> None:
    from starlette.responses import Response

    headers = {"idempotent-replayed": "true"}
    if kept.body.get("location"):
        headers["location"] = kept.body["location"]
    body = base64.b64decode(kept.body["body"])
    response = Response(body, status_code=kept.status, headers=headers, media_type=kept.body["type"])
    await response(scope, receive, send)


def _digest(scope: Scope, body: bytes) -> str:
    head = b"\n".join((scope["method"].encode(), scope["path"].encode(), scope.get("query_string", b""), b""))
    return hashlib.sha256(head + body).hexdigest()


async def whole_body(receive: Receive) -> bytes:
    """The whole body of a request; what is too large was refused on the way."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
