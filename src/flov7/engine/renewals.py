"""Renewing tokens: once for all that wait, in this process and in others, and kept sealed before anyone uses them.

Many services take an old renewal back as a theft and end everything, so two must never renew the same one. In a
process the waiting share one renewal; between processes a short lease in the secret's row says who does it. Nothing
outside is called inside a transaction.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

from flov7.kit.errors import StepFailed
from flov7.primitives.declare import ConnectionValue
from flov7.primitives.oauth.tokens import is_stale, renewed
from flov7.primitives.outside import Outside
from flov7.store import connections as stored
from flov7.store.database import Database

LEASE = timedelta(seconds=30)
_LOOK_AGAIN = 0.2


class Renewals:
    """Renews the tokens of connections."""

    def __init__(self, database: Database, *, outside: Outside) -> None:
        self._database = database
        self._outside = outside
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def renewed(self, workspace_id: str, value: ConnectionValue, *, secret: str) -> ConnectionValue:
        """The connection with a token other than its present one. Raises StepRefused (`connection.expired`)."""
        lock = self._locks.setdefault((workspace_id, secret), asyncio.Lock())
        async with lock:
            loop = asyncio.get_running_loop()
            ends = loop.time() + 2 * LEASE.total_seconds()
            while loop.time() < ends:
                present = await self._secret(workspace_id, secret)
                if present.get("access_token") != value.credential.get("access_token") and not is_stale(present):
                    return replace(value, credential={**value.credential, **present})
                if await self._begin(workspace_id, secret):
                    return await self._renew(workspace_id, value, present, secret)
                await asyncio.sleep(_LOOK_AGAIN)
        raise StepFailed(
            f"The connection `{value.name}` is being renewed elsewhere, and that does not end.",
            hint="It is tried again.",
        )

    async def _renew(
        self, workspace_id: str, value: ConnectionValue, present: dict[str, Any], secret: str
    ) -> ConnectionValue:
        changes: dict[str, Any] | None = None
        # Someone else may have renewed it between our look and our lease.
        latest = await self._secret(workspace_id, secret)
        if latest.get("access_token") != present.get("access_token"):
            present = latest
        try:
            if present.get("access_token") == value.credential.get("access_token") or is_stale(present):
                whole = replace(value, credential={**value.credential, **present})
                changes = await renewed(whole, self._outside)
        finally:
            async with self._database.as_engine(workspace_id) as scope:
                await stored.end_renewing(scope, secret, changes=changes)
        return replace(value, credential={**value.credential, **present, **(changes or {})})

    async def _begin(self, workspace_id: str, secret: str) -> bool:
        async with self._database.as_engine(workspace_id) as scope:
            return await stored.begin_renewing(scope, secret, lasts=LEASE)

    async def _secret(self, workspace_id: str, secret: str) -> dict[str, Any]:
        async with self._database.as_engine(workspace_id) as scope:
            return await stored.secret(scope, secret)
