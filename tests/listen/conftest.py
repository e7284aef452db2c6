"""A gateway, a worker and a listener on real servers; and the sources that they listen to."""

from __future__ import annotations

import asyncio
import grp
import imaplib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from flov7.cache.settings import CacheSettings
from flov7.engine.settings import EngineSettings
from flov7.listen.listener import Listener
from flov7.listen.settings import ListenSettings
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, attending, listening, open_house, working
from tests.gateway.conftest import Client, app, client, gateway, http, logged, stranger
from tests.listen.programs import Server, free_port, program

__all__ = ["app", "client", "gateway", "http", "logged", "stranger"]

LEASE = 2.0


@pytest.fixture(scope="module")
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose files workflows may open."""
    return tmp_path_factory.mktemp("open")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    store_settings: StoreSettings, redis_url: str, temporal_address: str, open_folder: Path
) -> AsyncIterator[House]:
    """The house with a worker and an attendant in this process."""
    settings = AllSettings(
        store=store_settings,
        cache=CacheSettings.load(redis_url=redis_url, redis_prefix=f"t{os.urandom(4).hex()}:"),
        engine=EngineSettings.load(
            temporal_address=temporal_address,
            task_queue=f"ln-{os.urandom(4).hex()}",
            allow_hosts="127.0.0.1",
            allow_files=str(open_folder),
        ),
    )
    async with open_house(settings) as opened, attending(opened), working(opened):
        yield opened


@pytest.fixture
def listener(house: House) -> Callable[[], AbstractAsyncContextManager[Listener]]:
    """`async with listener():` somebody listens."""
    return lambda: listening(house, settings=ListenSettings.load(listen_lease=LEASE))


@pytest_asyncio.fixture(loop_scope="session")
async def listens(house: House) -> AsyncIterator[Listener]:
    """Somebody listens all through the test."""
    async with listening(house, settings=ListenSettings.load(listen_lease=LEASE)) as one:
        yield one


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    """An MQTT 5 broker that keeps what it has on disk after every change."""
    port = free_port()
    (tmp_path / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {tmp_path}/\n"
        "autosave_interval 1\nautosave_on_changes true\nmax_queued_messages 0\nmax_inflight_messages 100\n"
        f"{'user root' if os.geteuid() == 0 else ''}\n"
    )
    server = Server(
        [program("mosquitto", package="mosquitto"), "-c", str(tmp_path / "mosquitto.conf"), "-v"], port, tmp_path
    )
    server.start()
    yield server
    server.kill()


class Publisher:
    """A device: publishes over MQTT 5, by the broker's own client library for the wire."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def publish(self, topic: str, body: bytes | str, *, qos: int = 1) -> None:
        """Publish one message; returns when the broker has taken it."""
        await self.publish_all([(topic, body)], qos=qos)

    async def publish_all(self, messages: list[tuple[str, bytes | str]], *, qos: int = 1) -> None:
        """Publish all in order; returns when the broker has taken all."""
        import paho.mqtt.client as mqtt

        def work() -> None:
            device = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
            device.max_inflight_messages_set(50)
            device.connect("127.0.0.1", self.port)
            device.loop_start()
            try:
                for sent in [device.publish(topic, body, qos=qos) for topic, body in messages]:
                    sent.wait_for_publish(20)
                    assert sent.is_published()
            finally:
                device.disconnect()
                device.loop_stop()

        await asyncio.to_thread(work)


@pytest.fixture
def device(broker: Server) -> Publisher:
    """A device of the broker."""
    return Publisher(broker.port)


@pytest.fixture
def runs(client: Client) -> Callable[..., Awaitable[list[dict[str, Any]]]]:
    """`await runs(3)`: all runs of the workspace, once there are so many and all have ended; oldest first."""

    async def wait(number: int, *, seconds: float = 20.0, settle: float = 0.3) -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        found: list[dict[str, Any]] = []
        while loop.time() < until:
            found = await all_runs(client)
            if len(found) >= number and all(run["finished_at"] for run in found):
                await asyncio.sleep(settle)  # one too many would come now
                found = await all_runs(client)
                assert len(found) == number, [run["event_id"] for run in found]
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"{len(found)} runs instead of {number}: {[run['status'] for run in found]}")

    return wait


async def all_runs(client: Client) -> list[dict[str, Any]]:
    """All runs of the workspace, oldest first."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = {"limit": "200", **({"cursor": cursor} if cursor else {})}
        page = await client.ask("GET", "/executions", params=query)
        found += page["items"]
        cursor = page.get("next") or page.get("next_cursor")
        if not cursor:
            return found[::-1]


async def outputs(client: Client, found: list[dict[str, Any]]) -> list[Any]:
    """The outputs of these runs."""
    return [(await client.ask("GET", f"/executions/{run['id']}"))["output"] for run in found]


async def hearing(client: Client, workflow_id: str, *, status: str = "listening") -> dict[str, Any]:
    """The first trigger's listening state, once it is as wanted."""
    for _ in range(300):
        shown = (await client.ask("GET", f"/workflows/{workflow_id}"))["triggers"][0]["listening"]
        if shown and shown["status"] == status:
            return shown
        await asyncio.sleep(0.05)
    raise AssertionError(shown)


