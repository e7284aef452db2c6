"""Listening: an ASGI application on a port of ours until told to end, and the small one of processes without an API."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from flov7.gateway import envelope
from flov7.kit.errors import Misconfigured
from flov7.observability.metrics import CONTENT_TYPE, Metrics

Health = Callable[[], Awaitable[Mapping[str, Mapping[str, Any]]]]
"""Peers by name, each with `ok` and `detail`."""
_GRACE = 5


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are the process's own business: it has more to end than this."""
        yield


def bound(host: str, *, port: int) -> socket.socket:
    """A socket that holds the port. Raises Misconfigured where it is taken."""
    held = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((host, port))
    except OSError as error:
        held.close()
        raise Misconfigured(
            f"Nothing can listen on {host}:{port}: {error.strerror}.",
            hint="End what listens there (`flov7 doctor` looks), or choose another port.",
        ) from error
    return held


async def serve(app: ASGIApp, *, on: socket.socket, until: asyncio.Event) -> None:
    """Answer requests on the socket until `until` is set; open requests get a few seconds to end."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",  # that it started is told by whoever started it
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        ws="websockets-sansio",
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[on]))
    ending = asyncio.create_task(until.wait())
    try:
        await asyncio.wait([serving, ending], return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        ending.cancel()
        await serving


def settle() -> None:
    """Call it when a process is up: what is there now stays, so the garbage collector need not look at it again.

    Measured on express runs: with the defaults, full collections of code and models took 40 % of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 10, 10)


class Door:
    """An application whose port is open before it is ready: until `opened`, everything is 503 with `Retry-After`."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._app: ASGIApp | None = None

    @contextlib.asynccontextmanager
    async def opened(self, app: FastAPI) -> AsyncGenerator[None, None]:
        """Let requests through to `app` until the block ends."""
        async with app.router.lifespan_context(app):
            self._app = app
            try:
                yield
            finally:
                self._app = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, as ASGI has it."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _told(await self._health())(scope, receive, send)


def vitals(health: Health, *, metrics: Metrics) -> ASGIApp:
    """`/health` (200 where every peer answers, else 503) and `/metrics` for a process that has no API."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await (await _answer(scope["path"], health, metrics))(scope, receive, send)

    return app


async def _answer(path: str, health: Health, metrics: Metrics) -> Response:
    match path:
        case "/metrics":
            return Response(metrics.text(), media_type=CONTENT_TYPE)
        case "/health":
            peers = await health()
            for name, peer in peers.items():
                metrics.peer_up.labels(name).set(1 if peer["ok"] else 0)
            return _told(peers)
        case _:
            hint = "Ask /health or /metrics; the API is the gateway's."
            problem = {"code": "request.not_found", "message": f"There is nothing at {path}.", "hint": hint}
            return envelope.error(problem, status=404)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _told(peers: Mapping[str, Mapping[str, Any]]) -> Response:
    down = [name for name, peer in peers.items() if not peer["ok"]]
    data = {"state": "down" if down else "ok", "peers": peers}
    if not down:
        return envelope.success(data)
    problem = {
        "code": "service.unavailable",
        "message": f"Not answering: {', '.join(down)}.",
        "hint": "Start it, or mend its address in the settings; `flov7 doctor` says more.",
        "details": data,
    }
    return envelope.error(problem, status=503, headers={"retry-after": "2"})


def fast_loop() -> asyncio.AbstractEventLoop:
    """An event loop made for many connections (uvloop where it is installed)."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.new_event_loop()
    return new_event_loop()
