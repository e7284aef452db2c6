"""Answers as the two interfaces write them: chat completions and responses; embeddings and models beside them.

Source: the maker's API reference (chat completions, responses, embeddings, models), as openai 2.54 reads it.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

from flov7.llm.testing.request import Request
from flov7.llm.testing.scripted import Scripted

DIMENSIONS = 256


def whole(request: Request, answer: Scripted) -> dict[str, Any]:
    """The answer in one piece."""
    return completion(request, answer) if request.is_chat else response(request, answer)


def failure(answer: Scripted) -> dict[str, Any]:
    """An error's body."""
    return {"error": {"message": answer.content or "The request failed.", "type": "error", "code": None}}


def other(request: Request) -> tuple[int, dict[str, Any]]:
    """What is asked beside answers: embeddings, and which models there are."""
    if request.path.endswith("/embeddings"):
        asked = request.body.get("input") or []
        texts = [asked] if isinstance(asked, str) else [str(one) for one in asked]
        rows = [{"object": "embedding", "index": at, "embedding": embedded(text)} for at, text in enumerate(texts)]
        count = sum(len(text.split()) for text in texts)
        usage = {"prompt_tokens": count, "total_tokens": count}
        return 200, {"object": "list", "data": rows, "model": request.model, "usage": usage}
    if request.path.endswith("/models"):
        known = {"id": "scripted", "object": "model", "created": 0, "owned_by": "flov7"}
        return 200, {"object": "list", "data": [known]}
    return 404, {"error": {"message": f"There is nothing at {request.path}.", "type": "error", "code": None}}


def embedded(text: str) -> list[float]:
    """A text as a direction: its words, hashed into places. Texts of like words point alike."""
    places = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        places[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % DIMENSIONS] += 1.0
    length = math.sqrt(sum(one * one for one in places)) or 1.0
    return [one / length for one in places]


def tokens(request: Request, answer: Scripted) -> tuple[int, int]:
    """Asked and said; words stand for tokens."""
    asked = sum(len(str(one.get("content") or one.get("output") or "").split()) for one in request.messages)
    return asked, len(answer.content.split()) + sum(len(call.text.split()) for call in answer.calls)


def chat_usage(request: Request, answer: Scripted) -> dict[str, Any]:
    """Tokens, as chat completions tell them."""
    asked, said = tokens(request, answer)
    return {
        "prompt_tokens": asked,
        "completion_tokens": said,
        "total_tokens": asked + said,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def chat_calls(answer: Scripted) -> list[dict[str, Any]]:
    """Tool calls, as chat completions write them."""
    return [
        {"id": f"call_{at}", "type": "function", "function": {"name": call.name, "arguments": call.text}}
        for at, call in enumerate(answer.calls, start=1)
    ]


def finish(answer: Scripted) -> str:
    """Why a chat completion ended."""
    if answer.filtered:
        return "content_filter"
    return "length" if answer.cut else "tool_calls" if answer.calls else "stop"


def completion(request: Request, answer: Scripted) -> dict[str, Any]:
    """A chat completion."""
    silent = bool(answer.refusal or answer.filtered or (answer.calls and not answer.content))
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if silent else answer.content,
        "refusal": answer.refusal,
    }
    if answer.calls:
        message["tool_calls"] = chat_calls(answer)
    choice = {"index": 0, "message": message, "finish_reason": finish(answer), "logprobs": None}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": request.model,
            "choices": [choice], "usage": chat_usage(request, answer)}  # fmt: skip


def items(answer: Scripted) -> list[dict[str, Any]]:
    """The output of a response: words or a refusal, then the tools that are asked for."""
    made: list[dict[str, Any]] = []
    if answer.refusal or answer.content or not answer.calls:
        part: dict[str, Any] = {"type": "output_text", "text": answer.content, "annotations": []}
        if answer.refusal:
            part = {"type": "refusal", "refusal": answer.refusal}
        made.append({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]})
    made += [
        {"id": f"fc_{at}", "type": "function_call", "call_id": f"call_{at}", "name": call.name,
         "arguments": call.text, "status": "completed"}
        for at, call in enumerate(answer.calls, start=1)
    ]  # fmt: skip
    return made


def response(request: Request, answer: Scripted, *, status: str | None = None) -> dict[str, Any]:
    """A response; `status` where it is told while it comes."""
    asked, said = tokens(request, answer)
    usage = {"input_tokens": asked, "output_tokens": said, "total_tokens": asked + said,
             "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
             "output_tokens_details": {"reasoning_tokens": 0}}  # fmt: skip
    reason = "content_filter" if answer.filtered else "max_output_tokens" if answer.cut else None
    ended = status or ("incomplete" if reason else "completed")
    return {"id": "resp_1", "object": "response", "created_at": 0, "model": request.model,
            "output": [] if status == "in_progress" else items(answer), "status": ended,
            "incomplete_details": {"reason": reason} if reason and not status else None,
            "usage": None if status == "in_progress" else usage, "parallel_tool_calls": False,
            "tool_choice": "auto", "tools": []}  # fmt: skip
