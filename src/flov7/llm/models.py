"""The whole way to a model, put together: traced, remembered, counted, broken off where it fails, without secrets."""

from __future__ import annotations

from dataclasses import dataclass

from flov7.llm.answers import Asks
from flov7.llm.client import ModelClient
from flov7.llm.counting import Book, Budgets, Count, Counting, NoBook
from flov7.llm.routing import Router
from flov7.llm.settings import LlmSettings
from flov7.llm.tracing import Traced
from flov7.llm.wrapped import Breaking, Memory, Redacting, Remembering


@dataclass(frozen=True)
class Models:
    """The models of one process."""

    client: ModelClient
    asks: Asks
    breaker: Breaking
    router: Router
    settings: LlmSettings

    async def close(self) -> None:
        """Give the connections back."""
        await self.client.close()


def models_of(
    settings: LlmSettings, *, memory: Memory | None = None, book: Book | None = None, count: Count | None = None
) -> Models:
    """The way to the models of the settings. `memory` keeps answers, `book` counts and holds budgets."""
    client = ModelClient(settings)
    breaker = Breaking(Redacting(client))
    asks: Asks = Counting(breaker, book or NoBook(), budgets=Budgets.of(settings), count=count)
    if memory is not None:
        asks = Remembering(asks, memory, ttl=settings.llm_cache, embed=client.embed)
    return Models(client, Traced(asks), breaker, Router(settings), settings)
