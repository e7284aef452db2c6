"""Real servers for tests: each starts once per process on first use, on free ports, and ends with the session."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from flov7.stack.embedded import EmbeddedPostgres, EmbeddedTemporal, EmbeddedValkey, Home
from flov7.store import provision, workspaces
from flov7.store.database import Database
from flov7.store.settings import StoreSettings

TEMPLATE = "flov7_template"
ROLES = provision.Roles(owner="owner", app="app", engine="engine")


@pytest.fixture(scope="session")
def server_home() -> Iterator[Home]:
    """The folder of this test process's servers; pytest-xdist's workers have one each."""
    path = Path(tempfile.mkdtemp(prefix="flov7-tests-"))
    yield Home(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def embedded_postgres(server_home: Home) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server; stopped and its data removed at the end."""
    server = EmbeddedPostgres(server_home, port=0, durable=False)
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def embedded_valkey(server_home: Home) -> Iterator[EmbeddedValkey]:
    """A Valkey server."""
    server = EmbeddedValkey(server_home, port=0)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def embedded_temporal(server_home: Home) -> Iterator[EmbeddedTemporal]:
    """A Temporal server without its web UI."""
    server = EmbeddedTemporal(server_home, port=0, headless=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_url(embedded_valkey: EmbeddedValkey) -> str:
    """Address of the Valkey server, shared by all tests of the process: use keys of your own."""
    return embedded_valkey.url


@pytest.fixture(scope="session")
def temporal_address(embedded_temporal: EmbeddedTemporal) -> str:
    """`host:port` of the Temporal server, shared by all tests of the process: use queues and ids of your own."""
    return embedded_temporal.address


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_template(embedded_postgres: EmbeddedPostgres) -> str:
    """Name of the migrated database that every module's own is copied from."""
    url = await provision.create_database(embedded_postgres.admin_url, name=TEMPLATE)
    await provision.provision(url, roles=ROLES)
    await provision.migrate(ROLES.url(url, provision.OWNER))
    return TEMPLATE


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def postgres_url(embedded_postgres: EmbeddedPostgres, postgres_template: str) -> AsyncIterator[str]:
    """Address (`postgresql://…`, superuser) of a fresh, migrated database for this module."""
    name = f"t{os.urandom(6).hex()}"
    await _execute(embedded_postgres.admin_url, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield embedded_postgres.admin_url.rsplit("/", 1)[0] + f"/{name}"
    await _execute(embedded_postgres.admin_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def store_settings(postgres_url: str) -> StoreSettings:
    """Settings of the store for this module's database, with the roles that production has."""
    return StoreSettings.load(
        database_url=ROLES.url(postgres_url, provision.APP),
        database_engine_url=ROLES.url(postgres_url, provision.ENGINE),
        database_owner_url=ROLES.url(postgres_url, provision.OWNER),
        database_pool_size=5,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(store_settings: StoreSettings) -> AsyncIterator[Database]:
    """The store, open, on this module's database."""
    opened = await Database.open(store_settings)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def workspace_id(database: Database) -> str:
    """A workspace of this test's own."""
    return (await workspaces.create(database, slug=f"w-{os.urandom(6).hex()}", title="A test")).id


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def pytest_unconfigure() -> None:
    """Temporal's client must be gone before the interpreter is, or the process may abort at its end."""
    if "temporalio" in sys.modules:
        gc.collect()
        time.sleep(0.3)
