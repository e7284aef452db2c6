"""A scripted OpenAI-compatible server on loopback, for tests of this product and of what is built on it.

It speaks chat completions and responses, counts usage, refuses schemas that strict rules refuse, and plays bad
models on request: 429 with `Retry-After`, 500, slowness, broken JSON, refusals, answers cut off.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from flov7.llm.settings import LlmSettings
from flov7.llm.strict import strict_problems

_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}


@dataclass(frozen=True, slots=True)
class Scripted:
    """One answer. `value` is sent as JSON, `text` as it is; `status` other than 200 is an error of that status."""

    text: str = ""
    value: Any = None
    status: int = 200
    retry_after: float | None = None
    delay: float = 0.0
    refusal: str | None = None
    cut: bool = False
    closes: bool = False

    @property
    def content(self) -> str:
        """What the model says."""
        return self.text if self.value is None else json.dumps(self.value)


@dataclass(slots=True)
class Request:
    """What was asked: the interface, the model, the messages, the schema, the whole body."""

    path: str
    model: str
    messages: list[dict[str, Any]]
    schema: dict[str, Any] | None
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict[str, str])


Play = Callable[[Request], Scripted]


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
        wrong = strict_problems(request.schema) if request.schema is not None else []
        if wrong:
            return Scripted(status=400, text=f"Invalid schema for response_format: {'; '.join(wrong[:5])}")
        if callable(self._play):
            return self._play(request)
        return self._play[min(len(self.requests), len(self._play)) - 1]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: requests one after another until the peer goes."""
        try:
            while (request := await _read(reader)) is not None:
                answer = self.answer(request)
                await asyncio.sleep(answer.delay)
                if answer.closes:
                    break
                writer.write(_written(request, answer))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def scripted_model(play: Sequence[Scripted] | Play) -> AsyncGenerator[ScriptedModel, None]:
    """The server, on a free port of loopback, until the block ends."""
    model = ScriptedModel(play)
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(model.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await asyncio.wait([task])

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    model.base_url = f"http://127.0.0.1:{port}/v1"
    try:
        yield model
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Request | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))) or b"{}")
    path = first.split(" ")[1]
    messages = body.get("messages") or body.get("input") or []
    shape = (body.get("response_format") or {}).get("json_schema") or (body.get("text") or {}).get("format") or {}
    return Request(path, str(body.get("model", "")), messages, shape.get("schema"), body, headers)


def _written(request: Request, answer: Scripted) -> bytes:
    status = answer.status
    if status == 200 and request.path.endswith("/chat/completions"):
        body = _completion(request, answer)
    elif status == 200 and request.path.endswith("/responses"):
        body = _response(request, answer)
    else:
        status = 404 if status == 200 else status
        body = {"error": {"message": answer.content or _REASONS.get(status, ""), "type": "error", "code": None}}
    payload = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\ncontent-type: application/json\r\n"
    if answer.retry_after is not None:
        head += f"retry-after: {answer.retry_after:g}\r\n"
    return f"{head}content-length: {len(payload)}\r\n\r\n".encode() + payload


def _tokens(request: Request, answer: Scripted) -> tuple[int, int]:
    """Words stand for tokens."""
    asked = sum(len(str(one.get("content", "")).split()) for one in request.messages)
    return asked, len(answer.content.split())


def _completion(request: Request, answer: Scripted) -> dict[str, Any]:
    asked, said = _tokens(request, answer)
    message = {"role": "assistant", "content": None if answer.refusal else answer.content, "refusal": answer.refusal}
    choice = {"index": 0, "message": message, "finish_reason": "length" if answer.cut else "stop", "logprobs": None}
    usage = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": request.model,
            "choices": [choice], "usage": usage}  # fmt: skip


def _response(request: Request, answer: Scripted) -> dict[str, Any]:
    asked, said = _tokens(request, answer)
    part: dict[str, Any] = {"type": "output_text", "text": answer.content, "annotations": []}
    if answer.refusal:
        part = {"type": "refusal", "refusal": answer.refusal}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    usage = {"input_tokens": asked, "output_tokens": said, "total_tokens": asked + said,
             "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
             "output_tokens_details": {"reasoning_tokens": 0}}  # fmt: skip
    return {"id": "resp_1", "object": "response", "created_at": 0, "model": request.model, "output": [item],
            "status": "incomplete" if answer.cut else "completed", "usage": usage, "parallel_tool_calls": False,
            "tool_choice": "auto", "tools": []}  # fmt: skip
