"""Where a step stops: turns, tokens, money and time, each with words of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flov7.kit import durations
from flov7.kit.errors import StepRefused
from flov7.llm.answers import Answer


@dataclass
class Limits:
    """What a step may still take. What was recorded before counts too, so that a retry has no more than the first."""

    turns: int = 12
    tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    asked: int = 0
    used: int = 0
    spent: float = 0.0
    _began: float = field(default=0.0)

    @classmethod
    def of(cls, given: Mapping[str, Any], *, turns: int = 12) -> Limits:
        """From a step's `limits`; `turns` is for one that says none."""
        seconds = durations.seconds(given["time"]) if given.get("time") else None
        made = cls(
            turns=given.get("turns") or turns, tokens=given.get("tokens"), cost=given.get("cost"), seconds=seconds
        )
        made._began = made.clock()
        return made

    def before(self) -> None:
        """Raises StepRefused where one more question would be too many."""
        if self.asked >= self.turns:
            raise _over("turns", f"{self.turns} questions to models")
        if self.tokens is not None and self.used >= self.tokens:
            raise _over("tokens", f"{self.tokens} tokens")
        if self.cost is not None and self.spent >= self.cost:
            raise _over("cost", f"{self.cost:g} US dollars")
        if self.seconds is not None and self.clock() - self._began >= self.seconds:
            raise _over("time", f"{self.seconds:g} seconds")
        self.asked += 1

    def after(self, answer: Answer) -> None:
        """Count what an answer took."""
        self.used += answer.usage.input_tokens + answer.usage.output_tokens
        self.spent += answer.cost or 0.0


def _over(limit: str, words: str) -> StepRefused:
    return StepRefused(
        f"The step reached its limit of {words} without an end.",
        hint=f"Raise `limits.{limit}`, ask for less, or let a person do it (`on_error`).",
        code=f"ai.limit_{limit}",
    )
