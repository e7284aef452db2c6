"""PostgreSQL's own log of changes, by a replication slot: looked into, accepted, and only then moved on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Any

from flov7.kit.errors import StepFailed, StepRefused, StepUnreachable
from flov7.primitives.actions.db_query import postgres
from flov7.primitives.triggers.database.pgoutput import Commit, Decoder
from flov7.primitives.watching import Batch, Event, WatchContext

_PATIENCE = 10.0
_EVERY = 0.5
_CHANGES = 500
"""Looked at once; a larger transaction is looked at whole."""
_AT_ONCE = 200
_PEEK = """SELECT data FROM pg_logical_slot_peek_binary_changes($1::text::name, NULL, $2,
 'proto_version', '1', 'publication_names', $1::text)"""


def slot_of(subscription: str) -> str:
    """The name of the slot and of the publication: lower case, and not longer than PostgreSQL takes."""
    return f"flov7_{subscription.replace('-', '').lower()}"[:63]


async def open_slot(context: WatchContext, *, table: str, events: Sequence[str]) -> None:
    """Make publication and slot; from now on the server keeps changes for us. Raises StepRefused with the mend."""
    import asyncpg

    name, quoted = slot_of(context.subscription), ".".join(f'"{part}"' for part in table.split("."))
    async with _session(context) as opened:
        try:
            if await opened.fetchval("SHOW wal_level") != "logical":
                raise StepRefused(
                    "The database does not keep a log that can be read: `wal_level` is not `logical`.",
                    hint="Set `wal_level = logical` and restart the server, or give a `watermark` to poll instead.",
                    code="database.no_log",
                )
            publish = ", ".join(sorted(set(events)))
            if await opened.fetchval("SELECT 1 FROM pg_publication WHERE pubname = $1", name) is None:
                await opened.execute(f"CREATE PUBLICATION {name} FOR TABLE {quoted} WITH (publish = '{publish}')")
            if await opened.fetchval("SELECT 1 FROM pg_replication_slots WHERE slot_name = $1", name) is None:
                await opened.execute("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", name)
        except asyncpg.PostgresError as error:
            with suppress(asyncpg.PostgresError):
                await opened.execute(f"DROP PUBLICATION IF EXISTS {name}")
            raise _refused(error) from error


async def close_slot(context: WatchContext) -> None:
    """Drop both; nothing happens where they are gone."""
    import asyncpg

    name = slot_of(context.subscription)
    async with _session(context) as opened:
        try:
            known = "SELECT active_pid FROM pg_replication_slots WHERE slot_name = $1"
            if (row := await opened.fetchrow(known, name)) is not None:
                if row["active_pid"] is not None:
                    await opened.execute("SELECT pg_terminate_backend($1)", row["active_pid"])
                    await asyncio.sleep(0.2)
                await opened.execute("SELECT pg_drop_replication_slot($1)", name)
            await opened.execute(f"DROP PUBLICATION IF EXISTS {name}")
        except asyncpg.PostgresError as error:
            raise _refused(error) from error


async def changes(context: WatchContext) -> AsyncGenerator[Batch, None]:
    """Committed changes, in the order of their commits."""
    import asyncpg

    name = slot_of(context.subscription)
    async with _session(context) as opened:
        try:
            await _check(opened, name)
            await context.ready()
            while True:
                here = await opened.fetchval("SELECT pg_current_wal_flush_lsn()::text")
                events, end = _decoded(await opened.fetch(_PEEK, name, _CHANGES))
                for first in range(0, len(events), _AT_ONCE):
                    yield Batch(events=tuple(events[first : first + _AT_ONCE]), state=context.state)
                if end is not None:
                    await opened.execute("SELECT pg_replication_slot_advance($1, $2::text::pg_lsn)", name, end)
                    continue
                # Nothing of ours is in the log up to here: the server need not keep it.
                await _forget(opened, name, here)
                await asyncio.sleep(_EVERY)
        except asyncpg.ObjectInUseError as error:
            raise StepUnreachable("Another process reads this slot just now.", code="database.slot_busy") from error
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError) as error:
            raise StepUnreachable(f"The database broke off: {error}.") from error
        except asyncpg.PostgresError as error:
            raise _refused(error) from error
        except asyncpg.InterfaceError as error:
            raise StepUnreachable(f"The database broke off: {error}.") from error


async def _check(opened: Any, name: str) -> None:
    row = await opened.fetchrow("SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1", name)
    if row is None or row["wal_status"] == "lost":
        raise StepRefused(
            "The slot in the database is gone, and with it the changes that nobody heard.",
            hint="Deactivate the workflow and activate it again: it then begins with what comes from now on.",
            code="database.slot_lost",
        )


async def _forget(opened: Any, name: str, here: str) -> None:
    """Move on over what is not ours, where there is anything."""
    await opened.execute(
        "SELECT pg_replication_slot_advance(slot_name, $2::text::pg_lsn) FROM pg_replication_slots "
        "WHERE slot_name = $1 AND confirmed_flush_lsn < $2::text::pg_lsn",
        name,
        here,
    )


def _decoded(found: Sequence[Any]) -> tuple[list[Event], str | None]:
    """The changes, and where the last whole transaction ends."""
    decoder, events, end = Decoder(), list[Event](), None
    for row in found:
        match decoder.read(bytes(row["data"])):
            case Commit(end=place):
                end = f"{place >> 32:X}/{place & 0xFFFFFFFF:X}"
            case (id_, change):
                events.append(Event(id=id_, payload=change))
            case None:
                pass
    return events, end


def _session(context: WatchContext) -> Any:
    assert context.connection is not None
    return postgres.session(context.call(seconds=_PATIENCE), context.connection, timeout=_PATIENCE)


def _refused(error: Exception) -> StepFailed:
    words, state = str(error), getattr(error, "sqlstate", "")
    if state in ("53400", "53300"):  # no slot, or no connection, is left
        hint = "Raise `max_replication_slots` there, or drop slots that nobody reads."
        return StepUnreachable(f"The database has no room: {words}.", hint=hint, code="database.full")
    hints = {
        "42501": "The user needs REPLICATION and has to own the table: ALTER ROLE … REPLICATION; "
        "or give a `watermark` to poll instead.",
        "42P01": "Look at `table`, and at its schema.",
    }
    return StepRefused(f"The database refuses: {words}.", hint=hints.get(state, ""), code="database.refused")
