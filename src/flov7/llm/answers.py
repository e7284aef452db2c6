"""What a model answers, and what it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypedDict


class Turn(TypedDict):
    """One message to a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its text, its value where a structure was asked for, and what it took (seconds, tokens)."""

    text: str
    model: str
    usage: Usage
    seconds: float
    value: Any = None