def openssl(*words: str) -> None:
    """Run openssl quietly."""
    subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A MariaDB server with the user `flov7` and the database `shop`."""
    folder = tmp_path_factory.mktemp("mariadb")
    install = program("mariadb-install-db", package="mariadb-server-core")
    server = program("mariadbd", package="mariadb-server-core")
    who = ["--user=root"] if os.geteuid() == 0 else []
    data = f"--datadir={folder / 'data'}"
    made = [install, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db", *who]
    subprocess.run(made, check=True, capture_output=True)
    (folder / "first.sql").write_text(
        "CREATE DATABASE shop;\nCREATE USER flov7@'127.0.0.1' IDENTIFIED BY 'pw';\nGRANT ALL ON shop.* TO flov7@'127.0.0.1';\n"
    )
    port = free_port()
    words = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 's.sock'}", "--skip-log-bin"]
    words += [f"--init-file={folder / 'first.sql'}", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve", *who]
    running = Server([server, "--no-defaults", data, *words], port, folder)
    running.start()
    yield running
    running.kill()


class Mail(Server):
    """A Dovecot server; every user's password is `pw`."""

    def start(self) -> None:
        """Start it, and wait until it lets somebody in."""
        shutil.rmtree(self.folder / "run", ignore_errors=True)  # what a killed one left
        super().start()
        for _ in range(100):
            try:
                with self.box():
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("nobody is let in")

    @contextmanager
    def box(self, user: str = "ann") -> Iterator[imaplib.IMAP4]:
        """The mailbox as somebody else sees it, by Python's own client."""
        with imaplib.IMAP4("127.0.0.1", self.port) as opened:
            opened.login(user, "pw")
            opened.select("INBOX")
            yield opened

    def deliver(self, raw: bytes, *, user: str = "ann", to: str = "INBOX") -> None:
        """A message arrives."""
        with self.box(user) as opened:
            done, words = opened.append(to, "", imaplib.Time2Internaldate(time.time()), raw)
            assert done == "OK", words


@pytest.fixture
def mail() -> Iterator[Mail]:
    """A mail server with one mailbox for each user who asks."""
    with mail_server() as running:
        yield running


def _asking(folder: Path, tokens: str) -> str:
    rules = f"introspection_url = {tokens}\nintrospection_mode = get\nusername_attribute = email\n"
    (folder / "tokens.conf").write_text(f"{rules}active_attribute = active\nactive_value = true\n")
    return f"passdb {{\n driver = oauth2\n mechanisms = xoauth2\n args = {folder}/tokens.conf\n}}\n"


@contextmanager
def mail_server(tokens: str = "") -> Iterator[Mail]:
    """A mail server; `tokens` is the address at which it asks whether a token holds, and whose it is."""
    dovecot = program("dovecot", package="dovecot-imapd")
    folder = Path(tempfile.mkdtemp(prefix="flov7-mail-"))
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    as_root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody") if as_root else pwd.getpwuid(os.geteuid())
    os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
    port = free_port()
    group = grp.getgrgid(owner.pw_gid).gr_name
    ours = "default_login_user = {0}\ndefault_internal_user = {0}\ndefault_internal_group = {1}\n"
    inside = "" if as_root else ours.format(owner.pw_name, group)
    (folder / "dovecot.conf").write_text(
        f"base_dir = {folder}/run\nstate_dir = {folder}/state\nlog_path = {folder}/dovecot.log\nprotocols = imap\n"
        f"listen = 127.0.0.1\nssl = no\ndisable_plaintext_auth = no\nmail_location = maildir:{folder}/mail/%u\n"
        f"first_valid_uid = 1\nfirst_valid_gid = 1\n{inside}auth_mechanisms = plain login{' xoauth2' if tokens else ''}\n"
        f"auth_failure_delay = 0\n{_asking(folder, tokens) if tokens else ''}"
        "passdb {\n driver = static\n mechanisms = plain login\n args = password=pw\n}\n"
        f"userdb {{\n driver = static\n args = uid={owner.pw_uid} gid={owner.pw_gid} home={folder}/mail/%u\n}}\n"
        f"service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n inet_listener imaps {{\n port = 0\n }}\n}}\n"
        "service anvil {\n chroot =\n}\n"
    )
    running = Mail([dovecot, "-F", "-c", str(folder / "dovecot.conf")], port, folder)
    running.start()
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)
