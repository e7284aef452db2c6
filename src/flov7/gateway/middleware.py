"""What surrounds every request: its id, one log line, counts, a limit for bodies, and an answer whatever happens."""

from __future__ import annotations

import time
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flov7.gateway import errors
from flov7.gateway.context import API, RequestFacts, enter
from flov7.gateway.parts import Gateway
from flov7.kit.errors import FlowError, TooLarge
from flov7.kit.ids import is_request_id, request_id
from flov7.observability import logs
from flov7.observability.metrics import Counter, Histogram

log = logs.get("flov7.gateway")


class Observed:
    """ASGI, outermost: the request id, the log line, the metrics; an exception becomes an answer here."""

    def __init__(self, app: ASGIApp, *, gateway: Gateway) -> None:
        self._app = app
        self._metrics = gateway.metrics
        self._counted: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, then tell."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        facts = RequestFacts(request_id=_request_id(scope))
        enter(facts)
        path: str = scope["path"]
        if path.startswith("/api/") and path.endswith("/") and len(path) > 1:
            scope["path"] = path.rstrip("/")  # `/workflows/` is `/workflows`
            scope["raw_path"] = scope["path"].encode()
        always = [(b"x-request-id", facts.request_id.encode()), (b"x-content-type-options", b"nosniff")]
        if path.startswith("/api/"):
            always.append((b"cache-control", b"no-store"))
        began = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.setdefault("headers", [])
                present = {name for name, _ in headers}
                for name, value in always:
                    if name not in present:
                        headers.append((name, value))
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        logs.bind(request_id=facts.request_id)
        try:
            await self._app(scope, receive, sending)
        except Exception as problem:  # noqa: BLE001 - the last place that can answer
            status = await self._answer(problem, status, scope, receive, sending)
        finally:
            self._tell(scope, facts, status, time.perf_counter() - began)

    async def _answer(self, problem: Exception, status: int, scope: Scope, receive: Receive, send: Send) -> int:
        if not isinstance(problem, FlowError):
            log.error("Request failed", exc_info=problem)
        if status or scope["type"] != "http":
            return status or 500  # the answer has begun: the connection just ends
        response = errors.of_flow_error(problem) if isinstance(problem, FlowError) else errors.unexpected()
        await response(scope, receive, send)
        return response.status_code

    def _tell(self, scope: Scope, facts: RequestFacts, status: int, seconds: float) -> None:
        route, method = _route(scope), scope.get("method", "WS")
        counted = self._counted.get((method, route, status))
        if counted is None:
            counted = self._counted[method, route, status] = (
                self._metrics.requests.labels(method, route, str(status)),
                self._metrics.request_seconds.labels(method, route),
            )
        counted[0].inc()
        counted[1].observe(seconds)
        told: dict[str, Any] = {"request_id": facts.request_id, "method": method, "route": route, "status": status}
        told["ms"] = round(seconds * 1000, 2)
        if "flov7.route" not in scope:  # a hook's path may hold a token
            told["path"] = scope["path"]
        for name, value in (
            ("workspace_id", facts.workspace_id),
            ("workflow_id", facts.workflow_id),
            ("run_id", facts.execution_id),
            ("step", facts.step),
            ("user_id", facts.actor.key_id if facts.actor else None),
        ):
            if value is not None:
                told[name] = value
        logs.access(**told)


def _request_id(scope: Scope) -> str:
    """The caller's own, where it looks like one of ours."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            brought: str = value.decode("latin-1")
            return brought if is_request_id(brought) else request_id()
    return request_id()


def _route(scope: Scope) -> str:
    """The route's pattern, never an address with ids in it."""
    route = scope.get("route")
    if route is not None:
        path = str(getattr(route, "path", "other"))
        return API + path if str(scope["path"]).startswith(API) and not path.startswith(API) else path
    return str(scope.get("flov7.route", "none"))


class FastLane:
    """ASGI: what comes by the thousand goes straight to its own application, past all that is for the API."""

    def __init__(self, app: ASGIApp, *, prefix: str, lane: ASGIApp) -> None:
        self._app = app
        self._prefix = prefix + "/"
        self._lane = lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, to the one or the other."""
        here = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        await (self._lane if here else self._app)(scope, receive, send)


class BodyLimit:
    """ASGI: refuses a body that is larger than the limit, by its announced length or as it comes."""

    def __init__(self, app: ASGIApp, *, largest: int) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on. Raises TooLarge."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > self._largest:
            raise too_large(self._largest)
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._largest:
                raise too_large(self._largest)
            return message

        async def sending(message: Message) -> None:
            if seen <= self._largest:  # else whoever read the body made an answer of its own of our refusal
                await send(message)

        await self._app(scope, counted, sending)
        if seen > self._largest:
            raise too_large(self._largest)


def too_large(largest: int) -> TooLarge:
    """The 413 that names the limit."""
    return TooLarge(f"The body is larger than {largest} bytes.", hint="Send less at once, or raise FLOV7_MAX_BODY.")
