"""The tables: migrations and metadata agree, and every workspace's rows are behind row-level security."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from flov7.kit.errors import Misconfigured
from flov7.stack.embedded import EmbeddedPostgres
from flov7.store import provision
from flov7.store.database import Database
from flov7.store.settings import StoreSettings
from flov7.store.tables import metadata

ROLES = provision.Roles(owner="owner", app="app", engine="engine")  # as in conftest
FINGERPRINT = """
SELECT 'column', c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull::text, a.attcollation::text
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'index', indexname::text, indexdef, '', '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname::text, pg_get_constraintdef(oid), '', '', '' FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'policy', tablename::text, policyname::text, roles::text, coalesce(qual, ''), coalesce(with_check, '') FROM pg_policies
UNION ALL SELECT 'grant', relname::text, relacl::text, relrowsecurity::text, relforcerowsecurity::text, '' FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
UNION ALL SELECT 'trigger', tgname::text, pg_get_triggerdef(oid), '', '', '' FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1, 2, 3, 4
"""


async def fingerprint(url: str) -> list[tuple[str, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(FINGERPRINT)]
    finally:
        await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def empty_url(embedded_postgres: EmbeddedPostgres, postgres_template: str) -> AsyncIterator[str]:
    """A database with the roles and nothing else."""
    name = f"e{os.urandom(6).hex()}"
    url = await provision.create_database(embedded_postgres.admin_url, name=name)
    await provision.provision(url, roles=ROLES)
    yield url
    connection = await asyncpg.connect(embedded_postgres.admin_url)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


class TestMigrations:
    async def test_built_from_zero_equals_built_step_by_step(self, postgres_url: str, empty_url: str) -> None:
        for revision in provision.revisions():
            await provision.migrate(ROLES.url(empty_url, provision.OWNER), to=revision)
        at_once, by_steps = await fingerprint(postgres_url), await fingerprint(empty_url)
        assert len(at_once) > 200
        assert at_once == by_steps

    async def test_the_metadata_says_what_the_migrations_make(self, postgres_url: str) -> None:
        def differences(connection: Connection) -> list[object]:
            return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

        engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(postgres_url))
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []
        await engine.dispose()

    async def test_down_and_up_again_is_the_same(self, empty_url: str) -> None:
        owner = ROLES.url(empty_url, provision.OWNER)
        await provision.migrate(owner)
        before = await fingerprint(empty_url)
        await provision.migrate(owner, to="base")
        assert [row for row in await fingerprint(empty_url) if row[0] == "column" and row[1] != "alembic_version"] == []
        await provision.migrate(owner)
        assert await fingerprint(empty_url) == before

    async def test_two_migrators_at_once_do_no_harm(self, empty_url: str) -> None:
        owner = ROLES.url(empty_url, provision.OWNER)
        await asyncio.gather(*(provision.migrate(owner) for _ in range(3)))
        present, wanted = await provision.revision(owner)
        assert present == wanted == provision.revisions()[-1]

    async def test_the_product_documents_indexes_are_there(self, postgres_url: str) -> None:
        indexes = {row[1]: row[2] for row in await fingerprint(postgres_url) if row[0] == "index"}
        assert indexes["idx_workflows_status_updated"].endswith("(status, updated_at)")
        assert indexes["idx_workflow_executions_workflow_id"].endswith("(workflow_id)")


class TestRoles:
    async def test_neither_role_passes_row_level_security_by(self, postgres_url: str) -> None:
        connection = await asyncpg.connect(postgres_url)
        rows = await connection.fetch("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname LIKE 'flov7_%'")
        await connection.close()
        assert len(rows) == 3
        assert not any(row["rolsuper"] or row["rolbypassrls"] for row in rows)

    async def test_a_superuser_is_refused(self, postgres_url: str, store_settings: StoreSettings) -> None:
        powerful = store_settings.model_copy(update={"database_url": type(store_settings.database_url)(postgres_url)})
        with pytest.raises(Misconfigured, match="row-level security"):
            await Database.open(powerful)

    async def test_every_table_with_a_workspace_is_forced_behind_a_policy(self, postgres_url: str) -> None:
        connection = await asyncpg.connect(postgres_url)
        rows = await connection.fetch(
            """SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
                      EXISTS (SELECT 1 FROM pg_policies p WHERE p.tablename = c.relname AND p.qual LIKE '%flov7.workspace%'
                              AND p.roles = '{flov7_app}' AND p.with_check IS NOT NULL) AS policed
               FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                 AND c.relname <> 'alembic_version'"""
        )
        await connection.close()
        assert {row["relname"] for row in rows} == set(metadata.tables)
        assert [row["relname"] for row in rows if not (row["forced"] and row["policed"])] == []


class TestRawSql:
    async def test_without_a_workspace_the_app_sees_no_row(
        self, store_settings: StoreSettings, workspace_id: str, postgres_url: str
    ) -> None:
        app = await asyncpg.connect(store_settings.database_url.get_secret_value())
        admin = await asyncpg.connect(postgres_url)
        assert await admin.fetchval("SELECT count(*) FROM workspaces") > 0
        for table in metadata.tables:
            assert await app.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        await app.execute("SELECT set_config('flov7.workspace', $1, false)", workspace_id)
        assert await app.fetchval("SELECT count(*) FROM workspaces") == 1
        await app.close()
        await admin.close()

    async def test_a_row_of_another_workspace_is_neither_seen_nor_written(
        self, database: Database, store_settings: StoreSettings, workspace_id: str
    ) -> None:
        insert = "INSERT INTO plans (workspace_id, digest, body, created_at) VALUES ($1, 'd', '\\x00', now())"
        app = await asyncpg.connect(store_settings.database_url.get_secret_value())
        await app.execute("SELECT set_config('flov7.workspace', 'somebody', false)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await app.execute(insert, workspace_id)
        await app.execute("SELECT set_config('flov7.workspace', $1, false)", workspace_id)
        await app.execute(insert, workspace_id)
        await app.execute("SELECT set_config('flov7.workspace', 'somebody', false)")
        assert await app.execute("UPDATE plans SET digest = 'x'") == "UPDATE 0"
        assert await app.execute("DELETE FROM plans") == "DELETE 0"
        await app.close()

    async def test_the_owner_is_bound_as_well(self, store_settings: StoreSettings, workspace_id: str) -> None:
        assert store_settings.database_owner_url is not None
        owner = await asyncpg.connect(store_settings.database_owner_url.get_secret_value())
        assert await owner.fetchval("SELECT count(*) FROM workspaces") == 0
        await owner.close()

    async def test_the_engine_sees_every_workspaces_runs_and_nobodys_keys(
        self, store_settings: StoreSettings, workspace_id: str
    ) -> None:
        engine = await asyncpg.connect(store_settings.database_engine_url.get_secret_value())
        assert await engine.fetchval("SELECT count(*) FROM workspaces WHERE id = $1", workspace_id) == 1
        for table in ("api_keys", "idempotency_keys", "conversations"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await engine.execute(f"SELECT * FROM {table}")
        for statement in ("UPDATE workflows SET name = 'x'", "DELETE FROM audit_log", "CREATE TABLE own (n int)"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await engine.execute(statement)
        await engine.close()
