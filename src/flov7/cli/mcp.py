"""`flov7 mcp`: Flov7 as an MCP server on the standard streams. Its tools are the workspace's live workflows, and what
it takes to make, check, run and look at one.

A workflow's tool takes what its document declares as `inputs`. Names are those of the workflows; the tools of Flov7
itself begin with `flov7_`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import typer

from flov7.cli.api import Api, opened
from flov7.kit.errors import FlowError

_ANYTHING: dict[str, Any] = {"type": "object", "additionalProperties": True}
_DOCUMENT = {"type": "object", "description": "A Flow7 document."}
_NAME = {"type": "string", "description": "The workflow's name."}
_WAIT = 60


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "mcp",
        short_help="Be an MCP server: workflows as tools of assistants.",
        help="Be an MCP server on the standard streams: live workflows are its tools, beside creating, validating, "
        "running and inspecting. Give assistants the command `flov7 mcp` with FLOV7_URL and FLOV7_API_KEY.",
    )(_serve)


def _serve() -> None:
    with opened() as api:
        asyncio.run(_until_closed(api))


async def _until_closed(api: Api) -> None:
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
    from mcp.types import TextContent, Tool

    server: Any = Server(
        "flov7", instructions="Workflows of a Flov7 workspace. `flov7_kinds` says what steps there are."
    )
    desk = Desk(api)

    @server.list_tools()
    async def listed() -> list[Tool]:  # pyright: ignore[reportUnusedFunction] - registered by the decorator
        found = await asyncio.to_thread(desk.tools)
        return [Tool(name=name, description=words, inputSchema=schema) for name, words, schema in found]

    @server.call_tool(validate_input=False)
    async def called(name: str, arguments: dict[str, Any]) -> list[TextContent]:  # pyright: ignore[reportUnusedFunction] - as above
        said = await asyncio.to_thread(desk.call, name, arguments)
        return [TextContent(type="text", text=json.dumps(said, ensure_ascii=False, indent=1))]

    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


class Desk:
    """Answers an assistant over the gateway's API, with the rights of its key."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._own: dict[str, tuple[str, dict[str, Any], Callable[[dict[str, Any]], Any]]] = {
            "flov7_kinds": ("The kinds of steps that documents are made of.", _object(), self._kinds),
            "flov7_create": ("Make a workflow of a document.", _object(name=_NAME, document=_DOCUMENT), self._create),
            "flov7_validate": ("Say what is wrong with a document.", _object(document=_DOCUMENT), self._validate),
            "flov7_run": (
                "Run a workflow by its name and wait for its end.",
                _object(name=_NAME, input=_ANYTHING),
                self._run_named,
            ),
            "flov7_inspect": (
                "A run: its status, output, error and steps.",
                _object(execution_id={"type": "string"}),
                self._inspect,
            ),
        }

    def tools(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Name, words and input schema of each."""
        live = [
            (one["name"], one.get("description") or f"Runs the workflow {one['name']}.", self._takes(one["id"]))
            for one in self._live()
        ]
        return [(name, words, schema) for name, (words, schema, _) in self._own.items()] + live

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """What a tool gives; an error in words that an assistant can follow."""
        try:
            if name in self._own:
                return self._own[name][2](arguments)
            return self._run(name, arguments)
        except FlowError as error:
            return {"error": error.as_json()}

    def _live(self) -> list[dict[str, Any]]:
        return [one for one in self._api.pages("/workflows", most=200) if one["status"] == "active"]

    def _takes(self, identifier: str) -> dict[str, Any]:
        document = self._api.get(f"/workflows/{identifier}")["document"]
        inputs = document.get("inputs")
        return inputs if isinstance(inputs, dict) and inputs.get("type") == "object" else _ANYTHING

    def _kinds(self, _: dict[str, Any]) -> Any:
        return [
            {"kind": f"{one['type']}/{one['name']}", "summary": one["summary"]}
            for one in self._api.get("/kinds")["items"]
        ]

    def _create(self, given: dict[str, Any]) -> Any:
        made = self._api.post("/workflows", {"name": given.get("name"), "document": given["document"]})
        return {key: made.get(key) for key in ("id", "name", "version", "diagnostics")}

    def _validate(self, given: dict[str, Any]) -> Any:
        return self._api.post("/workflows/validate", {"document": given["document"]})

    def _run_named(self, given: dict[str, Any]) -> Any:
        return self._run(given["name"], given.get("input"))

    def _run(self, name: str, payload: Any) -> Any:
        found = [one for one in self._api.pages("/workflows", most=1000) if one["name"] == name]
        if not found:
            return {"error": {"code": "request.not_found", "message": f"There is no workflow {name!r}."}}
        return self._api.post(f"/workflows/{found[0]['id']}/run", {"input": payload, "wait": _WAIT})

    def _inspect(self, given: dict[str, Any]) -> Any:
        return self._api.get(f"/executions/{given['execution_id']}")


def _object(**parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": parts, "required": [key for key in parts if key != "input"]}
