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

TEMPLATE = "flov7_template"


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
    """Name of the database that every module's own is copied from."""
    await _execute(embedded_postgres.admin_url, f"CREATE DATABASE {TEMPLATE}")
    return TEMPLATE


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def postgres_url(embedded_postgres: EmbeddedPostgres, postgres_template: str) -> AsyncIterator[str]:
    """Address (`postgresql://…`, superuser) of a fresh database for this module."""
    name = f"t{os.urandom(6).hex()}"
    await _execute(embedded_postgres.admin_url, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield embedded_postgres.admin_url.rsplit("/", 1)[0] + f"/{name}"
    await _execute(embedded_postgres.admin_url, f"DROP DATABASE {name} WITH (FORCE)")


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
