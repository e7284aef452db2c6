"""Processes of ours, to be killed: gateway and worker as the commands start them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

from flov7.wiring import AllSettings
from tests.listen.programs import free_port

__all__ = ["Ours", "free_port", "variables"]


def variables(settings: AllSettings, **more: str) -> dict[str, str]:
    """The environment in which a process of ours finds the test's servers."""
    return {
        **os.environ,
        "FLOV7_DATABASE_URL": settings.store.database_url.get_secret_value(),
        "FLOV7_DATABASE_ENGINE_URL": settings.store.database_engine_url.get_secret_value(),
        "FLOV7_REDIS_URL": settings.cache.redis_url.get_secret_value(),
        "FLOV7_TEMPORAL_ADDRESS": settings.engine.temporal_address,
        "FLOV7_TASK_QUEUE": settings.engine.task_queue,
        "FLOV7_ALLOW_HOSTS": "127.0.0.1",
        "FLOV7_LEASE_SECONDS": str(settings.engine.lease_seconds),
        "FLOV7_LOG_LEVEL": "error",
        **more,
    }


class Ours:
    """`flov7 gateway` or `flov7 worker` on a port; `kill` is SIGKILL."""

    def __init__(self, command: str, *, port: int, environment: dict[str, str]) -> None:
        self.command = command
        self.port = port
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._said = Path(tempfile.mkdtemp(prefix="flov7-chaos-")) / "said"

    def _last_words(self) -> str:
        return self._said.read_text()[-3000:]

    async def start(self) -> None:
        """Start it and wait until it listens."""
        with self._said.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "flov7.cli.main", self.command, env=self._environment, stdout=log, stderr=log
            )
        for _ in range(600):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                assert self._process.returncode is None, f"{self.command} ended at once: {self._last_words()}"
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
        raise AssertionError(f"{self.command} does not listen")

    async def kill(self) -> None:
        """No goodbye."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
