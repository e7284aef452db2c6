"""Start, watch and stop one server process; find and end one that an earlier run left behind."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from flov7.kit.errors import Unavailable

_CHILD = Path(__file__).with_name("child.py")
_LOG_LIMIT = 10_000_000


@dataclass(frozen=True)
class Person:
    """A user of this machine that a program runs as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def named(cls, name: str) -> Person:
        """The user of that name; `KeyError` where there is none."""
        entry = pwd.getpwnam(name)
        return cls(name=name, uid=entry.pw_uid, gid=entry.pw_gid)


class Process:
    """One running server. `stop` is polite first, then not; it may be called twice."""

    def __init__(self, popen: subprocess.Popen[bytes], *, name: str, log: Path, stop_signal: signal.Signals) -> None:
        self._popen = popen
        self._stop_signal = stop_signal
        self.name = name
        self.log = log

    @property
    def pid(self) -> int:
        """Process id; the same for the life of the server."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._popen.poll() is None

    def stop(self, *, patience: float = 10.0) -> None:
        """Ask it to end, wait `patience` seconds, then end it."""
        for sign in (self._stop_signal, signal.SIGQUIT, signal.SIGKILL):
            if not self.alive:
                break
            self._popen.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(patience)

    def wait_until(self, ready: Callable[[], bool], *, patience: float = 30.0) -> None:
        """Wait until `ready` says so; the error carries the end of the server's own log."""
        deadline = time.monotonic() + patience
        while not ready():
            if not self.alive:
                raise Unavailable(f"{self.name} ended while starting.", hint=f"Its log says: {self.last_words()}")
            if time.monotonic() > deadline:
                self.stop(patience=1.0)
                raise Unavailable(
                    f"{self.name} did not answer within {patience:.0f} s.",
                    hint=f"Its log says: {self.last_words()}",
                )
            time.sleep(0.01)

    def last_words(self, *, lines: int = 5) -> str:
        """The end of the log, on one line."""
        if not self.log.exists():
            return "nothing"
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-lines:]) or "nothing"


def start(
    command: Sequence[str | Path],
    *,
    name: str,
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    user: Person | None = None,
    stay: bool = False,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> Process:
    """Start `command` with its output in `log`. It dies with this process (Linux) unless it is to `stay`.

    The kernel binds the child's life to the thread that calls this: let it be one that lives long enough.
    """
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    death = 0 if stay else int(stop_signal)
    who = [str(user.uid), str(user.gid)] if user else ["-1", "-1"]
    wrapped = [
        sys.executable,
        "-I",
        "-S",
        str(_CHILD),
        str(death),
        str(os.getpid()),
        *who,
        *map(str, command),
    ]
    with log.open("ab") as output:
        # A session of its own: Ctrl-C in the terminal is for us, and we stop the servers in order.
        popen = subprocess.Popen(  # noqa: S603 - our own programs by full path
            wrapped,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd="/",
            env=dict(env) if env is not None else None,
            start_new_session=True,
        )
    if popen.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            popen.stdin.write(stdin)
            popen.stdin.close()
    return Process(popen, name=name, log=log, stop_signal=stop_signal)


def run(command: Sequence[str | Path], *, user: Person | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a short program to its end (at most two minutes), as another user if wanted."""
    wrapped = _wrapped(command, user=user, death=int(signal.SIGKILL))
    return subprocess.run(wrapped, check=False, capture_output=True, cwd="/", timeout=120)  # noqa: S603


def _wrapped(command: Sequence[str | Path], *, user: Person | None, death: int) -> list[str]:
    who = [str(user.uid), str(user.gid)] if user else ["-1", "-1"]
    return [sys.executable, "-I", "-S", str(_CHILD), str(death), str(os.getpid()), *who, *map(str, command)]


def end_leftover(pid: int, *, marker: str, stop_signal: signal.Signals, patience: float = 10.0) -> bool:
    """End the server that an earlier run left behind; True if there was one.

    `marker` (its data path) must stand in its command line: pids come again, and nobody else's may end.
    """
    try:
        process = psutil.Process(pid)
        if not any(marker in word for word in process.cmdline()):
            return False
        for sign in (stop_signal, signal.SIGKILL):
            process.send_signal(sign)
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(patience)
                return True
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return True


def is_another(pid: int, *, than: str) -> bool:
    """Whether that pid is taken by a program with another name, or by a dead one that nobody has buried."""
    try:
        process = psutil.Process(pid)
        return process.name() != than or process.status() == psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def wait_until_left(folder: Path, *, program: str, patience: float = 10.0) -> None:
    """Wait until no `program` works in the folder any more. Raises `Unavailable` after `patience` seconds."""
    deadline = time.monotonic() + patience
    while any(_works_in(one, folder) for one in psutil.process_iter() if _name(one) == program):
        if time.monotonic() > deadline:
            raise Unavailable(f"Another {program} works in {folder}.", hint="End it, then start again.")
        time.sleep(0.05)


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == folder
    except psutil.Error:
        return False


def listens(pid: int, port: int) -> bool:
    """Whether that process itself listens on the port; False where it has gone."""
    try:
        open_ = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in open_)
