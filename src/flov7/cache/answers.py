"""Values kept for a while: answers of models, compiled plans, looked-up keys."""

from __future__ import annotations

from typing import Any

from flov7.cache.connecting import Cache, translated
from flov7.kit import json


class Answers:
    """JSON values under a kind and a key, each with its time to live. Every call may raise `CacheDown`."""

    def __init__(self, cache: Cache, *, kind: str) -> None:
        self._cache = cache
        self._kind = kind

    async def get(self, key: str) -> Any:
        """The value, or None where it is not there (any more)."""
        with translated():
            found = await self._cache.client.get(self._name(key))
        return None if found is None else json.loads(found)

    async def set(self, key: str, *, value: Any, ttl: float) -> None:
        """Keep the value for `ttl` seconds (at least a millisecond)."""
        with translated():
            await self._cache.client.set(self._name(key), json.dumps(value), px=max(1, round(ttl * 1000)))

    async def drop(self, key: str) -> None:
        """Forget it now."""
        with translated():
            await self._cache.client.delete(self._name(key))

    def _name(self, key: str) -> str:
        return self._cache.name("answer", self._kind, key)
