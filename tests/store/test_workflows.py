"""Workflows, versions, hooks, plans and large values."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from flov7.kit.errors import Conflict, Invalid, NotFound
from flov7.store import blobs, hooks, plans, versions, workflows, workspaces
from flov7.store.database import Database
from flov7.store.hooks import Wanted


class TestWorkflows:
    async def test_saving_makes_versions_and_the_same_document_none(
        self, database: Database, workspace_id: str
    ) -> None:
        async with database.workspace(workspace_id) as scope:
            made = await workflows.create(scope, name="orders", document={"v": 1}, owner="ann")
            same = await workflows.save(scope, made.id, document={"v": 1}, created_by="ann")
            next_ = await workflows.save(scope, made.id, document={"v": 2}, created_by="ben", note="bigger")
            back = await workflows.make_current(scope, made.id, number=1)
            third = await workflows.save(scope, made.id, document={"v": 3}, created_by="ben")
        assert (made.status, made.current_version, same.current_version) == ("draft", 1, 1)
        assert (next_.current_version, back.current_version, third.current_version) == (2, 1, 3)
        async with database.workspace(workspace_id) as scope:
            page = await versions.page(scope, made.id, limit=2)
            rest = await versions.page(scope, made.id, limit=2, cursor=page.next_cursor)
        assert [version.number for version in [*page.items, *rest.items]] == [3, 2, 1]
        assert page.items[1].note == "bigger"

    async def test_who_changed_an_old_version_is_told(self, database: Database, workspace_id: str) -> None:
        async with database.workspace(workspace_id) as scope:
            made = await workflows.create(scope, name="stale", document={"v": 1}, owner="ann")
            await workflows.save(scope, made.id, document={"v": 2}, created_by="ann", based_on=1)
            with pytest.raises(Conflict) as caught:
                await workflows.save(scope, made.id, document={"v": 3}, created_by="ben", based_on=1)
        assert caught.value.error_code == "workflow.changed"

    async def test_savers_at_once_get_numbers_of_their_own(self, database: Database, workspace_id: str) -> None:
        async with database.workspace(workspace_id) as scope:
            made = await workflows.create(scope, name="busy", document={"v": 0}, owner="ann")

        async def save(n: int) -> None:
            async with database.workspace(workspace_id) as scope:
                await workflows.save(scope, made.id, document={"v": n}, created_by="ann")

        await asyncio.gather(*(save(n) for n in range(1, 9)))
        async with database.workspace(workspace_id) as scope:
            assert (await workflows.get(scope, made.id)).current_version == 9

    async def test_a_name_is_taken_once_in_a_workspace(self, database: Database, workspace_id: str) -> None:
        async with database.workspace(workspace_id) as scope:
            await workflows.create(scope, name="one", document={}, owner="ann")
        with pytest.raises(Conflict, match="'one'"):
            async with database.workspace(workspace_id) as scope:
                await workflows.create(scope, name="one", document={}, owner="ann")
        other = await workspaces.create(database, slug=f"o-{workspace_id}", title="Other")
        async with database.workspace(other.id) as scope:
            await workflows.create(scope, name="one", document={}, owner="ann")
            assert len((await workflows.page(scope)).items) == 1

    async def test_pages_statuses_and_search(self, database: Database, workspace_id: str) -> None:
        async with database.workspace(workspace_id) as scope:
            made = [await workflows.create(scope, name=f"flow_{n}", document={}, owner="ann") for n in range(5)]
        async with database.workspace(workspace_id) as scope:
            await workflows.set_status(scope, made[0].id, status="active", active_version=1)
            await workflows.set_status(scope, made[1].id, status="archived")
        async with database.workspace(workspace_id) as scope:
            first = await workflows.page(scope, limit=3)
            rest = await workflows.page(scope, limit=3, cursor=first.next_cursor)
            active = await workflows.page(scope, statuses=["active"])
            found = await workflows.page(scope, search="FLOW_3")
        assert first.items[0].name == "flow_0"
        assert len(first.items) == 3
        assert len(rest.items) == 1
        assert [one.active_version for one in active.items] == [1]
        assert [one.name for one in found.items] == ["flow_3"]

    async def test_another_workspace_finds_nothing(self, database: Database, workspace_id: str) -> None:
        async with database.workspace(workspace_id) as scope:
            made = await workflows.create(scope, name="mine", document={}, owner="ann")
        async with database.workspace("another") as scope:
            with pytest.raises(NotFound):
                await workflows.get(scope, made.id)
            with pytest.raises(NotFound):
                await versions.get(scope, made.id, number=1)


class TestVersions:
    async def test_are_kept_by_the_database_itself(
        self, database: Database, workspace_id: str, postgres_url: str
    ) -> None:
        async with database.workspace(workspace_id) as scope:
            made = await workflows.create(scope, name="kept", document={"v": 1}, owner="ann")
        admin = await asyncpg.connect(postgres_url)
        for statement in ("UPDATE workflow_versions SET note = 'x'", "DELETE FROM workflow_versions"):
            with pytest.raises(asyncpg.RestrictViolationError, match="immutable"):
                await admin.execute(f"{statement} WHERE workflow_id = $1", made.id)
        await admin.close()
        async with database.workspace(workspace_id) as scope:
            await workflows.delete(scope, made.id)
            with pytest.raises(NotFound):
                await versions.get(scope, made.id, number=1)


class TestHooks:
    async def test_two_workflows_on_one_path_and_method_are_refused(
        self, database: Database, workspace_id: str
    ) -> None:
        wanted = Wanted(path="/orders", method="POST", trigger="placed", token=None, auth={"type": "api_key"})
        async with database.workspace(workspace_id) as scope:
            a = await workflows.create(scope, name="a", document={}, owner="ann")
            b = await workflows.create(scope, name="b", document={}, owner="ann")
            await hooks.replace(scope, a.id, workflow_version=1, wanted=[wanted])
        with pytest.raises(Conflict) as caught:
            async with database.workspace(workspace_id) as scope:
                await hooks.replace(scope, b.id, workflow_version=1, wanted=[wanted])
        assert caught.value.details["workflow_id"] == a.id
        async with database.workspace(workspace_id) as scope:
            await hooks.replace(scope, a.id, workflow_version=2, wanted=[wanted])
            found = await hooks.find(scope, path="orders", method="POST")
            assert found is not None
            assert (found.workflow_version, found.auth) == (2, {"type": "api_key"})
            assert await hooks.find(scope, path="orders", method="GET") is None
            await hooks.clear(scope, a.id)
            await hooks.replace(scope, b.id, workflow_version=1, wanted=[wanted])


class TestContent:
    async def test_plans_and_large_values_are_kept_once_and_sealed(
        self, database: Database, workspace_id: str, postgres_url: str
    ) -> None:
        body = b'{"plain":"words"}' * 50
        async with database.workspace(workspace_id) as scope:
            for room in (plans, blobs):
                digest = await room.put(scope, body)
                assert await room.put(scope, body) == digest
                assert await room.get(scope, digest) == body
                with pytest.raises(NotFound):
                    await room.get(scope, "0" * 64)
        admin = await asyncpg.connect(postgres_url)
        for table in ("plans", "blobs"):
            (row,) = await admin.fetch(f"SELECT body FROM {table} WHERE workspace_id = $1", workspace_id)
            assert b"plain" not in row["body"]
        await admin.close()


class TestWorkspaces:
    async def test_are_found_by_slug_and_keep_settings(self, database: Database) -> None:
        made = await workspaces.create(database, slug="acme", title="Acme", settings={"default_mail": "shop"})
        assert await workspaces.by_slug(database, "acme") == made
        assert await workspaces.by_slug(database, "nobody") is None
        async with database.workspace(made.id) as scope:
            changed = await workspaces.change_settings(scope, alerts=["ops@x"], default_mail=None)
        assert changed.settings == {"alerts": ["ops@x"]}
        with pytest.raises(Conflict):
            await workspaces.create(database, slug="acme", title="Again")
        with pytest.raises(Invalid):
            await workspaces.create(database, slug="A b", title="Wrong")
        assert made.id in {one.id for one in await workspaces.everyone(database)}
