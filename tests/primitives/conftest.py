"""What the tests of kinds share: contexts, deferred expressions, and small real servers on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog

from flov7.language.expressions import parse
from flov7.primitives.declare import Bound, ConnectionValue, Context
from flov7.primitives.files import unknown
from flov7.primitives.network import GuardedNetwork
from flov7.primitives.registry import registry

LOOPBACK = ("127.0.0.0/8", "::1")


def make_bound(source: str, **scope: Any) -> Bound:
    """A deferred expression over `scope`, by the real expression language."""
    expression = parse(source)
    return Bound(source, evaluate=lambda names: expression.evaluate({**scope, **names}))


@pytest.fixture
def bound() -> Callable[..., Bound]:
    """`bound("item.price > 1")`, as the engine hands it to a kind."""
    return make_bound


class Drawer:
    """Files of a workspace."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    async def read(self, digest: str) -> bytes:
        if digest not in self.bodies:
            raise unknown(digest)
        return self.bodies[digest]

    async def keep(self, body: bytes) -> str:
        digest = hashlib.sha256(body).hexdigest()
        self.bodies[digest] = body
        return digest

    async def put(self, body: bytes, name: str, media_type: str = "application/octet-stream") -> dict[str, Any]:
        return {"file": await self.keep(body), "name": name, "media_type": media_type, "size": len(body)}


class RunCache:
    """What one run remembers."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    async def get(self, key: str) -> Any | None:
        return self.values.get(key)

    async def set(self, key: str, value: Any) -> None:
        self.values[key] = value


@pytest.fixture
async def guard() -> AsyncIterator[Callable[..., GuardedNetwork]]:
    """`guard(allow=…, resolve=…, largest=…)`: a guarded network that is closed at the end."""
    made: list[GuardedNetwork] = []

    def make(**settings: Any) -> GuardedNetwork:
        made.append(GuardedNetwork(**settings))
        return made[-1]

    yield make
    for network in made:
        await network.aclose()


@pytest.fixture
def network(guard: Callable[..., GuardedNetwork]) -> GuardedNetwork:
    """The guarded network of an operator who allowed loopback."""
    return guard(allow=LOOPBACK)


@pytest.fixture
def context(network: GuardedNetwork) -> Callable[..., Context]:
    """`context(connection=…, idempotency_key=…, seconds=…)`."""

    def make(*, seconds: float = 5.0, **more: Any) -> Context:
        fields: dict[str, Any] = {
            "execution_id": "run-1",
            "step": "step",
            "attempt": 1,
            "outside": network,
            "log": structlog.get_logger(),
            "cache": RunCache(),
            "heartbeat": lambda progress: None,
            "deadline": time.monotonic() + seconds,
        }
        return Context(**{**fields, **more})

    return make


@pytest.fixture
def connection() -> Callable[..., ConnectionValue]:
    """`connection("api", config={…}, credential={…})`."""

    def make(kind: str, *, name: str = "shop", **more: Any) -> ConnectionValue:
        return ConnectionValue(name=name, kind=kind, **more)

    return make


@pytest.fixture
def call(context: Callable[..., Context]) -> Callable[..., Awaitable[Any]]:
    """`await call("action/api_call", {…inputs}, connection=…)`: through the registry, as the engine does."""

    async def run(key: str, inputs: dict[str, Any], **more: Any) -> Any:
        type_, _, name = key.partition("/")
        return await registry().runner(type_, name).call(context(**more), inputs)

    return run


@pytest.fixture
def compute() -> Callable[[str, dict[str, Any]], Any]:
    """`compute("data/filter", {…})` for pure kinds, as the engine does."""

    def run(key: str, inputs: dict[str, Any]) -> Any:
        type_, _, name = key.partition("/")
        return registry().runner(type_, name).compute(inputs)

    return run


@pytest.fixture
def decide() -> Callable[[str, dict[str, Any]], Any]:
    """`decide("if_else", {…})` for conditions, as the engine does."""
    return lambda name, inputs: registry().runner("condition", name).decide(inputs)


@dataclass
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answerer = Callable[[Seen], bytes | Awaitable[bytes]]


@dataclass
class HttpServer:
    """A real HTTP/1.1 server on loopback that answers by a function with raw bytes, and remembers what it saw."""

    answer: Answerer
    seen: list[Seen] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").strip().split("\r\n")
                method, path, _ = first.split(" ")
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                seen = Seen(method, path, headers, body)
                self.seen.append(seen)
                found = self.answer(seen)
                writer.write(found if isinstance(found, bytes) else await found)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()


def http_answer(status: int, body: bytes | str | dict[str, Any] | list[Any] = b"", **headers: str) -> bytes:
    """The bytes of an answer; header names with `_` for `-`."""
    kind = "text/plain"
    if isinstance(body, dict | list):
        body, kind = json.dumps(body), "application/json"
    data = body.encode() if isinstance(body, str) else body
    fields = {"content-type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} X\r\n{lines}content-length: {len(data)}\r\n\r\n".encode() + data


@pytest.fixture
def reply() -> Callable[..., bytes]:
    """`reply(200, {...}, retry_after="2")`: the bytes of an HTTP answer."""
    return http_answer


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Answerer], Awaitable[HttpServer]]]:
    """`server = await serve(lambda seen: reply(200))`."""
    started: list[asyncio.Server] = []

    async def start(answer: Answerer) -> HttpServer:
        server = HttpServer(answer)
        listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
        started.append(listening)
        server.port = listening.sockets[0].getsockname()[1]
        return server

    yield start
    for listening in started:
        listening.close()


@pytest.fixture(scope="session")
def suites() -> Path:
    """The folder of public test suites beside the repository."""
    folder = Path(os.environ.get("FLOV7_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "suites"
    if not folder.is_dir():
        pytest.skip(f"The public test suites are not at {folder}; set FLOV7_SHARED to the folder that has them.")
    return folder


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for `localhost` that nobody vouches for."""
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "chain.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(chain)]
    subprocess.run([*made, *names], check=True, capture_output=True)
    return chain, key
