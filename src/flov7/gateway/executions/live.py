"""Runs, live: server-sent events and a WebSocket, both resumable after a number."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Annotated

from fastapi import APIRouter, Header, Query, WebSocket, WebSocketDisconnect
from starlette.responses import Response, StreamingResponse

from flov7.gateway.envelope import encode
from flov7.gateway.errors import as_problem
from flov7.gateway.executions.access import Reader, find
from flov7.gateway.executions.schemas import EventOut
from flov7.gateway.fields import ERRORS, ExecutionId
from flov7.gateway.security import Caller
from flov7.kit.errors import FlowError

router = APIRouter(prefix="/executions", tags=["executions"], responses=ERRORS)
After = Annotated[int | None, Query(ge=0, description="Only events with a higher number.", examples=[0])]


@router.get(
    "/{execution}/events/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": EventOut.model_json_schema()}}}},
    summary="Watch a run (server-sent events)",
)
async def stream(
    caller: Reader,
    execution: ExecutionId,
    after: After = None,
    last_event_id: Annotated[
        str | None, Header(description="What a client sends by itself after a break.", examples=["3"])
    ] = None,
) -> Response:
    """Each event once and in order: what is past, then what happens. Ends with `run.finished`.

    `id` is the event's number, `event` its type, `data` its JSON; a comment comes where nothing happens.
    """
    async with caller.transaction() as scope:
        await find(scope, execution)
    from_header = int(last_event_id) if last_event_id and last_event_id.isdigit() else 0
    start = after if after is not None else from_header
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_lines(caller, execution, start), media_type="text/event-stream", headers=headers)


async def _lines(caller: Caller, execution_id: str, after: int) -> AsyncGenerator[bytes, None]:
    gateway = caller.gateway
    gateway.metrics.watchers.inc()
    watching = gateway.watcher.watch(
        caller.workspace_id, execution_id, after=after, patience=gateway.settings.stream_seconds
    )
    try:
        async with aclosing(watching):
            async for event in watching:
                if event is None:
                    yield b": nothing new\n\n"
                else:
                    yield b"id: %d\nevent: %s\ndata: %s\n\n" % (event["n"], event["type"].encode(), encode(event))
    except FlowError as problem:
        yield b"event: error\ndata: %s\n\n" % encode(as_problem(problem))
    finally:
        gateway.metrics.watchers.dec()


@router.websocket("/{execution}/ws")
async def watch(socket: WebSocket, caller: Reader, execution: str, after: int = 0) -> None:
    """Each event as one JSON text message; closes with 1000 after `run.finished`."""
    try:
        async with caller.transaction() as scope:
            await find(scope, execution)
    except FlowError as problem:
        await socket.close(code=4404 if problem.status == 404 else 1011, reason=problem.message[:120])
        return
    offered = socket.scope.get("subprotocols") or []
    await socket.accept(subprotocol="flov7" if "flov7" in offered else None)
    with suppress(WebSocketDisconnect, RuntimeError):
        await _send_all(socket, caller, execution, after)


async def _send_all(socket: WebSocket, caller: Caller, execution_id: str, after: int) -> None:
    gateway = caller.gateway
    gateway.metrics.watchers.inc()
    watching = gateway.watcher.watch(
        caller.workspace_id, execution_id, after=max(0, after), patience=gateway.settings.stream_seconds
    )
    try:
        async with aclosing(watching):
            async for event in watching:
                await socket.send_bytes(b"") if event is None else await socket.send_text(encode(event).decode())
        await socket.close(code=1000)
    finally:
        gateway.metrics.watchers.dec()
