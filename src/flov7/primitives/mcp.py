"""Tools of MCP servers as kinds of steps: `NAME.tool`, over streamable HTTP, through the guarded network.

The server's own annotations say what a tool may do: `readOnlyHint` makes it a read, `idempotentHint` idempotent; all
others are writes, and so are never repeated where nobody saw their end. Source: Model Context Protocol 2025-06-18.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flov7.kit import json
from flov7.kit.errors import FlowError, StepFailed, StepRefused, StepUnreachable
from flov7.language.catalogue import ConnectionNeed, Entry, KindSpec, Lowering, PrimitiveType, Queue, Retry
from flov7.language.effects import Effect
from flov7.primitives.credentials import http_access
from flov7.primitives.declare import Checked, ConnectionValue, Context
from flov7.primitives.outside import Outside

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp.types import Tool

SERVICE = "mcp"
_SECONDS = 30.0


@dataclass(frozen=True)
class Listed:
    """What a server offers: its name for people, and its tools as entries of a shelf and as kinds."""

    title: str
    digest: str
    entries: list[Entry]
    kinds: dict[str, bytes]


async def listed(outside: Outside, connection: ConnectionValue, *, name: str) -> Listed:
    """All tools of the server, as kinds `name.tool`. Raises step errors."""
    from mcp.types import PaginatedRequestParams

    async with _session(outside, connection, seconds=_SECONDS) as (session, title):
        found: list[Tool] = []
        cursor: str | None = None
        while True:
            page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
            found += page.tools
            cursor = page.nextCursor
            if not cursor:
                break
    specs = {_operation(tool.name): _spec(tool, name) for tool in found}
    kinds = {key: spec.model_dump_json().encode() for key, spec in specs.items()}
    entries = [
        Entry(name=spec.name, title=spec.title, effect=Effect(spec.effect), words=spec.summary)  # type: ignore[arg-type] - `_effect` gives a class
        for spec in specs.values()
    ]
    digest = json.digest({key: one.decode() for key, one in kinds.items()})
    return Listed(title or name, digest, entries, kinds)


async def run_tool(context: Context, operation: Mapping[str, Any], inputs: Any) -> Any:
    """Use a tool: its structured answer, else its texts. Raises step errors; what the tool refuses is told."""
    if context.connection is None:
        raise StepRefused("This tool needs the connection to its MCP server.", hint="Name it in `connection`.")
    async with _session(context.outside, context.connection, seconds=context.remaining()) as (session, _):
        result = await session.call_tool(operation["mcp"], dict(inputs))
    texts = [part.text for part in result.content if part.type == "text"]
    if result.isError:
        words = " ".join(texts)[:1000] or "no reason was given"
        raise StepRefused(f"The tool `{operation['mcp']}` failed: {words}.", code="mcp.failed")
    if result.structuredContent is not None:
        return result.structuredContent
    return {"text": "\n".join(texts), "content": [part.model_dump(mode="json") for part in result.content]}


async def check(context: Context, connection: ConnectionValue) -> Checked:
    """Whether the server answers and how many tools it has."""
    try:
        found = await listed(context.outside, connection, name="test")
    except FlowError as error:
        return Checked(ok=False, message=error.message, hint=error.hint)
    return Checked(ok=True, message=f"{found.title} answers; it has {len(found.kinds)} tools.")


@asynccontextmanager
async def _session(
    outside: Outside, connection: ConnectionValue, *, seconds: float
) -> AsyncGenerator[tuple[ClientSession, str], None]:
    """A session with the server, and its title. What breaks is told in words of ours."""
    from datetime import timedelta

    from mcp import ClientSession, McpError
    from mcp.client.streamable_http import streamable_http_client

    access = http_access(replace(connection, service=None))
    if not access.base_url:
        raise StepRefused("The MCP server has no address.", hint="Set `base_url` in the connection.")

    client = outside.client(timeout=seconds)
    client.headers.update(access.headers)
    try:
        async with (
            client,
            streamable_http_client(access.base_url, http_client=client) as (reader, writer, _),
            ClientSession(reader, writer, read_timeout_seconds=timedelta(seconds=seconds)) as session,
        ):
            told = await session.initialize()
            yield session, told.serverInfo.title or told.serverInfo.name
    except BaseExceptionGroup as group:
        raise _told(group) from group
    except McpError as error:
        raise StepFailed(f"The MCP server refuses: {error.error.message}.", code="mcp.refused") from error


def _told(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error inside, in words; ours stay as they are."""
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    if isinstance(inner, FlowError) or not isinstance(inner, Exception):
        return inner
    return StepUnreachable(
        f"The MCP server cannot be reached: {inner or type(inner).__name__}.",
        hint="Check the connection's `base_url` and its secret.",
        code="mcp.unreachable",
    )


def _operation(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") or "tool"


def _effect(tool: Tool) -> Effect:
    hints = tool.annotations
    if hints is not None and hints.readOnlyHint:
        return Effect.READ
    return Effect.IDEMPOTENT if hints is not None and hints.idempotentHint else Effect.WRITE


def _spec(tool: Tool, name: str) -> KindSpec:
    return KindSpec(
        type=PrimitiveType.ACTION,
        name=f"{name}.{_operation(tool.name)}",
        lowering=Lowering.CALL,
        title=tool.title or tool.name,
        icon="plug",
        summary=(tool.description or tool.name)[:1000],
        inputs={**tool.inputSchema, "type": "object"},
        outputs=tool.outputSchema or {"type": "object"},
        effect=_effect(tool),
        timeout=60.0,
        queue=Queue.ACTIONS,
        retry=Retry(max_attempts=3),
        connection=ConnectionNeed(kinds=("api",), services=(SERVICE,), required=True),
        operation={"mcp": tool.name},
    )
