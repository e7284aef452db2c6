"""Stores to speak to: a real MariaDB, PostgreSQL, Valkey, and SQLite files."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pymysql
import pytest

from tests.listen.programs import Server, free_port, program

TABLES = (
    "create table orders (id int primary key, customer varchar(40), total numeric(10,2), ok boolean)",
    "insert into orders values (1, 'Ann', 10.50, true), (2, 'Bo', 20, false), (3, 'Cy', 30, true)",
)


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A MariaDB server, with a database `shop` and the user `flov7` (password `secret`)."""
    install, serve = (
        program("mariadb-install-db", package="mariadb-server"),
        program("mariadbd", package="mariadb-server"),
    )
    folder = tmp_path_factory.mktemp("mariadb")
    user = pwd.getpwuid(os.geteuid()).pw_name
    common = ["--no-defaults", f"--datadir={folder}/data", f"--user={user}"]
    subprocess.run(
        [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    server = Server(
        [serve, *common, f"--port={(port := free_port())}", "--bind-address=127.0.0.1", f"--socket={folder}/s.sock",
         f"--pid-file={folder}/pid", "--innodb-buffer-pool-size=32M", "--performance-schema=off"],
        port=port,
        folder=folder,
    )  # fmt: skip
    server.start()
    with pymysql.connect(unix_socket=f"{folder}/s.sock", user="root", autocommit=True) as root:
        cursor = root.cursor()
        cursor.execute("create database shop character set utf8mb4")
        cursor.execute("create user flov7@'127.0.0.1' identified by 'secret'")
        cursor.execute("grant all on shop.* to flov7@'127.0.0.1'")
    yield server
    server.stop()


@pytest.fixture
async def postgres_shop(embedded_postgres: Any, connection: Callable[..., Any]) -> Any:
    """A `database` connection to PostgreSQL with the tables."""
    name = f"stores{os.urandom(4).hex()}"
    admin = await asyncpg.connect(embedded_postgres.admin_url)
    await admin.execute(f"create database {name}")
    url = embedded_postgres.admin_url.rsplit("/", 1)[0] + f"/{name}"
    inside = await asyncpg.connect(url)
    for statement in TABLES:
        await inside.execute(statement)
    await inside.close()
    yield connection("database", service="postgres", config={"security": "none"}, credential={"url": url})
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture
def mariadb_shop(mariadb: Server, connection: Callable[..., Any]) -> Any:
    """A `database` connection to MariaDB with the tables."""
    with pymysql.connect(
        host="127.0.0.1", port=mariadb.port, user="flov7", password="secret", database="shop", autocommit=True
    ) as root:
        cursor = root.cursor()
        cursor.execute("drop table if exists orders")
        for statement in TABLES:
            cursor.execute(statement)
    where = {"host": "127.0.0.1", "port": mariadb.port, "database": "shop", "security": "none"}
    return connection(
        "database", service="mariadb", config=where, credential={"username": "flov7", "password": "secret"}
    )


@pytest.fixture
def sqlite_folder(tmp_path: Path) -> Path:
    """The folder that the operator opened."""
    (tmp_path / "open").mkdir()
    return tmp_path / "open"


@pytest.fixture
def sqlite_shop(sqlite_folder: Path, connection: Callable[..., Any]) -> Any:
    """A `database` connection to a SQLite file with the tables."""
    import sqlite3

    path = sqlite_folder / "shop.db"
    with sqlite3.connect(path) as opened:
        for statement in TABLES:
            opened.execute(statement)
    opened.close()
    return connection("database", service="sqlite", config={"database": str(path)})


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Any:
    """The connection of the store that the test is run for."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def valkey(redis_url: str, connection: Callable[..., Any]) -> Any:
    """A `database` connection to Valkey, on a database of its own."""
    parts = urlsplit(redis_url)
    return connection(
        "database",
        service="valkey",
        config={"host": parts.hostname, "port": parts.port, "database": "9", "security": "none"},
        credential={"password": parts.password} if parts.password else {},
    )


@pytest.fixture
def store(guard: Callable[..., Any], call: Callable[..., Any], sqlite_folder: Path) -> Callable[..., Any]:
    """`await store(shop, {"sql": …})`: db_query, as the engine calls it, where loopback and one folder are open."""
    network = guard(allow=("127.0.0.0/8",), folders=(str(sqlite_folder),))

    async def run(connection: Any, inputs: dict[str, Any], **more: Any) -> Any:
        return await call("action/db_query", inputs, connection=connection, outside=network, **more)

    return run
