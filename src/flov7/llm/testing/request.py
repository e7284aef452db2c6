"""What was asked of the scripted model, the same to read for both interfaces."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self


@dataclass
class Request:
    """What was asked: the interface, the model, the messages, the schema, the whole body."""

    path: str
    model: str
    messages: list[dict[str, Any]]
    schema: dict[str, Any] | None
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def read(cls, path: str, *, headers: dict[str, str], body: dict[str, Any]) -> Self:
        """From what came over the wire."""
        asked = body.get("messages") or body.get("input") or []
        turns = [{"role": "user", "content": asked}] if isinstance(asked, str) else list(asked)
        if body.get("instructions"):
            turns.insert(0, {"role": "system", "content": body["instructions"]})
        shape = (body.get("response_format") or {}).get("json_schema") or (body.get("text") or {}).get("format") or {}
        return cls(path, str(body.get("model", "")), turns, shape.get("schema"), body, headers)

    @property
    def streams(self) -> bool:
        """Whether the answer shall come in pieces."""
        return bool(self.body.get("stream"))

    @property
    def is_chat(self) -> bool:
        """Whether chat completions were asked; otherwise responses, embeddings or models."""
        return self.path.endswith("/chat/completions")

    @cached_property
    def tools(self) -> dict[str, dict[str, Any]]:
        """The tools that may be called: name to `{description, parameters, strict}`."""
        found = [one.get("function", one) for one in self.body.get("tools") or []]
        return {str(one.get("name")): one for one in found if isinstance(one, dict) and one.get("name")}

    @cached_property
    def results(self) -> list[str]:
        """What tools gave so far, in their order."""
        given: list[str] = []
        for one in self.messages:
            if one.get("role") == "tool":
                given.append(_plain(one.get("content")))
            elif one.get("type") == "function_call_output":
                given.append(_plain(one.get("output")))
        return given

    @cached_property
    def called(self) -> list[str]:
        """The tools that were called so far, by name."""
        names: list[str] = []
        for one in self.messages:
            names += [str(call.get("function", {}).get("name")) for call in one.get("tool_calls") or []]
            if one.get("type") == "function_call":
                names.append(str(one.get("name")))
        return names

    @cached_property
    def system(self) -> str:
        """What the model was told to be."""
        return "\n".join(_plain(one.get("content")) for one in self.messages if one.get("role") in _RULES)

    @cached_property
    def last(self) -> str:
        """The last words of the user."""
        said = [_plain(one.get("content")) for one in self.messages if one.get("role") == "user"]
        return said[-1] if said else ""

    @cached_property
    def text(self) -> str:
        """All words of all messages."""
        return "\n".join(_plain(one.get("content")) for one in self.messages if one.get("content"))


_RULES = ("system", "developer")


def _plain(content: Any) -> str:
    """The words of a content, which may be text or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return "" if content is None else json.dumps(content)
