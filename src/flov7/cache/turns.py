"""Whose turn it is at a service that counts requests, across processes: one moment for each account."""

from __future__ import annotations

from flov7.cache.connecting import Cache, translated

_RESERVE = """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local begins = math.max(ms, tonumber(redis.call('GET', KEYS[1]) or ms))
local wait = begins - ms
if wait >= tonumber(ARGV[2]) then return wait end
local free = begins + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.3f', free), 'PX', math.ceil(free - ms) + 1000)
return math.ceil(wait)
"""


class AccountTurns:
    """Reserves turns by the cell rate rule, on the clock of Redis."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._reserve = cache.client.register_script(_RESERVE)

    async def reserve(self, account: str, *, per_second: float, patience: float) -> float:
        """Seconds until the turn that was taken; none is taken where that is `patience` or more. Raises CacheDown."""
        keys = [self._cache.name("turn", account)]
        with translated():
            wait = await self._reserve(keys=keys, args=[1000 / per_second, patience * 1000])
        return float(wait) / 1000
