"""Everything on one machine: starts, makes the first key once, starts again what dies, leaves nothing running."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import psutil
import pytest

from flov7.kit.errors import Misconfigured, Unavailable
from flov7.stack import up
from flov7.stack.embedded import Home
from flov7.stack.supervisor import Service, Supervisor


class TestEverything:
    async def test_starts_twice_in_a_folder_and_shows_the_key_once(self, tmp_path: Path) -> None:
        home, said = Home(tmp_path / "home"), list[str]()
        async with up.everything(home, say=said.append, any_ports=True, headless=True) as running:
            key = running.first.key
            assert key is not None
            assert await _status(f"{running.gateway.url}/api/v1/workflows", key) == 200
            assert await _status(f"{running.gateway.url}/api/v1/workflows", running.first.cli_key) == 200
            assert await _status(f"{running.gateway.url}/api/v1/workflows", "flov7_wrong") == 401
            kept = home.path / "secrets" / "command_line"
            assert kept.stat().st_mode & 0o777 == 0o600
            assert key not in "".join(path.read_text(errors="replace") for path in home.path.rglob("*.log"))
            await _is_started_again(running, said)
            pids = [running.supervisor.pid(name) for name in ("gateway", "worker", "listen")]
            pids += [running.servers.postgres.pid, running.servers.temporal.pid, running.servers.valkey.pid]
        assert [pid for pid in pids if psutil.pid_exists(pid)] == []
        async with up.everything(home, say=said.append, any_ports=True, headless=True) as again:
            assert again.first.key is None
            assert again.first.cli_key == kept.read_text()
            assert await _status(f"{again.gateway.url}/api/v1/workflows", key) == 200

    async def test_is_refused_in_production(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FLOV7_ENVIRONMENT", "production")
        with pytest.raises(Misconfigured, match="embedded"):
            async with up.everything(Home(tmp_path), say=print):
                pass


class TestAChildThatCannotStart:
    async def test_is_told_with_the_end_of_its_log(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            supervisor = Supervisor(Home(tmp_path), environment={"FLOV7_GATEWAY_PORT": str(port)}, say=print)
            try:
                supervisor.start(Service("gateway", port))
                with pytest.raises(Unavailable) as told:
                    await supervisor.ready("gateway", patience=20)
            finally:
                supervisor.stop()
        assert "Nothing can listen" in told.value.hint

    async def test_is_not_taken_for_a_stranger_on_its_port(self, tmp_path: Path) -> None:
        class Healthy(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()

        stranger = ThreadingHTTPServer(("127.0.0.1", 0), Healthy)
        Thread(target=stranger.serve_forever, daemon=True).start()
        port = stranger.server_port
        supervisor = Supervisor(Home(tmp_path), environment={"FLOV7_GATEWAY_PORT": str(port)}, say=print)
        try:
            supervisor.start(Service("gateway", port))
            with pytest.raises(Unavailable, match="ended while starting"):
                await supervisor.ready("gateway", patience=20)
        finally:
            supervisor.stop()
            stranger.shutdown()
            stranger.server_close()


async def _is_started_again(running: up.Running, said: list[str]) -> None:
    watching = asyncio.create_task(running.supervisor.watch())
    before = running.supervisor.pid("worker")
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while running.supervisor.pid("worker") == before and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    await running.supervisor.ready("worker", patience=20)
    watching.cancel()
    assert running.supervisor.pid("worker") != before
    assert any("started again" in words for words in said)


async def _status(url: str, key: str) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(url, headers={"authorization": f"Bearer {key}"})).status_code
