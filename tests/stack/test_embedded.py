"""The embedded servers on real processes: fresh start, restart, kill -9, taken ports, one owner per folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from flov7.kit.errors import Conflict, Misconfigured
from flov7.stack.embedded import EmbeddedPostgres, EmbeddedTemporal, EmbeddedValkey, Home, ports, programs


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def postgres(home: Home) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home, port=0, durable=False)
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Where `shared` keeps its things."""
    return Home(tmp_path_factory.mktemp("pg") / "home")


@pytest.fixture(scope="module")
def shared(shared_home: Home) -> Iterator[EmbeddedPostgres]:
    """A server that tests only look at."""
    server = EmbeddedPostgres(shared_home, port=0, durable=False)
    server.start()
    yield server
    server.remove()


def gone(pid: int, *, patience: float = 8.0) -> bool:
    """Whether the process ends within the time."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


class TestPostgres:
    async def test_answers_with_a_password_and_logical_replication(self, shared: EmbeddedPostgres) -> None:
        connection = await asyncpg.connect(shared.admin_url)
        assert await connection.fetchval("SHOW wal_level") == "logical"
        assert await connection.fetchval("SHOW password_encryption") == "scram-sha-256"
        assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
        await connection.close()

    async def test_refuses_a_wrong_password(self, shared: EmbeddedPostgres) -> None:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(
                host="127.0.0.1", port=shared.port, user="postgres", password="no", database="postgres"
            )

    def test_does_not_run_as_root(self, shared: EmbeddedPostgres) -> None:
        assert psutil.Process(shared.pid).uids().effective != 0

    async def test_keeps_rows_over_kill_9_and_a_stale_pid_file(self, home: Home, postgres: EmbeddedPostgres) -> None:
        connection = await asyncpg.connect(postgres.admin_url)
        await connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        connection.terminate()
        os.kill(postgres.pid, signal.SIGKILL)
        assert gone(postgres.pid)
        assert not postgres.running
        again = EmbeddedPostgres(home, port=0, durable=False)
        again.start()
        connection = await asyncpg.connect(again.admin_url)
        assert await connection.fetchval("SELECT n FROM kept") == 7
        await connection.close()
        again.stop()

    async def test_takes_over_from_a_server_that_was_left_behind(self, home: Home, postgres: EmbeddedPostgres) -> None:
        left = postgres.pid
        again = EmbeddedPostgres(home, port=0, durable=False)
        again.start()
        assert gone(left)
        assert again.running
        again.stop()

    async def test_a_pid_that_somebody_else_has_now_does_not_stop_it(
        self, home: Home, postgres: EmbeddedPostgres
    ) -> None:
        pid_file = postgres.cluster / "postmaster.pid"
        lines = pid_file.read_text().split("\n")
        os.kill(postgres.pid, signal.SIGKILL)
        assert gone(postgres.pid)
        pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
        again = EmbeddedPostgres(home, port=0, durable=False)
        again.start()
        assert again.running
        again.stop()

    async def test_waits_for_sessions_of_a_killed_server(self, home: Home, postgres: EmbeddedPostgres) -> None:
        connection = await asyncpg.connect(postgres.admin_url)
        busy = asyncio.create_task(connection.execute("SELECT pg_sleep(0.5)"))
        await asyncio.sleep(0.1)
        os.kill(postgres.pid, signal.SIGKILL)
        assert gone(postgres.pid)
        again = EmbeddedPostgres(home, port=0, durable=False)
        again.start()
        with pytest.raises((asyncpg.PostgresError, ConnectionError)):
            await busy
        connection.terminate()
        again.stop()

    def test_says_when_the_data_is_of_another_version(self, home: Home, postgres: EmbeddedPostgres) -> None:
        postgres.stop()
        (postgres.cluster / "PG_VERSION").write_text("12\n")
        with pytest.raises(Misconfigured, match="PostgreSQL 12"):
            EmbeddedPostgres(home, port=0).start()

    def test_data_lies_where_the_user_it_runs_as_may_go(self, shared_home: Home, shared: EmbeddedPostgres) -> None:
        user = psutil.Process(shared.pid).username()
        if os.geteuid() == 0:  # the home may be in a folder that only root enters
            assert user in {"flov7", "nobody"}
            assert shared.cluster.is_relative_to("/var/lib/flov7")
        else:
            assert user == psutil.Process().username()
            assert shared.cluster == shared_home.path / "postgres" / "cluster"

    def test_data_of_a_temporary_home_that_is_gone_is_deleted(self, tmp_path: Path) -> None:
        place, abandoned, present = tmp_path / "data", Home(tmp_path / "abandoned"), Home(tmp_path / "present")
        for home in (abandoned, present):
            data = place / home.instance
            data.mkdir(parents=True)
            (data / "home").write_text(str(home.path))
        shutil.rmtree(abandoned.path)
        programs.forget_temporary(place)
        assert [one.name for one in place.iterdir()] == [present.instance]


class TestValkey:
    def test_keeps_values_over_a_restart_and_its_port(self, home: Home) -> None:
        server = EmbeddedValkey(home, port=0)
        server.start()
        with redis.Redis.from_url(server.url) as client:
            client.set("kept", "yes")
        server.stop()
        again = EmbeddedValkey(home, port=server.port)
        again.start()
        with redis.Redis.from_url(again.url) as client:
            assert client.get("kept") == b"yes"
        assert again.port == server.port
        again.stop()

    def test_wants_its_password_which_is_not_in_the_process_list(self, home: Home) -> None:
        server = EmbeddedValkey(home, port=0)
        server.start()
        with (
            redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()
        assert home.secret("valkey") not in " ".join(psutil.Process(server.pid).cmdline())
        server.stop()


class TestTemporal:
    def test_survives_a_restart_and_takes_search_attributes(self, home: Home) -> None:
        for _ in range(2):
            server = EmbeddedTemporal(home, port=0, headless=True, search_attributes={"Flov7Workflow": "Keyword"})
            server.start()
            assert ports.answers(server.port)
            assert server.ui_url == ""
            server.stop()
        assert (home.path / "temporal" / "temporal.db").stat().st_size > 0


class TestLifetime:
    PROGRAM = """
