"""Around the way to a model: answers that are known are not asked for again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any, Protocol

from flov7.generation.model.drafter import Model
from flov7.kit.errors import FlowError
from flov7.llm.answers import Answer, Ask, Asks, Turn, Usage
from flov7.llm.problems import not_json

KEPT = 86_400.0
"""Seconds that an answer is kept: the same words over the same catalogue get the same draft for a day."""


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


class AskedModel:
    """A model that is asked on the way of all the product's questions: without secrets, counted, resting where it fails."""

    def __init__(self, asks: Asks, *, model: str) -> None:
        self._asks = asks
        self._model = model

    @property
    def model(self) -> str:
        """The model that is asked where none is named."""
        return self._model

    async def structured(
        self,
        turns: Sequence[Turn],
        *,
        schema: dict[str, Any],
        name: str,
        model: str | None = None,
        most: int | None = None,
    ) -> Answer:
        """The answer, with a value. Raises what the way raises, and Unavailable `llm.unusable` where it is no JSON."""
        turn = Ask(turns=tuple(turns), model=model or self._model, schema=schema, name=name, most=most)
        answer = await self._asks.ask(turn)
        if answer.value is None:
            raise not_json(answer)
        return answer
