"""One client per process; drivers' errors become `CacheDown` here."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import redis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from flov7.cache.settings import CacheSettings
from flov7.kit.errors import Unavailable


class CacheDown(Unavailable):
    """Redis does not answer; whoever asked goes to the store, or does without."""

    code = "cache.down"


@contextmanager
def translated() -> Generator[None, None, None]:
    """`CacheDown` instead of whatever the driver raises."""
    try:
        yield
    except (redis.RedisError, OSError, TimeoutError) as error:
        raise CacheDown("Redis does not answer.", hint="It goes on without; see `/health`.", retry_after=2.0) from error


class Cache:
    """The client and the prefix; `open` never waits for Redis, so a process starts without it."""

    def __init__(self, settings: CacheSettings) -> None:
        self.prefix = settings.redis_prefix
        self.timeout = settings.redis_timeout
        # One quick second try (a connection that died in the pool); more would make a dead Redis cost time.
        self.client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=settings.redis_timeout,
            socket_connect_timeout=settings.redis_timeout,
            retry=Retry(NoBackoff(), 1),
            health_check_interval=0,
        )

    def name(self, *parts: str) -> str:
        """A key or channel under our prefix."""
        return self.prefix + ":".join(parts)

    async def ping(self) -> None:
        """`CacheDown` unless Redis answers now."""
        with translated():
            await asyncio.wait_for(self.client.execute_command("PING"), timeout=self.timeout)

    async def close(self) -> None:
        """Let the connections go."""
        await self.client.aclose()
