"""Questions and answers as the two interfaces write them: chat completions, and responses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flov7.llm.answers import Answer, Ask, Usage, Wish
from flov7.llm.problems import cut, empty, refused


def chat(ask: Ask) -> dict[str, Any]:
    """The arguments of `chat.completions.create`."""
    made: dict[str, Any] = {"model": ask.model, "messages": [dict(one) for one in ask.turns], **_pinned(ask)}
    if ask.schema is not None:
        shape = {"name": ask.name, "schema": dict(ask.schema), "strict": True}
        made["response_format"] = {"type": "json_schema", "json_schema": shape}
    if ask.tools:
        made["tools"] = [{"type": "function", "function": tool} for tool in _tools(ask)]
    if ask.most is not None:
        made["max_completion_tokens"] = ask.most
    return made


def response(ask: Ask) -> dict[str, Any]:
    """The arguments of `responses.create`."""
    made: dict[str, Any] = {"model": ask.model, "input": list(_items(ask)), **_pinned(ask)}
    made.pop("seed", None)  # responses know no seed
    if ask.schema is not None:
        shape = {"type": "json_schema", "name": ask.name, "schema": dict(ask.schema), "strict": True}
        made["text"] = {"format": shape}
    if ask.tools:
        made["tools"] = [{"type": "function", **tool} for tool in _tools(ask)]
    if ask.most is not None:
        made["max_output_tokens"] = ask.most
    return made


def read_chat(made: Any, ask: Ask) -> Answer:
    """The answer in a chat completion. Raises Unavailable: refused, cut, empty."""
    choice: Any = made.choices[0] if made.choices else None
    if choice is None:
        raise empty()
    if getattr(choice.message, "refusal", None) or choice.finish_reason == "content_filter":
        raise refused(getattr(choice.message, "refusal", None))
    if choice.finish_reason == "length":
        raise cut()
    wishes = [_wish(one.id, one.function.name, one.function.arguments) for one in choice.message.tool_calls or []]
    usage = _usage(made.usage, "prompt_tokens", "completion_tokens")
    return Answer(choice.message.content or "", made.model or ask.model, usage, 0.0, wishes=tuple(wishes))


def read_response(made: Any, ask: Ask) -> Answer:
    """The answer in a response. Raises Unavailable: refused, cut."""
    wishes: list[Wish] = []
    for item in made.output:
        if item.type == "function_call":
            wishes.append(_wish(item.call_id, item.name, item.arguments))
        for part in getattr(item, "content", None) or []:
            if part.type == "refusal":
                raise refused(part.refusal)
    if made.status == "incomplete":
        filtered = getattr(made.incomplete_details, "reason", None) == "content_filter"
        raise refused(None) if filtered else cut()
    usage = _usage(made.usage, "input_tokens", "output_tokens")
    return Answer(made.output_text, made.model or ask.model, usage, 0.0, wishes=tuple(wishes))


@dataclass
class Gathered:
    """An answer that is put together from the pieces of a stream."""

    text: str = ""
    refusal: str = ""
    finish: str = ""
    usage: Usage = field(default_factory=Usage)
    ended: bool = False
    _calls: dict[int, list[str]] = field(default_factory=dict[int, list[str]])
    _response: Any = None

    def chat(self, event: Any) -> str:
        """Take one chunk of a chat completion; the words in it."""
        if event.usage is not None:
            self.usage = _usage(event.usage, "prompt_tokens", "completion_tokens")
        if not event.choices:
            return ""
        choice = event.choices[0]
        for one in choice.delta.tool_calls or []:
            call = self._calls.setdefault(one.index, ["", "", ""])
            call[0] += one.id or ""
            call[1] += (one.function.name if one.function else None) or ""
            call[2] += (one.function.arguments if one.function else None) or ""
        self.refusal += getattr(choice.delta, "refusal", None) or ""
        self.finish = choice.finish_reason or self.finish
        self.ended = bool(self.finish)
        self.text += choice.delta.content or ""
        return choice.delta.content or ""

    def response(self, event: Any) -> str:
        """Take one event of a response; the words in it."""
        if event.type in ("response.completed", "response.incomplete"):
            self._response, self.ended = event.response, True
        return str(event.delta) if event.type == "response.output_text.delta" else ""

    def answer(self, ask: Ask) -> Answer:
        """The whole. Raises Unavailable: refused, cut."""
        if self._response is not None:
            return read_response(self._response, ask)
        if self.refusal or self.finish == "content_filter":
            raise refused(self.refusal or None)
        if self.finish == "length":
            raise cut()
        wishes = tuple(_wish(*self._calls[at]) for at in sorted(self._calls))
        return Answer(self.text, ask.model, self.usage, 0.0, wishes=wishes)


def _pinned(ask: Ask) -> dict[str, Any]:
    return {name: value for name in ("temperature", "seed") if (value := getattr(ask, name)) is not None}


def _tools(ask: Ask) -> Iterator[dict[str, Any]]:
    for one in ask.tools:
        yield {
            "name": one.name,
            "description": one.description,
            "parameters": dict(one.parameters),
            "strict": one.strict,
        }


def _items(ask: Ask) -> Iterator[Mapping[str, Any]]:
    """Chat messages as input items of a response."""
    for one in ask.turns:
        if one.get("role") == "tool":
            yield {"type": "function_call_output", "call_id": one["tool_call_id"], "output": one["content"]}
            continue
        if one.get("content"):
            yield {"role": one["role"], "content": one["content"]}
        for call in one.get("tool_calls") or []:
            named = call["function"]
            yield {
                "type": "function_call",
                "call_id": call["id"],
                "name": named["name"],
                "arguments": named["arguments"],
            }


def _wish(identifier: str, name: str, arguments: str) -> Wish:
    try:
        value = json.loads(arguments or "{}")
    except ValueError:
        value = None
    return Wish(identifier, name, value if isinstance(value, dict) else None, arguments)


def _usage(usage: Any, into: str, out: str) -> Usage:
    if usage is None:
        return Usage()
    details = getattr(usage, f"{into}_details", None)
    return Usage(getattr(usage, into, 0), getattr(usage, out, 0), getattr(details, "cached_tokens", 0) or 0)
