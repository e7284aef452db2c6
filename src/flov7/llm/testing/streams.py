"""Answers in pieces: server-sent events of both interfaces, whole or broken off in the middle."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

from flov7.llm.testing import wire
from flov7.llm.testing.request import Request
from flov7.llm.testing.scripted import Scripted

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


async def write(request: Request, answer: Scripted, writer: asyncio.StreamWriter) -> bool:
    """Write the stream; whether it came to its end. One that closes breaks off after half of its events."""
    events = list(_chat(request, answer) if request.is_chat else _response(request, answer))
    writer.write(_HEAD)
    for event in events[: len(events) // 2] if answer.closes else events:
        writer.write(_chunk(event))
        await writer.drain()
        await asyncio.sleep(answer.pause)
    if answer.closes:
        return False
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


def _chunk(event: str) -> bytes:
    payload = event.encode()
    return f"{len(payload):x}\r\n".encode() + payload + b"\r\n"


def pieces(text: str) -> list[str]:
    """A text word by word; joined they are the text."""
    return re.findall(r"\s*\S+|\s+$", text)


def _chat(request: Request, answer: Scripted) -> Iterator[str]:
    def made(delta: dict[str, Any], end: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": end, "logprobs": None}
        return _data({**base, "choices": [choice]})

    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": request.model}
    yield made({"role": "assistant", "content": ""})
    if answer.refusal:
        yield made({"refusal": answer.refusal})
    elif not answer.filtered:
        yield from (made({"content": piece}) for piece in pieces(answer.content))
    for at, call in enumerate(wire.chat_calls(answer)):
        named = {"name": call["function"]["name"], "arguments": ""}
        yield made({"tool_calls": [{**call, "index": at, "function": named}]})
        for piece in pieces(call["function"]["arguments"]):
            yield made({"tool_calls": [{"index": at, "function": {"arguments": piece}}]})
    yield made({}, wire.finish(answer))
    if (request.body.get("stream_options") or {}).get("include_usage"):
        yield _data({**base, "choices": [], "usage": wire.chat_usage(request, answer)})
    yield "data: [DONE]\n\n"


def _response(request: Request, answer: Scripted) -> Iterator[str]:
    numbers = iter(range(10_000_000))

    def made(kind: str, **facts: Any) -> str:
        return f"event: {kind}\n" + _data({"type": kind, "sequence_number": next(numbers), **facts})

    yield made("response.created", response=wire.response(request, answer, status="in_progress"))
    for at, item in enumerate(wire.items(answer)):
        yield made("response.output_item.added", output_index=at, item={**item, "status": "in_progress"} | _bare(item))
        place = {"output_index": at, "item_id": item["id"]}
        if item["type"] == "function_call":
            for piece in pieces(item["arguments"]):
                yield made("response.function_call_arguments.delta", delta=piece, **place)
            arguments = item["arguments"]
            yield made("response.function_call_arguments.done", arguments=arguments, name=item["name"], **place)
        else:
            yield from (made(kind, **place, **facts) for kind, facts in _parts(item["content"][0]))
        yield made("response.output_item.done", output_index=at, item=item)
    ended = wire.response(request, answer)
    yield made(f"response.{ended['status']}", response=ended)


def _parts(part: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of the one part of a message: its kind and facts."""
    refused = part["type"] == "refusal"
    text = part["refusal" if refused else "text"]
    empty = {**part, "refusal" if refused else "text": ""}
    yield "response.content_part.added", {"content_index": 0, "part": empty}
    kind = "response.refusal" if refused else "response.output_text"
    more: dict[str, Any] = {} if refused else {"logprobs": []}
    for piece in pieces(text):
        yield f"{kind}.delta", {"content_index": 0, "delta": piece, **more}
    yield f"{kind}.done", {"content_index": 0, "refusal" if refused else "text": text, **more}
    yield "response.content_part.done", {"content_index": 0, "part": part}


def _bare(item: dict[str, Any]) -> dict[str, Any]:
    """An item before anything of it has come."""
    return {"arguments": ""} if item["type"] == "function_call" else {"content": []}


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"
