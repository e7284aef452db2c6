"""Keys: `Authorization: Bearer flov7_…` or `X-API-Key`. Everything under `/api/v1` needs one, known route or not."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from flov7.gateway import errors
from flov7.gateway.context import API, Actor, current
from flov7.gateway.parts import KEYS_TOPIC, Gateway
from flov7.kit.errors import FlowError, Forbidden, Unauthenticated
from flov7.store import keys
from flov7.store.scope import Scope

PROTOCOL = "flov7.key."
"""A WebSocket of a browser cannot send headers: it offers the subprotocols `flov7` and `flov7.key.<the key>`."""
_MOST = 10_000


class Keyring:
    """Finds keys, and remembers good ones for a few seconds."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known: OrderedDict[str, tuple[float, Actor]] = OrderedDict()
        gateway.listeners.append(self.heard)

    def heard(self, topic: str, message: object) -> None:
        """A key was revoked: `message` is its id, None means any. Other processes notice after the cache's time."""
        if topic == KEYS_TOPIC:
            gone = [digest for digest, (_, actor) in self._known.items() if message in (None, actor.key_id)]
            for digest in gone:
                del self._known[digest]

    async def open(self, secret: str) -> Actor:
        """Who this key is. Raises Unauthenticated, Unavailable."""
        digest = keys.digest_of(secret)
        known = self._known.get(digest)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        found = await keys.find(self._gateway.database, secret) if secret.startswith(keys.PREFIX) else None
        if found is None:
            self._known.pop(digest, None)
            raise Unauthenticated(
                "This key opens nothing: it is not ours, was revoked, or has expired.",
                hint="Look whether it was copied whole; it begins with `flov7_`.",
                code="auth.invalid",
            )
        actor = Actor(found.id, found.workspace_id, found.name, found.scopes)
        self._known[digest] = (time.monotonic() + self._gateway.settings.key_cache_seconds, actor)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return actor


def secret_in(headers: Headers) -> str | None:
    """The key that a request brings."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and rest.strip():
        return rest.strip()
    if headers.get("x-api-key"):
        return headers["x-api-key"].strip()
    for offered in headers.get("sec-websocket-protocol", "").split(","):
        if offered.strip().startswith(PROTOCOL):
            return offered.strip().removeprefix(PROTOCOL)
    return None


class KeyRequired:
    """ASGI: lets nothing under `/api/v1` pass without a good key."""

    def __init__(self, app: ASGIApp, *, gateway: Gateway) -> None:
        self._app = app
        self._keyring = Keyring(gateway)
        self._limit = gateway.limit

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 401, or 429 where the key asks too often."""
        path: str = scope.get("path", "")
        if scope["type"] not in ("http", "websocket") or not (path == API or path.startswith(f"{API}/")):
            await self._app(scope, receive, send)
            return
        try:
            secret = secret_in(Headers(scope=scope))
            if secret is None:
                raise Unauthenticated(
                    "This needs an API key.",
                    hint="Send `Authorization: Bearer flov7_…`. `flov7 up` shows the first key once.",
                )
            actor = await self._keyring.open(secret)
            await self._limit.check(actor.key_id)
        except FlowError as problem:
            await refuse(problem, scope, receive, send)
            return
        facts = current()
        facts.actor, facts.workspace_id = actor, actor.workspace_id
        await self._app(scope, receive, send)


async def refuse(problem: FlowError, scope: AsgiScope, receive: Receive, send: Send) -> None:
    """Answer with an error; a WebSocket is closed before it opens (the peer sees 403)."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": problem.message[:120]})
        return
    await errors.of_flow_error(problem)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, with what is needed to answer."""

    gateway: Gateway
    actor: Actor

    @property
    def workspace_id(self) -> str:
        """The workspace that the key opens; every query is scoped to it."""
        return self.actor.workspace_id

    @property
    def who(self) -> str:
        """As it stands in records."""
        return self.actor.who

    def transaction(self) -> AbstractAsyncContextManager[Scope]:
        """One transaction in the caller's workspace; it commits at the end."""
        return self.gateway.database.workspace(self.actor.workspace_id)


def allowed(wanted: str) -> Callable[[HTTPConnection], Awaitable[Caller]]:
    """A dependency: the caller, if the key has that scope. Raises Forbidden."""

    async def caller(connection: HTTPConnection) -> Caller:
        actor = current().actor
        if actor is None:
            raise Unauthenticated("This needs an API key.", hint="Send `Authorization: Bearer flov7_…`.")
        if not actor.may(wanted):
            raise Forbidden(
                f"The key `{actor.name}` may not do this: it lacks `{wanted}`.",
                hint="Use a key that has this scope.",
                details={"needs": wanted, "has": list(actor.scopes)},
            )
        return Caller(connection.app.state.gateway, actor)

    return caller
