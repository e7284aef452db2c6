"""The way in: transactions, a database that is away and comes back, group commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from flov7.kit.clock import ManualClock
from flov7.kit.errors import FlowError, Invalid, NotFound, Unavailable
from flov7.kit.ids import new_id
from flov7.stack.embedded import EmbeddedPostgres, Home
from flov7.store import idempotency, plans, provision, workspaces
from flov7.store.batches import Batcher
from flov7.store.database import Database
from flov7.store.executions import Execution
from flov7.store.housekeeping import tidy
from flov7.store.journal import Arrival
from flov7.store.settings import StoreSettings

ROLES = provision.Roles(owner="o", app="a", engine="e")


class TestTransactions:
    async def test_an_error_takes_everything_back(self, database: Database, workspace_id: str) -> None:
        with pytest.raises(ValueError, match="ours"):
            async with database.workspace(workspace_id) as scope:
                digest = await plans.put(scope, b"lost")
                raise ValueError("ours")
        async with database.workspace(workspace_id) as scope:
            with pytest.raises(NotFound):
                await plans.get(scope, digest)

    async def test_the_next_user_of_a_connection_has_no_workspace_left(
        self, database: Database, workspace_id: str
    ) -> None:
        async with database.workspace(workspace_id) as scope:
            await plans.put(scope, b"mine")
        async with database.by(slug="nobody") as scope:
            assert await scope.rows(scope.select(plans.tables.plans)) == []
            assert await scope.rows(plans.tables.plans.select()) == []

    async def test_an_endless_name_or_a_strange_character_is_no_crash(self, database: Database) -> None:
        assert await workspaces.by_slug(database, "x" * 10_000) is None
        with pytest.raises(Invalid, match="cannot be stored"):
            await workspaces.by_slug(database, "nul\x00")


class TestHousekeeping:
    async def test_forgets_old_events_and_answers_and_nothing_else(
        self, database: Database, workspace_id: str, store_settings: StoreSettings
    ) -> None:
        moment = datetime.now(UTC)
        for age, done in ((40, True), (40, False), (1, True)):
            execution_id = new_id()
            await database.journal.accept(
                Arrival(
                    execution_id=execution_id, workspace_id=workspace_id, workflow_id="wf", workflow_version=1,
                    plan_digest="p", mode="durable", trigger="t", event_id=f"{age}/{done}", payload={},
                    clock=moment - timedelta(days=age), seed=1,
                )
            )  # fmt: skip
            if done:
                await database.executions.finish(
                    Execution(
                        id=execution_id, workspace_id=workspace_id, workflow_id="wf", workflow_version=1,
                        plan_digest="p", mode="durable", status="succeeded", trigger="t", event_id="e",
                        created_at=moment, finished_at=moment,
                    ),
                    events=[],
                )  # fmt: skip
        async with database.workspace(workspace_id) as scope:
            await idempotency.begin(scope, "k", request_digest="d")
        clock = ManualClock(moment)
        assert await tidy(database, settings=store_settings, clock=clock) == {"journal": 1, "idempotency_keys": 0}
        assert await database.journal.find(workspace_id, workflow_id="wf", event_id="40/True") is None
        assert await database.journal.find(workspace_id, workflow_id="wf", event_id="40/False") is not None
        clock.move(2 * 86_400)
        assert (await tidy(database, settings=store_settings, clock=clock))["idempotency_keys"] == 1


@pytest_asyncio.fixture(loop_scope="session")
async def own_postgres(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(Home(tmp_path / "home"), port=0, durable=False)
    server.start()
    url = await provision.create_database(server.admin_url, name="flov7")
    await provision.provision(url, roles=ROLES)
    await provision.migrate(ROLES.url(url, provision.OWNER))
    yield server
    server.remove()


def settings_for(server: EmbeddedPostgres) -> StoreSettings:
    url = server.admin_url.rsplit("/", 1)[0] + "/flov7"
    return StoreSettings.load(
        database_url=ROLES.url(url, provision.APP),
        database_engine_url=ROLES.url(url, provision.ENGINE),
        database_timeout=1.0,
    )


class TestAway:
    async def test_is_unavailable_while_away_and_works_when_back(self, own_postgres: EmbeddedPostgres) -> None:
        port = own_postgres.port
        database = await Database.open(settings_for(own_postgres))
        made = await workspaces.create(database, slug="acme", title="Acme")
        await database.vault.sealer(made.id)
        own_postgres.stop()
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                async with database.workspace(made.id) as scope:
                    await workspaces.get(scope)
            assert caught.value.retry_after
            with pytest.raises(Unavailable):
                await database.ping()
            with pytest.raises(Unavailable):
                await database.events.append("x", workspace_id=made.id, events=[{"n": 1}])
        own_postgres.start()
        assert own_postgres.port == port
        await database.ping()
        async with database.workspace(made.id) as scope:
            assert (await workspaces.get(scope)).slug == "acme"
        await database.events.append("x", workspace_id=made.id, events=[{"n": 1}])
        await database.close()

    async def test_a_session_that_was_ended_is_replaced(self, own_postgres: EmbeddedPostgres) -> None:
        database = await Database.open(settings_for(own_postgres))
        made = await workspaces.create(database, slug="acme", title="Acme")
        admin = await asyncpg.connect(own_postgres.admin_url)
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'flov7%'")
        await admin.close()
        async with database.workspace(made.id) as scope:
            assert (await workspaces.get(scope)).slug == "acme"
        await database.close()

    async def test_a_wrong_password_or_database_is_named(self, own_postgres: EmbeddedPostgres) -> None:
        good = settings_for(own_postgres)
        url = good.database_engine_url.get_secret_value()
        for wrong, words in ((url.replace(":e@", ":wrong@"), "password"), (url + "x", "no such database")):
            with pytest.raises(Unavailable, match=words):
                await Database.open(good.model_copy(update={"database_engine_url": SecretStr(wrong)}))

    async def test_opening_without_a_database_says_so(self) -> None:
        nowhere = "postgresql://flov7_app:x@127.0.0.1:1/flov7"
        with pytest.raises(Unavailable, match="does not answer"):
            await Database.open(StoreSettings.load(database_url=nowhere, database_engine_url=nowhere))


class TestBatcher:
    async def test_callers_at_once_share_a_write_and_each_gets_its_own(self) -> None:
        batches: list[int] = []

        async def write(items: Sequence[int]) -> list[int | FlowError]:
            batches.append(len(items))
            await asyncio.sleep(0.005)
            return [NotFound("none") if item == 7 else item * 2 for item in items]

        batcher: Batcher[int, int] = Batcher(write, largest=40, lanes=1)
        answers = await asyncio.gather(*(batcher.submit(n) for n in range(100)), return_exceptions=True)
        assert [answer for n, answer in enumerate(answers) if n != 7] == [n * 2 for n in range(100) if n != 7]
        assert isinstance(answers[7], NotFound)
        assert batches == [40, 40, 20]

    async def test_a_raised_error_hurts_only_the_item_that_causes_it(self) -> None:
        async def write(items: Sequence[int]) -> list[int | FlowError]:
            if 3 in items:
                raise ValueError("three")
            return list(items)

        batcher: Batcher[int, int] = Batcher(write)
        answers = await asyncio.gather(*(batcher.submit(n) for n in range(5)), return_exceptions=True)
        assert [answer for answer in answers if isinstance(answer, int)] == [0, 1, 2, 4]
        assert isinstance(answers[3], ValueError)

    async def test_a_database_that_is_away_is_asked_once_for_all(self) -> None:
        asked = 0

        async def write(items: Sequence[int]) -> list[int | FlowError]:
            nonlocal asked
            asked += 1
            raise OSError("gone")

        batcher: Batcher[int, int] = Batcher(write)
        answers = await asyncio.gather(*(batcher.submit(n) for n in range(50)), return_exceptions=True)
        assert all(isinstance(answer, Unavailable) for answer in answers)
        assert asked == 1

    async def test_a_caller_who_gives_up_does_not_stop_the_others(self) -> None:
        written: list[int] = []

        async def write(items: Sequence[int]) -> list[int | FlowError]:
            await asyncio.sleep(0.01)
            written.extend(items)
            return list(items)

        batcher: Batcher[int, int] = Batcher(write)
        impatient = asyncio.create_task(batcher.submit(1))
        other = asyncio.create_task(batcher.submit(2))
        await asyncio.sleep(0.001)
        impatient.cancel()
        assert await other == 2
        await batcher.close()
        assert written == [1, 2]
        with pytest.raises(Unavailable):
            await batcher.submit(3)
