"""Values that outlive a run: read and changed under a lock, each change once for each call.

A change and the note that its call was made commit together, so that a call that is repeated after a crash gets the
first answer and changes nothing again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert

from flov7.store import tables
from flov7.store.scope import Scope

TABLE, CALLS = "kept_values", "kept_value_calls"
CALLS_KEPT = timedelta(days=2)
"""For longer no call is repeated without its recorded effect."""


@dataclass(frozen=True, kw_only=True)
class KeptValue:
    """One value by name; `changes` counts from 1."""

    name: str
    value: Any
    changes: int
    updated_at: datetime


async def get(scope: Scope, workflow_id: str, name: str) -> KeptValue | None:
    """The value, or None where nothing was kept under that name."""
    table = tables.kept_values
    row = await scope.row(scope.select(table).where(table.c.workflow_id == workflow_id, table.c.name == name))
    return None if row is None else await _opened(scope, row)


async def listed(scope: Scope, workflow_id: str) -> list[KeptValue]:
    """All values of a workflow, by name."""
    table = tables.kept_values
    rows = await scope.rows(scope.select(table).where(table.c.workflow_id == workflow_id).order_by(table.c.name))
    return [await _opened(scope, row) for row in rows]


async def remove(scope: Scope, workflow_id: str, name: str) -> bool:
    """Forget it; whether there was one."""
    table = tables.kept_values
    return await scope.run(scope.delete(table).where(table.c.workflow_id == workflow_id, table.c.name == name)) > 0


async def change(scope: Scope, workflow_id: str, name: str, *, call: str, by: Callable[[Any], tuple[Any, Any]]) -> Any:
    """Replace the value by what `by(value)` gives first (None: forget it) and return the second; once for each `call`."""
    lock = f"{scope.workspace_id}/{workflow_id}/{name}"
    await scope.run(text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 7))").bindparams(lock=lock))
    calls = tables.kept_value_calls
    made = await scope.row(scope.select(calls).where(calls.c.call == call))
    if made is not None:
        return await scope.open(made["output"], table=CALLS, row=call)
    known = await get(scope, workflow_id, name)
    value, output = by(None if known is None else known.value)
    await _put(scope, workflow_id, name, value)
    told = await scope.seal(output, table=CALLS, row=call)
    await scope.run(scope.insert(calls, call=call, output=told, at=func.now()))
    await scope.run(scope.delete(calls).where(calls.c.at < func.now() - CALLS_KEPT))
    return output


async def _put(scope: Scope, workflow_id: str, name: str, value: Any) -> None:
    if value is None:
        await remove(scope, workflow_id, name)
        return
    table, sealed = tables.kept_values, await scope.seal(value, table=TABLE, row=_row(workflow_id, name))
    statement = insert(table).values(
        workspace_id=scope.workspace_id,
        workflow_id=workflow_id,
        name=name,
        value=sealed,
        changes=1,
        updated_at=func.now(),
    )
    await scope.run(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "workflow_id", "name"],
            set_={"value": sealed, "changes": table.c.changes + 1, "updated_at": func.now()},
        )
    )


async def _opened(scope: Scope, row: dict[str, Any]) -> KeptValue:
    value = await scope.open(row["value"], table=TABLE, row=_row(row["workflow_id"], row["name"]))
    return KeptValue(name=row["name"], value=value, changes=row["changes"], updated_at=row["updated_at"])


def _row(workflow_id: str, name: str) -> str:
    return f"{workflow_id}/{name}"
