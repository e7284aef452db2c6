"""Tools of a real MCP server as kinds of steps: connected, listed with their schemas, run, and their failures told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from mcp.server.fastmcp import FastMCP
from mcp.types import ToolAnnotations

from tests.gateway.conftest import Client

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # the library's own


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop() -> AsyncIterator[tuple[str, list[str]]]:
    """A server with two tools; its address, and what was ordered."""
    ordered: list[str] = []
    server = FastMCP("Shop", stateless_http=True, json_response=True)

    @server.tool(annotations=ToolAnnotations(readOnlyHint=True))
    def find_price(article: str) -> dict[str, Any]:
        """The price of an article."""
        if article == "unicorn":
            raise ValueError("There are no unicorns.")
        return {"article": article, "price": 12.5}

    @server.tool()
    def order(article: str) -> str:
        """Order an article."""
        ordered.append(article)
        return f"ordered {article}"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    web = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), host="127.0.0.1", port=port, log_config=None))
    task = asyncio.create_task(web.serve())
    while not web.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}/mcp", ordered
    web.should_exit = True
    await task


async def connect(client: Client, address: str) -> dict[str, Any]:
    body = {"name": "shop_server", "service": "mcp", "config": {"base_url": address}, "credentials": {"type": "none"}}
    await client.ask("POST", "/connections", json=body, status=201)
    return await client.ask("POST", "/mcp-connectors", json={"name": "shop", "connection": "shop_server"}, status=201)


def document(kind: str) -> dict[str, Any]:
    return {
        "flow7": "1.0",
        "name": "asks",
        "primitives": [
            {"type": "trigger", "kind": "manual", "name": "start"},
            {"type": "action", "kind": kind, "name": "tool", "connection": "shop_server",
             "config": {"article": "{{ article }}"}},
        ],
        "output": "{{ tool }}",
    }  # fmt: skip


class TestAServer:
    async def test_its_tools_are_kinds_with_their_schemas_and_run(
        self, client: Client, shop: tuple[str, list[str]]
    ) -> None:
        address, ordered = shop
        made = await connect(client, address)
        assert (made["title"], made["operations"]) == ("Shop", ["shop.find_price", "shop.order"])
        checked = await client.ask("POST", "/connections/shop_server/test")
        assert checked["ok"] and "2 tools" in checked["message"]
        found = await client.ask("POST", "/workflows/validate", json={"document": document("shop.find_price")})
        assert found["valid"], found
        price = await client.run(document("shop.find_price"), input={"article": "vase"})
        assert price["output"] == {"article": "vase", "price": 12.5}
        bought = await client.run(document("shop.order"), input={"article": "vase"})
        assert bought["status"] == "succeeded" and ordered == ["vase"]
        bad = await client.run(document("shop.find_price"), input={"article": "unicorn"})
        assert bad["status"] == "failed" and "no unicorns" in bad["error"]["message"]

    async def test_one_that_is_away_is_told(self, client: Client) -> None:
        with pytest.raises(AssertionError, match="mcp"):
            await connect(client, "http://127.0.0.1:1/mcp")
