"""The three roles and the tables: what has to be there before Flov7 starts. Both steps may be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from flov7.kit.errors import Misconfigured
from flov7.store.failures import translated

OWNER, APP, ENGINE = "flov7_owner", "flov7_app", "flov7_engine"
_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 7_037_007  # any number, the same in every version


@dataclass(frozen=True)
class Roles:
    """Passwords of the three roles; none of them is a superuser or passes row-level security by."""

    owner: str
    app: str
    engine: str

    def url(self, admin_url: str, role: str) -> str:
        """The address of `role` in the database that `admin_url` names."""
        password = {OWNER: self.owner, APP: self.app, ENGINE: self.engine}[role]
        parts = urlsplit(admin_url)
        place = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{place}"))


async def create_database(admin_url: str, *, name: str) -> str:
    """Make the database where it is missing; returns the admin's address of it."""
    with translated():
        connection = await asyncpg.connect(admin_url)
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(f'CREATE DATABASE "{name}"')
        except asyncpg.DuplicateDatabaseError:
            pass  # another process was faster
        finally:
            await connection.close()
    return urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))


async def provision(admin_url: str, *, roles: Roles) -> None:
    """Make the roles, set their passwords, and let the owner make tables in the admin's database."""
    with translated():
        connection = await asyncpg.connect(admin_url)
        try:
            # One at a time in the whole cluster: roles belong to all of its databases.
            async with connection.transaction():
                await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
                for role, password in ((OWNER, roles.owner), (APP, roles.app), (ENGINE, roles.engine)):
                    await _role(connection, role, password=password)
                await connection.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {OWNER} WITH GRANT OPTION")
        finally:
            await connection.close()


async def migrate(owner_url: str, *, to: str = "head") -> None:
    """Bring the tables to revision `to` (up or, with an older one or `base`, down). One migrator at a time."""
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(owner_url))
    try:
        with translated():
            async with engine.begin() as connection:
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
                await _check_roles(connection)
                await connection.run_sync(_run, to)
    finally:
        await engine.dispose()


async def revision(url: str) -> tuple[str | None, str]:
    """What the database is at (None: nothing there), and what this version of Flov7 wants."""
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url))
    try:
        with translated():
            async with engine.connect() as connection:
                present = await connection.run_sync(
                    lambda sync: MigrationContext.configure(sync).get_current_revision()
                )
    finally:
        await engine.dispose()
    head = ScriptDirectory(str(_FOLDER)).get_current_head()
    return present, head or ""


def revisions() -> list[str]:
    """All revisions, oldest first."""
    return [script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions()][::-1]


def _run(connection: Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    present = MigrationContext.configure(connection).get_current_revision()
    known = revisions()
    down = to == "base" or (to in known and present in known and known.index(to) < known.index(present))
    (command.downgrade if down else command.upgrade)(config, to)
    if to != "base":
        connection.execute(text(f"GRANT SELECT ON alembic_version TO {APP}, {ENGINE}"))


async def _role(connection: asyncpg.Connection[asyncpg.Record], role: str, *, password: str) -> None:
    known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if known else "CREATE"
    # The server quotes the password; a statement with a parameter is not possible here.
    statement = await connection.fetchval(
        f"SELECT format('{verb} ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD %L', $1::text)", password
    )
    await connection.execute(statement)


async def _check_roles(connection: AsyncConnection) -> None:
    found = await connection.execute(text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'flov7%'"))
    missing = {OWNER, APP, ENGINE} - {row[0] for row in found}
    if missing:
        raise Misconfigured(
            f"The database lacks the roles {', '.join(sorted(missing))}.",
            hint="Run `provision` once with an administrator's address (see docs/reference/settings).",
        )
