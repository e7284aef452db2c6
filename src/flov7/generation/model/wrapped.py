"""Around the way to a model: answers that are known are not asked for again, and one that keeps failing is left alone."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from flov7.generation.model.drafter import Model
from flov7.kit.errors import FlowError, Unavailable
from flov7.llm.answers import Answer, Turn, Usage

KEPT = 86_400.0
"""Seconds that an answer is kept: the same words over the same catalogue get the same draft for a day."""
_FAILURES, _REST = 3, 30.0


class Memory(Protocol):
    """What is needed of `cache.answers.Answers`. May raise FlowError where Redis is away."""

    async def get(self, key: str) -> Any:
        """The value, or None."""
        ...

    async def set(self, key: str, *, value: Any, ttl: float) -> None:
        """Keep it for `ttl` seconds."""
        ...


class RememberingModel:
    """A model whose answers are kept by normalised request, schema and model. Without its memory it only asks."""

    def __init__(self, inner: Model, memory: Memory) -> None:
        self._inner = inner
        self._memory = memory

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self._inner.model

    async def structured(
        self,
        turns: Sequence[Turn],
        *,
        schema: dict[str, Any],
        name: str,
        model: str | None = None,
        most: int | None = None,
    ) -> Answer:
        """The answer that is known, which takes no tokens, or a new one."""
        key = key_of(turns, schema=schema, model=model or self._inner.model)
        known = await self._known(key)
        if known is not None:
            return Answer(json.dumps(known), model or self._inner.model, Usage(), 0.0, known)
        answer = await self._inner.structured(turns, schema=schema, name=name, model=model, most=most)
        try:
            await self._memory.set(key, value=answer.value, ttl=KEPT)
        except FlowError:
            return answer
        return answer

    async def _known(self, key: str) -> Any:
        try:
            return await self._memory.get(key)
        except FlowError:
            return None


def key_of(turns: Sequence[Turn], *, schema: dict[str, Any], model: str) -> str:
    """Equal for requests that differ only in case and blanks."""
    plain = [[turn["role"], re.sub(r"\s+", " ", turn["content"]).strip().lower()] for turn in turns]
    body = json.dumps([model, schema, plain], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


class BreakingModel:
    """A model that is left alone for `rest` seconds after `failures` failures in a row; then one call is tried."""

    def __init__(
        self,
        inner: Model,
        *,
        failures: int = _FAILURES,
        rest: float = _REST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._most = failures
        self._rest = rest
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self._inner.model

    async def structured(
        self,
        turns: Sequence[Turn],
        *,
        schema: dict[str, Any],
        name: str,
        model: str | None = None,
        most: int | None = None,
    ) -> Answer:
        """The answer. Raises what the model's client raises, and Unavailable at once while it is left alone."""
        left = self._open_until - self._clock()
        if left > 0:
            raise Unavailable(
                f"The model failed {self._failures} times in a row and is left alone for {left:.0f} s.",
                code="llm.resting",
            )
        try:
            answer = await self._inner.structured(turns, schema=schema, name=name, model=model, most=most)
        except FlowError:
            self._failures += 1
            if self._failures >= self._most:
                self._open_until = self._clock() + self._rest
            raise
        self._failures, self._open_until = 0, 0.0
        return answer
