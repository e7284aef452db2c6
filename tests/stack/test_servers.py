"""All backing services together: a fresh folder, a restart, a folder in use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from flov7.cache.connecting import Cache
from flov7.cache.settings import CacheSettings
from flov7.kit.errors import Conflict
from flov7.stack.embedded import Home, ports
from flov7.stack.embedded.servers import EmbeddedServers, Ports
from flov7.store import connections, provision, workspaces
from flov7.store.database import Database
from flov7.store.settings import StoreSettings

ANY = Ports(postgres=0, valkey=0, temporal=0, temporal_ui=0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServers]:
    made = EmbeddedServers(Home(tmp_path_factory.mktemp("servers") / "home"), ports=ANY)
    await made.start()
    yield made
    made.stop()
    made.postgres.remove()


def pids(servers: EmbeddedServers) -> list[int]:
    return [servers.postgres.pid, servers.valkey.pid, servers.temporal.pid]


class TestServers:
    async def test_the_web_ui_answers(self, servers: EmbeddedServers) -> None:

        assert servers.temporal.ui_url.endswith(str(servers.temporal.ui_port))
        assert ports.answers(servers.temporal.ui_port)

    async def test_a_second_stack_in_the_folder_is_refused_and_harms_nothing(self, servers: EmbeddedServers) -> None:
        with pytest.raises(Conflict, match="already runs"):
            await EmbeddedServers(Home(servers.home.path), ports=ANY).start()
        assert all(psutil.pid_exists(pid) for pid in pids(servers))

    async def test_says_which_port_is_another(self, servers: EmbeddedServers, tmp_path: Path) -> None:
        wanted = Ports(postgres=servers.postgres.port, valkey=0, temporal=0, temporal_ui=0)
        other = EmbeddedServers(Home(tmp_path / "other"), ports=wanted, headless=True)
        await other.start()
        try:
            assert other.postgres.port > servers.postgres.port
            (sentence,) = other.moved()
            assert str(servers.postgres.port) in sentence
        finally:
            other.stop()
            other.postgres.remove()

    async def test_nothing_runs_on_where_one_cannot_start(self, tmp_path: Path) -> None:
        home = Home(tmp_path / "broken")
        home.folder("temporal")
        (home.path / "temporal" / "temporal.db").mkdir()
        broken = EmbeddedServers(home, ports=ANY)
        with pytest.raises(Exception, match="Temporal"):
            await broken.start()
        assert not (broken.postgres.running or broken.valkey.running or broken.temporal.running)
        broken.postgres.remove()

    async def test_the_environment_opens_everything_and_survives_a_restart(
        self, servers: EmbeddedServers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in servers.environment().items():
            monkeypatch.setenv(name, value)
        database = await Database.open(StoreSettings.load())
        made = await workspaces.create(database, slug="acme", title="Acme")
        async with database.workspace(made.id) as scope:
            await connections.put_secret(scope, "s", value={"k": 1})
        await database.close()
        cache = Cache(CacheSettings.load())
        await cache.ping()
        await cache.close()
        before, environment = pids(servers), servers.environment()
        servers.stop()
        assert not any(psutil.pid_exists(pid) for pid in before)
        again = EmbeddedServers(Home(servers.home.path), ports=ANY)
        assert await again.start() == environment
        database = await Database.open(StoreSettings.load())
        async with database.workspace(made.id) as scope:
            assert await connections.secret(scope, "s") == {"k": 1}
        await database.close()
        present, wanted = await provision.revision(environment["FLOV7_DATABASE_URL"])
        assert present == wanted
        again.stop()
