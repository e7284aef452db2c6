"""Ways of a model to be bad, each made of a good answer."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import StrEnum
from typing import Any, assert_never

from flov7.llm.testing.request import Request
from flov7.llm.testing.scripted import Scripted, ToolCall

SLOW = 30.0
"""Seconds that a slow model takes."""
BACK_AFTER = 1.0
"""What a model that has too much to do says in `Retry-After`."""
_REAL_TOOLS = ("email_send", "db_query", "api_call", "file", "notification")


class Fault(StrEnum):
    """What the model does wrong."""

    INVALID_JSON = "invalid_json"
    PROSE = "prose"
    FENCED = "fenced"
    TRUNCATION = "truncation"
    REFUSAL = "refusal"
    FILTERED = "filtered"
    EMPTY = "empty"
    WRONG_SHAPE = "wrong_shape"
    UNKNOWN_KIND = "unknown_kind"
    TOO_MANY = "429"
    FAILURE = "500"
    SLOW = "slow"
    HALF_STREAM = "half_stream"
    CLOSES = "closes"
    UNKNOWN_TOOL = "unknown_tool"
    FORBIDDEN_TOOL = "forbidden_tool"
    BAD_ARGUMENTS = "bad_arguments"


def at_fault(answer: Scripted, fault: Fault, *, request: Request | None = None) -> Scripted:
    """The good answer as a model with this fault would give it. `request` says which tools there are."""
    match fault:
        case Fault.INVALID_JSON | Fault.PROSE | Fault.FENCED | Fault.EMPTY | Fault.WRONG_SHAPE | Fault.UNKNOWN_KIND:
            return _misspoken(answer, fault)
        case Fault.TRUNCATION:
            return replace(answer, text=_half(answer.content), value=None, cut=True)
        case Fault.REFUSAL:
            return Scripted(refusal="I cannot help with that.")
        case Fault.FILTERED:
            return Scripted(filtered=True)
        case Fault.TOO_MANY:
            return Scripted(status=429, retry_after=BACK_AFTER, text="Rate limit reached.")
        case Fault.FAILURE:
            return Scripted(status=500, text="The server had an error.")
        case Fault.SLOW:
            return replace(answer, delay=SLOW)
        case Fault.HALF_STREAM | Fault.CLOSES:
            return replace(answer, closes=True)
        case Fault.UNKNOWN_TOOL | Fault.FORBIDDEN_TOOL | Fault.BAD_ARGUMENTS:
            return Scripted(calls=(_tool(fault, request),))
        case _:
            assert_never(fault)


def _misspoken(answer: Scripted, fault: Fault) -> Scripted:
    """The same answer in words that cannot be read as they should."""
    good = answer.content
    match fault:
        case Fault.INVALID_JSON:
            said = _half(good)
        case Fault.PROSE:
            said = "Certainly! I have thought about it, and it all looks fine to me."
        case Fault.FENCED:
            said = f"Here it is:\n```json\n{good}\n```\nTell me if you need more."
        case Fault.WRONG_SHAPE:
            said = json.dumps({"result": "as you wished"})
        case Fault.UNKNOWN_KIND:
            said = json.dumps(_renamed(answer.value))
        case _:
            said = ""
    return replace(answer, text=said, value=None)


def _half(text: str) -> str:
    return text[: max(1, len(text) // 2)]


def _renamed(value: Any) -> Any:
    """Every `kind` in a value named as no kind is."""
    if isinstance(value, dict):
        return {key: "teleport" if key == "kind" else _renamed(inner) for key, inner in value.items()}
    return [_renamed(inner) for inner in value] if isinstance(value, list) else value


def _tool(fault: Fault, request: Request | None) -> ToolCall:
    offered = list(request.tools) if request is not None else []
    if fault is Fault.BAD_ARGUMENTS and offered:
        return ToolCall(offered[0], raw='{"half": ')
    if fault is Fault.FORBIDDEN_TOOL:
        return ToolCall(next(name for name in (*_REAL_TOOLS, "custom") if name not in offered))
    return ToolCall("summon_demon")
