"""The scripted model as a server on loopback: reads requests, plays, writes answers whole or in pieces."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from flov7.llm.settings import LlmSettings
from flov7.llm.strict import strict_problems
from flov7.llm.testing import streams, wire
from flov7.llm.testing.faults import Fault, at_fault
from flov7.llm.testing.request import Request
from flov7.llm.testing.scripted import Play, Scripted

FAULT_HEADER = "x-scripted-fault"
"""A request that carries it gets that fault; a model named `anything+FAULT` too."""
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}
_ASKED = ("/chat/completions", "/responses")


class ScriptedModel:
    """Answers in turn from a list (the last one again and again), or by a function of the request."""

    def __init__(self, play: Sequence[Scripted] | Play) -> None:
        self._play = play
        self.requests: list[Request] = []
        self.base_url = ""

    def settings(self, **given: Any) -> LlmSettings:
        """Settings that lead here."""
        return LlmSettings.load(llm_base_url=self.base_url, **{"llm_retries": 0, "llm_timeout": 5.0, **given})

    def answer(self, request: Request) -> Scripted:
        """The next answer. A schema that strict rules refuse gets 400, as at the maker's."""
        self.requests.append(request)
        if wrong := _refused(request):
            return Scripted(status=400, text=wrong)
        fault = _fault(request)
        if callable(self._play):
            good = self._play(request)
        else:
            good = self._play[min(len(self.requests), len(self._play)) - 1]
        return good if fault is None else at_fault(good, fault, request=request)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: requests one after another until the peer goes."""
        try:
            while (request := await _read(reader)) is not None:
                if not await self._served(request, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _served(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        if not request.path.endswith(_ASKED):
            writer.write(_page(*wire.other(request)))
            return True
        answer = self.answer(request)
        await asyncio.sleep(answer.delay)
        if answer.status != 200:
            writer.write(_page(answer.status, wire.failure(answer), retry_after=answer.retry_after))
        elif request.streams:
            return await streams.write(request, answer, writer)
        elif answer.closes:
            return False
        else:
            writer.write(_page(200, wire.whole(request, answer)))
        await writer.drain()
        return True


@asynccontextmanager
async def scripted_model(
    play: Sequence[Scripted] | Play, *, port: int = 0, host: str = "127.0.0.1"
) -> AsyncGenerator[ScriptedModel, None]:
    """The server, on a free port of loopback (or on `port`), until the block ends. Raises OSError where it is taken."""
    model = ScriptedModel(play)
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(model.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await asyncio.wait([task])

    server = await asyncio.start_server(accept, host, port)
    taken = server.sockets[0].getsockname()[1]
    model.base_url = f"http://{host}:{taken}/v1"
    try:
        yield model
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _fault(request: Request) -> Fault | None:
    named = request.headers.get(FAULT_HEADER) or request.model.partition("+")[2]
    return Fault(named) if named in set(Fault) else None


def _refused(request: Request) -> str:
    """What strict rules say against the schemas of a request; empty where they take them."""
    if request.schema is not None and (wrong := strict_problems(request.schema)):
        return f"Invalid schema for response_format: {'; '.join(wrong[:5])}"
    for name, tool in request.tools.items():
        if tool.get("strict") and (wrong := strict_problems(tool.get("parameters") or {})):
            return f"Invalid schema for function '{name}': {'; '.join(wrong[:5])}"
    return ""


async def _read(reader: asyncio.StreamReader) -> Request | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    text = await reader.readexactly(int(headers.get("content-length", "0")))
    body: Any = json.loads(text or b"{}")
    return Request.read(first.split(" ")[1], headers=headers, body=body if isinstance(body, dict) else {})


def _page(status: int, body: dict[str, Any], *, retry_after: float | None = None) -> bytes:
    payload = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\ncontent-type: application/json\r\n"
    if retry_after is not None:
        head += f"retry-after: {retry_after:g}\r\n"
    return f"{head}content-length: {len(payload)}\r\n\r\n".encode() + payload
