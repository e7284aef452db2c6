"""Subscriptions: one holder at a time, epochs that fence the former one, state that a new version keeps."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from flov7.kit.errors import Conflict
from flov7.kit.ids import new_id
from flov7.store import subscriptions, workflows, workspaces
from flov7.store.database import Database
from flov7.store.settings import StoreSettings
from flov7.store.subscriptions import Held, Wish


def wish(**changes: Any) -> Wish:
    """A trigger that wants to be listened for."""
    config = {"config": {"topics": ["t"]}, "credential": None, "operation": None}
    return replace(
        Wish(id=new_id(), trigger="sensor", kind="iot", source="s1", config=config, state={"n": 0}), **changes
    )


async def live(database: Database, workspace_id: str, *wishes: Wish, status: Any = "active") -> str:
    """A workflow with these subscriptions; its id."""
    async with database.workspace(workspace_id) as scope:
        made = await workflows.create(scope, name=f"w{os.urandom(4).hex()}", document={"d": 1}, owner="test")
        await workflows.set_status(scope, made.id, status=status, active_version=1)
        await subscriptions.want(scope, made.id, workflow_version=1, plan_digest="p", wishes=wishes)
    return made.id


async def claimed(database: Database, workflow_id: str, *, owner: str = "a", seconds: float = 30.0) -> list[Held]:
    """What of this workflow a listener gets."""
    found = await database.subscriptions.claim(owner, seconds=seconds, limit=1000)
    return [one for one in found if one.workflow_id == workflow_id]


class TestClaiming:
    async def test_each_is_held_once_however_many_ask(self, database: Database, workspace_id: str) -> None:
        ids = {await live(database, workspace_id, wish()) for _ in range(10)}
        asked = (database.subscriptions.claim(f"o{n}", seconds=30, limit=4) for n in range(8))
        found = [one.workflow_id for some in await asyncio.gather(*asked) for one in some if one.workflow_id in ids]
        assert sorted(found) == sorted(ids)

    async def test_one_whose_holder_died_is_taken_over_and_the_dead_one_writes_nothing(
        self, database: Database, workspace_id: str
    ) -> None:
        workflow_id = await live(database, workspace_id, wish())
        (first,) = await claimed(database, workflow_id, seconds=0.05)
        assert first.state == {"n": 0} and first.live
        await database.subscriptions.save(first, state={"n": 1}, delivered=1)
        await asyncio.sleep(0.1)
        (second,) = await claimed(database, workflow_id, owner="b")
        assert second.state == {"n": 1} and second.epoch > first.epoch
        with pytest.raises(Conflict, match="Another process"):
            await database.subscriptions.save(first, state={"n": 9}, delivered=1)
        await database.subscriptions.fail(first, error={"code": "x"}, again_in=0)
        await database.subscriptions.release(first)
        assert await database.subscriptions.renew("a", epochs={first.id: first.epoch}, seconds=30) == set()
        assert await database.subscriptions.renew("b", epochs={second.id: second.epoch}, seconds=30) == {second.id}

    async def test_a_paused_one_is_let_go_and_a_failing_one_waits(self, database: Database, workspace_id: str) -> None:
        workflow_id = await live(database, workspace_id, wish())
        (held,) = await claimed(database, workflow_id)
        async with database.workspace(workspace_id) as scope:
            await workflows.set_status(scope, workflow_id, status="paused")
        assert await database.subscriptions.renew("a", epochs={held.id: held.epoch}, seconds=30) == set()
        await database.subscriptions.release(held)
        assert await claimed(database, workflow_id) == []
        async with database.workspace(workspace_id) as scope:
            await workflows.set_status(scope, workflow_id, status="active", active_version=1)
        (again,) = await claimed(database, workflow_id)
        await database.subscriptions.fail(again, error={"code": "step.unreachable"}, again_in=60)
        assert await claimed(database, workflow_id) == []
        async with database.workspace(workspace_id) as scope:
            (shown,) = await subscriptions.of_workflow(scope, workflow_id)
        assert (shown.status, shown.error, shown.held) == ("failing", {"code": "step.unreachable"}, False)


class TestVersions:
    async def test_an_equal_source_keeps_its_state_and_another_one_is_ended(
        self, database: Database, workspace_id: str
    ) -> None:
        workflow_id = await live(database, workspace_id, wish())
        (held,) = await claimed(database, workflow_id)
        await database.subscriptions.save(held, state={"n": 5}, delivered=5)
        async with database.workspace(workspace_id) as scope:
            await subscriptions.want(scope, workflow_id, workflow_version=2, plan_digest="p2", wishes=[wish()])
        (same,) = await claimed(database, workflow_id)
        assert (same.id, same.state, same.workflow_version, same.plan_digest) == (held.id, {"n": 5}, 2, "p2")
        async with database.workspace(workspace_id) as scope:
            other = wish(source="s2", state={"n": 100})
            await subscriptions.want(scope, workflow_id, workflow_version=3, plan_digest="p3", wishes=[other])
        found = {one.live: one for one in await claimed(database, workflow_id)}
        assert found[True].state == {"n": 100} and found[False].id == held.id
        await database.subscriptions.forget(found[False])
        async with database.workspace(workspace_id) as scope:
            assert await subscriptions.end(scope, workflow_id) == 1
            assert await subscriptions.of_workflow(scope, workflow_id) == []

    async def test_one_without_its_workflow_is_ended_at_its_source(self, database: Database, workspace_id: str) -> None:
        workflow_id = await live(database, workspace_id, wish())
        async with database.workspace(workspace_id) as scope:
            await workflows.delete(scope, workflow_id)
        (orphan,) = await claimed(database, workflow_id)
        assert not orphan.live


class TestSecrecy:
    async def test_config_and_state_are_sealed_and_other_workspaces_see_nothing(
        self, database: Database, workspace_id: str, store_settings: StoreSettings
    ) -> None:
        workflow_id = await live(database, workspace_id, wish(state={"hidden": "place"}))
        engine = await asyncpg.connect(store_settings.database_engine_url.get_secret_value())
        row = await engine.fetchrow("SELECT config, state FROM subscriptions WHERE workflow_id = $1", workflow_id)
        await engine.close()
        assert row is not None and b"topics" not in row["config"] and b"hidden" not in row["state"]
        stranger = await workspaces.create(database, slug=f"w-{os.urandom(6).hex()}", title="Another")
        async with database.workspace(stranger.id) as scope:
            assert await subscriptions.of_workflow(scope, workflow_id) == []
            assert await subscriptions.end(scope, workflow_id) == 0
