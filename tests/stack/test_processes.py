"""Gateway and worker without their servers: they wait, say so, and end when told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from flov7.stack.embedded import ports

NOWHERE = "postgresql://nobody:nothing@127.0.0.1:9/flov7"


@contextmanager
def running(name: str, port: int, **more: str) -> Iterator[subprocess.Popen[str]]:
    """The process, with a database that is not there."""
    environment = {
        **os.environ,
        f"FLOV7_{name.upper()}_PORT": str(port),
        "FLOV7_DATABASE_URL": NOWHERE,
        "FLOV7_DATABASE_ENGINE_URL": NOWHERE,
        **more,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "flov7.stack.processes", name], stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _answer(port: int, path: str, ready: Callable[[httpx.Response], bool], *, patience: float = 40.0) -> httpx.Response:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False)
            if ready(answer):
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"nothing answers on {port}")


class TestWithoutPostgreSQL:
    @pytest.mark.parametrize("name", ["gateway", "worker", "listen"])
    def test_answers_503_says_what_is_away_and_ends_when_told(self, name: str) -> None:
        port = ports.choose(0)
        with running(name, port) as process:
            answer = _answer(port, "/health", lambda _: True)
            assert answer.status_code == 503
            assert "database" in answer.json()["error"]["message"]
            assert int(answer.headers["retry-after"]) > 0
            assert process.stderr is not None
            told = json.loads(process.stderr.readline())
            assert told["event"] == "Waiting for PostgreSQL" and told["service"] == name
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0

    def test_the_workers_metrics_are_there_all_the_same(self) -> None:
        port = ports.choose(0)
        with running("worker", port):
            assert "process_resident_memory_bytes" in _answer(port, "/metrics", lambda _: True).text
            assert _answer(port, "/elsewhere", lambda _: True).status_code == 404


class TestAWrongSetting:
    def test_is_told_in_words_with_exit_code_1(self) -> None:
        with running("worker", ports.choose(0), FLOV7_MASTER_KEY="short") as process:
            assert process.wait(30) == 1
            assert process.stderr is not None
            words = process.stderr.read()
        assert "FLOV7_MASTER_KEY" in words and "Traceback" not in words
