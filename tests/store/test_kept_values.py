"""Values that outlive a run: many change them at once, and a repeated call changes nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flov7.store import kept_values
from flov7.store.database import Database


def add(value: Any) -> tuple[Any, Any]:
    new = (value or 0) + 1
    return new, {"value": new}


async def change(database: Database, workspace_id: str, call: str, *, by: Any = add, workflow: str = "w") -> Any:
    async with database.workspace(workspace_id) as scope:
        return await kept_values.change(scope, workflow, "n", call=call, by=by)


async def value(database: Database, workspace_id: str, *, workflow: str = "w") -> Any:
    async with database.workspace(workspace_id) as scope:
        found = await kept_values.get(scope, workflow, "n")
    return None if found is None else (found.value, found.changes)


class TestAChange:
    async def test_of_fifty_at_once_is_lost_for_none(self, database: Database, workspace_id: str) -> None:
        told = await asyncio.gather(*(change(database, workspace_id, f"c{n}") for n in range(50)))
        assert sorted(one["value"] for one in told) == list(range(1, 51))
        assert await value(database, workspace_id) == (50, 50)

    async def test_that_is_repeated_gets_the_first_answer(self, database: Database, workspace_id: str) -> None:
        first = await change(database, workspace_id, "once")
        await change(database, workspace_id, "other")
        assert await change(database, workspace_id, "once") == first == {"value": 1}
        assert await value(database, workspace_id) == (2, 2)

    async def test_that_fails_leaves_all_as_it_was(self, database: Database, workspace_id: str) -> None:
        await change(database, workspace_id, "a")

        def broken(_: Any) -> tuple[Any, Any]:
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await change(database, workspace_id, "b", by=broken)
        assert await value(database, workspace_id) == (1, 1)
        assert await change(database, workspace_id, "b") == {"value": 2}

    async def test_to_nothing_forgets_it(self, database: Database, workspace_id: str) -> None:
        await change(database, workspace_id, "a")
        await change(database, workspace_id, "b", by=lambda known: (None, known))
        assert await value(database, workspace_id) is None
        async with database.workspace(workspace_id) as scope:
            assert await kept_values.listed(scope, "w") == []

    async def test_belongs_to_one_workflow(self, database: Database, workspace_id: str) -> None:
        await change(database, workspace_id, "a")
        assert await value(database, workspace_id, workflow="other") is None
