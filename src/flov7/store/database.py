"""The way in: connections for the two roles, one transaction per scope, and the batched writers beside them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import exc, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from flov7.kit import json
from flov7.kit.errors import Misconfigured
from flov7.store.effects import Effects
from flov7.store.events import Events
from flov7.store.failures import GONE, gone, translated
from flov7.store.journal import Journal
from flov7.store.recording import Executions
from flov7.store.scope import Scope
from flov7.store.settings import StoreSettings
from flov7.store.subscriptions import Subscriptions
from flov7.store.vault import MasterKeys, Pool, Vault


class Database:
    """Open one per process with `await Database.open(settings)`; `close` writes out what was taken."""

    def __init__(self, *, app: AsyncEngine, engine: AsyncEngine, pool: Pool, settings: StoreSettings) -> None:
        self._app = app
        self._engine = engine
        self.pool = pool
        self.vault = Vault(pool, masters=MasterKeys.of(settings))
        self.journal = Journal(pool, vault=self.vault)
        self.effects = Effects(pool, vault=self.vault)
        self.events = Events(pool, vault=self.vault)
        self.subscriptions = Subscriptions(pool, vault=self.vault)
        self.executions = Executions(pool, vault=self.vault, events=self.events)

    @classmethod
    async def open(cls, settings: StoreSettings) -> Database:
        """Connect both roles. `Unavailable` without PostgreSQL, `Misconfigured` with a role that sees too much."""
        app_url = settings.database_url.get_secret_value()
        engine_url = settings.database_engine_url.get_secret_value()
        with translated():
            pool = await _pool(engine_url, settings=settings)
        database = cls(
            app=_engine(app_url, settings=settings),
            engine=_engine(engine_url, settings=settings),
            pool=pool,
            settings=settings,
        )
        try:
            await database._refuse_powerful()
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def workspace(self, workspace_id: str) -> AsyncGenerator[Scope, None]:
        """One transaction as the app in one workspace; commits at the end, rolls back on an error."""
        async with self._transaction(self._app, workspace_id=workspace_id) as scope:
            yield scope

    @asynccontextmanager
    async def as_engine(self, workspace_id: str) -> AsyncGenerator[Scope, None]:
        """The same as the engine: it may read what runs need, in every workspace."""
        async with self._transaction(self._engine, workspace_id=workspace_id) as scope:
            yield scope

    @asynccontextmanager
    async def by(self, *, key_digest: str = "", slug: str = "") -> AsyncGenerator[Scope, None]:
        """Before the workspace is known: sees the one key with this digest, the one workspace with this slug."""
        async with self._transaction(self._app, workspace_id="", key_digest=key_digest, slug=slug) as scope:
            yield scope

    async def ping(self) -> None:
        """`Unavailable` unless PostgreSQL answers now."""
        with translated():
            await asyncio.wait_for(self.pool.fetchval("SELECT 1"), timeout=2.0)

    async def close(self) -> None:
        """Write out what was taken, then let the connections go."""
        for writer in (self.journal, self.effects, self.events, self.executions):
            await writer.close()
        await self._app.dispose()
        await self._engine.dispose()
        try:
            await asyncio.wait_for(self.pool.close(), timeout=5.0)
        except (TimeoutError, OSError):
            self.pool.terminate()

    @asynccontextmanager
    async def _transaction(
        self, engine: AsyncEngine, *, workspace_id: str, key_digest: str = "", slug: str = ""
    ) -> AsyncGenerator[Scope, None]:
        seen = {"workspace": workspace_id, "digest": key_digest, "slug": slug}
        connection = await _begin(engine, seen=seen)
        try:
            yield Scope(connection, workspace_id=workspace_id, vault=self.vault)
            with translated():
                await connection.commit()
        finally:
            with contextlib.suppress(*GONE, exc.DBAPIError):
                await connection.close()  # rolls back what was not committed

    async def _refuse_powerful(self) -> None:
        question = text("SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        for engine in (self._app, self._engine):
            with translated():
                async with engine.connect() as connection:
                    user, powerful = (await connection.execute(question)).one()
            if powerful:
                raise Misconfigured(
                    f"The database user {user} passes row-level security by.",
                    hint="Use the roles flov7_app and flov7_engine that `provision` makes.",
                )


# For this transaction only: the next user of the connection sees nothing of it.
_SEEN = text(
    "SELECT set_config('flov7.workspace', :workspace, true), set_config('flov7.key_digest', :digest, true), "
    "set_config('flov7.slug', :slug, true)"
)


async def _begin(engine: AsyncEngine, *, seen: dict[str, str]) -> AsyncConnection:
    """A connection inside a transaction that sees what `seen` says; one that died in the pool is replaced once."""
    for last_try in (False, True):
        with translated():
            connection = await engine.connect()
            try:
                await connection.execute(_SEEN, seen)
                return connection
            except exc.DBAPIError as error:
                await connection.close()
                if last_try or not error.connection_invalidated:
                    raise
    raise gone()


async def _pool(url: str, *, settings: StoreSettings) -> Pool:
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=settings.database_pool_size,
        timeout=settings.database_timeout,
        statement_cache_size=settings.database_statement_cache,
        init=_init,
    )


def _engine(url: str, *, settings: StoreSettings) -> AsyncEngine:
    async def connect() -> Any:
        return await asyncpg.connect(
            url, timeout=settings.database_timeout, statement_cache_size=settings.database_statement_cache
        )

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=settings.database_timeout,
        pool_pre_ping=False,
        json_serializer=_text,
        json_deserializer=json.loads,
    )


async def _init(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, encoder=_text, decoder=json.loads, schema="pg_catalog")


def _text(value: Any) -> str:
    return json.dumps(value).decode()
