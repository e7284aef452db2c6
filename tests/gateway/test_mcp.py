"""Flov7 as an MCP server, spoken to by the protocol's own client over the standard streams of `flov7 mcp`."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pytest
from fastapi import FastAPI
from mcp import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.gateway.conftest import MANUAL, Client, served

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # the client's own


async def talk(url: str, key: str, calls: list[tuple[str, dict[str, Any]]]) -> tuple[dict[str, Any], list[Any]]:
    """The tools by name with their schemas, and what each call gave."""
    environment = {**os.environ, "FLOV7_URL": url, "FLOV7_API_KEY": key}
    server = StdioServerParameters(command=sys.executable, args=["-m", "flov7.cli.main", "mcp"], env=environment)
    async with stdio_client(server) as (reader, writer), ClientSession(reader, writer) as session:
        await session.initialize()
        tools = {tool.name: tool.inputSchema for tool in (await session.list_tools()).tools}
        said = [json.loads((await session.call_tool(name, given)).content[0].text) for name, given in calls]  # type: ignore[union-attr] - text is all that it gives
    return tools, said


class TestTools:
    async def test_live_workflows_and_our_own_are_tools_that_work(self, client: Client, app: FastAPI) -> None:
        workflow = await client.live({**MANUAL, "name": "add_one"})
        name = (await client.ask("GET", f"/workflows/{workflow['id']}"))["name"]
        async with served(app) as url:
            tools, (ran, bad, made, again, lost) = await talk(
                url,
                client.key,
                [
                    (name, {"a": 4}),
                    ("flov7_validate", {"document": {"flow7": "1.0", "primitives": [{"type": "nonsense"}]}}),
                    ("flov7_create", {"name": "by_mcp", "document": MANUAL}),
                    ("flov7_run", {"name": "by_mcp", "input": {"a": 1}}),
                    ("flov7_run", {"name": "nobody"}),
                ],
            )
            _, (seen,) = await talk(url, client.key, [("flov7_inspect", {"execution_id": ran["execution_id"]})])
        assert tools[name] == MANUAL["inputs"]
        assert {"flov7_kinds", "flov7_create", "flov7_validate", "flov7_run", "flov7_inspect"} <= set(tools)
        assert (ran["status"], ran["output"]) == ("succeeded", {"total": 5})
        assert not bad["valid"] and bad["diagnostics"]
        assert made["name"] == "by_mcp"
        assert again["output"] == {"total": 2}
        assert "error" in lost
        assert seen["status"] == "succeeded"

    async def test_another_workspaces_key_sees_none_of_them(
        self, client: Client, stranger: Client, app: FastAPI
    ) -> None:
        workflow = await client.live({**MANUAL, "name": "mine"})
        name = (await client.ask("GET", f"/workflows/{workflow['id']}"))["name"]
        async with served(app) as url:
            tools, (said,) = await talk(url, stranger.key, [("flov7_run", {"name": name})])
        assert name not in tools
        assert "error" in said
