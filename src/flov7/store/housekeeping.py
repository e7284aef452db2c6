"""What is forgotten after a while, so that the store does not grow with what nobody asks for any more."""

from __future__ import annotations

from datetime import timedelta

from flov7.kit import durations
from flov7.kit.clock import Clock
from flov7.store import idempotency, workspaces
from flov7.store.database import Database
from flov7.store.settings import StoreSettings

EVERY = 3600.0
"""Seconds between two rounds that a service should let pass."""


async def tidy(database: Database, *, settings: StoreSettings, clock: Clock) -> dict[str, int]:
    """One round; `{table: rows deleted}`. Any number of processes may run it at the same time."""
    now = clock.now()
    events = now - timedelta(seconds=durations.seconds(settings.keep_event_ids))
    answers = now - timedelta(seconds=durations.seconds(settings.keep_answers))
    forgotten = {"journal": await database.journal.forget(events), "idempotency_keys": 0}
    for workspace in await workspaces.everyone(database):
        async with database.workspace(workspace.id) as scope:
            forgotten["idempotency_keys"] += await idempotency.forget(scope, before=answers)
    return forgotten