import sys, time
from flov7.stack.embedded import EmbeddedValkey, Home
server = EmbeddedValkey(Home(sys.argv[1]), port=0, stay=sys.argv[2] == "stay")
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""

    def run_and_kill(self, home: Path, *, stay: str) -> int:
        """Start a server in another process, kill that process, return the server's pid."""
        command = [sys.executable, "-c", self.PROGRAM, str(home), stay]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            parent.kill()
        return pid

    @pytest.mark.skipif(sys.platform != "linux", reason="Only Linux tells a child of its parent's death.")
    def test_a_server_dies_with_the_process_that_started_it(self, home: Home) -> None:
        assert gone(self.run_and_kill(home.path, stay="no"))

    def test_unless_it_was_asked_to_stay(self, home: Home) -> None:
        pid = self.run_and_kill(home.path, stay="stay")
        assert not gone(pid, patience=0.5)
        again = EmbeddedValkey(home, port=0)
        again.start()  # ends the one that stayed: two may not write one folder
        assert gone(pid)
        again.stop()


class TestPorts:
    def test_takes_the_next_where_the_standard_one_is_used(self) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            used = other.getsockname()[1]
            assert not ports.is_free(used)
            assert ports.choose(used) > used

    def test_prefers_the_port_of_the_earlier_run(self) -> None:
        free = ports.choose(0)
        assert ports.choose(free - 1, earlier=free) == free

    def test_leaves_alone_what_is_promised_to_another(self) -> None:
        free = ports.choose(0)
        assert ports.choose(free, taken=[free]) != free


class TestHome:
    def test_a_secret_is_made_once_and_is_for_its_owner_only(self, home: Home) -> None:
        first = home.secret("key")
        assert Home(home.path).secret("key") == first
        assert (home.path / "secrets" / "key").stat().st_mode & 0o777 == 0o600

    def test_a_second_process_on_the_folder_is_told_of_the_first(self, home: Home) -> None:
        home.lock()
        with pytest.raises(Conflict, match=str(os.getpid())):
            Home(home.path).lock()
        home.unlock()
        other = Home(home.path)
        other.lock()
        other.unlock()

    def test_forgets_a_damaged_state_file(self, home: Home) -> None:
        (home.path / "state.json").write_text("{half")
        assert home.state() == {}
        home.remember("valkey", port=1)
        assert home.number("valkey", "port") == 1

    def test_a_place_that_cannot_be_written_names_the_setting(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(Misconfigured) as caught:
            Home(tmp_path / "file" / "home")
        assert "FLOV7_HOME" in caught.value.hint
