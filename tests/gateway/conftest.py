"""The whole gateway on real servers, spoken to over ASGI or over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from flov7.cache.settings import CacheSettings
from flov7.engine.settings import EngineSettings
from flov7.gateway.app import create_app
from flov7.gateway.parts import Gateway
from flov7.gateway.settings import GatewaySettings
from flov7.observability import logs
from flov7.observability.settings import ObservabilitySettings
from flov7.store import keys, workspaces
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, attending, gateway_of, open_house, working


@dataclass
class Client:
    """Speaks for one workspace; answers are unpacked, and an unexpected status fails the test with the answer."""

    http: httpx.AsyncClient
    workspace_id: str
    slug: str
    key: str

    async def ask(self, method: str, path: str, *, status: int = 200, **more: Any) -> Any:
        """`data` of a good answer, `error` of another."""
        response = await self.raw(method, path, **more)
        assert response.status_code == status, (response.status_code, response.text)
        body = response.json()
        return body["data"] if status < 400 else body["error"]

    async def raw(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The whole answer."""
        headers = {"authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        prefix = "" if path.startswith(("/hooks", "/health", "/docs", "/openapi", "http")) else "/api/v1"
        return await self.http.request(method, prefix + path, headers=headers, **more)

    async def create(self, document: Any, **more: Any) -> dict[str, Any]:
        """A new workflow under a name of its own."""
        name = f"w_{os.urandom(5).hex()}"
        return await self.ask("POST", "/workflows", json={"document": document, "name": name, **more}, status=201)

    async def live(self, document: Any) -> dict[str, Any]:
        """A new workflow, activated; with `address` of its first trigger."""
        made = await self.create(document)
        live = await self.ask("POST", f"/workflows/{made['id']}/activate")
        return {**made, "address": live["triggers"][0]["address"], "live": live}

    async def run(self, document: Any, **body: Any) -> dict[str, Any]:
        """Create and run it to its end."""
        made = await self.create(document)
        return await self.ask("POST", f"/workflows/{made['id']}/run", json={"wait": 20, **body})


@pytest.fixture(scope="module", autouse=True)
def logged() -> Iterator[io.StringIO]:
    """What is logged, as in production: JSON, one object a line."""
    stream = io.StringIO()
    logs.configure(ObservabilitySettings.load(log_format="json"), service="gateway", stream=stream)
    yield stream
    logs.configure(ObservabilitySettings.load(), service="tests")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(store_settings: StoreSettings, redis_url: str, temporal_address: str) -> AsyncIterator[House]:
    """The house with a worker and an attendant in this process."""
    settings = AllSettings(
        store=store_settings,
        cache=CacheSettings.load(redis_url=redis_url, redis_prefix=f"t{os.urandom(4).hex()}:"),
        engine=EngineSettings.load(
            temporal_address=temporal_address, task_queue=f"gw-{os.urandom(4).hex()}", allow_hosts="127.0.0.1"
        ),
    )
    async with open_house(settings) as opened, attending(opened), working(opened):
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(house: House) -> Gateway:
    """The gateway of the house."""
    return gateway_of(house, settings=GatewaySettings.load(public_url="http://gateway", max_body=200_000))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(gateway: Gateway) -> AsyncIterator[FastAPI]:
    """The application, in its life."""
    made = create_app(gateway)
    async with made.router.lifespan_context(made):
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


async def new_client(house: House, http: httpx.AsyncClient, *, scopes: tuple[str, ...] = ("*",)) -> Client:
    """A client of a new workspace."""
    workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="A test")
    async with house.database.workspace(workspace.id) as scope:
        _, key = await keys.create(scope, name="tests", scopes=scopes, created_by="test")
    return Client(http, workspace.id, workspace.slug, key)


@pytest_asyncio.fixture(loop_scope="session")
async def client(house: House, http: httpx.AsyncClient) -> Client:
    """A client of a workspace of the test's own."""
    return await new_client(house, http)


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(house: House, http: httpx.AsyncClient) -> Client:
    """A client of another workspace."""
    return await new_client(house, http)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncGenerator[str, None]:
    """The application on a real socket; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task


MANUAL: dict[str, Any] = {
    "name": "adder",
    "mode": "express",
    "inputs": {"type": "object", "required": ["a"], "properties": {"a": {"type": "number"}}},
    "primitives": [
        {"type": "trigger", "kind": "api", "name": "called"},
        {"type": "data", "kind": "mapping", "name": "sum", "mapping": {"a": "total"}},
    ],
    "output": {"total": "{{ total + 1 }}"},
}
"""Adds one; express, no call outside."""

APPROVAL: dict[str, Any] = {
    "name": "asker",
    "primitives": [
        {"type": "trigger", "kind": "api", "name": "called"},
        {
            "type": "action",
            "kind": "wait",
            "name": "approval",
            "config": {"for": "approval", "ask": "Ship {{ id }}?", "timeout": "1h"},
        },
    ],
    "output": {"decision": "{{ approval.decision }}"},
}
"""Waits for a person; durable."""


def hook(url: str, *, mode: str = "express", **config: Any) -> dict[str, Any]:
    """A document whose webhook trigger gives `total` back plus one."""
    return {
        "name": "hooked",
        "mode": mode,
        "primitives": [
            {"type": "trigger", "kind": "webhook", "name": "arrived", "config": {"url": url, **config}},
            {"type": "data", "kind": "mapping", "name": "took", "mapping": {"order.total": "total"}},
        ],
        "output": {"total": "{{ total + 1 }}"},
    }
