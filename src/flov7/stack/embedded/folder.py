"""The one folder where everything on this machine is kept (`FLOV7_HOME`, default `.flov7` here).

.flov7/
  instance           a random word: names this folder's PostgreSQL data where that lies elsewhere (root)
  state.json         what runs now: ports and pids
  lock               held by the process that runs the servers
  secrets/NAME       passwords and keys, 0600
  logs/NAME.log
  postgres/ temporal/ valkey/
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import Any

import orjson

from flov7.kit.errors import Conflict, Misconfigured

DEFAULT_HOME = ".flov7"


class Home:
    """The folder; made on first use, readable by its owner only."""

    def __init__(self, path: Path | str | None = None) -> None:
        chosen = path or os.environ.get("FLOV7_HOME") or DEFAULT_HOME
        self.path = Path(chosen).expanduser().resolve()
        try:
            for folder in (self.path, self.path / "logs", self.path / "secrets"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(
                f"The folder {self.path} cannot be made: {error.strerror}.",
                hint="Set FLOV7_HOME to a folder that you may write.",
            ) from error
        self._lock: int | None = None

    @property
    def instance(self) -> str:
        """A random word that belongs to this folder and dies with it."""
        return self.secret("instance", size=9, place=self.path)

    def folder(self, name: str) -> Path:
        """A subfolder, made if missing, 0700."""
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def log(self, name: str) -> Path:
        """Where that server's log is."""
        return self.path / "logs" / f"{name}.log"

    def secret(self, name: str, *, size: int = 24, place: Path | None = None) -> str:
        """A random secret (`size` bytes, url-safe), made once, kept in a file that only its owner reads."""
        path = (place or self.path / "secrets") / name
        fresh = path.with_name(f".{name}.{os.getpid()}")
        if not path.exists():
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(size))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(fresh, path)  # the first of two that race wins, and no half-written file is ever read
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text().strip()

    def state(self) -> dict[str, Any]:
        """What was written last by `remember`; empty where nothing is readable."""
        try:
            value = orjson.loads((self.path / "state.json").read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return {}
        return value if isinstance(value, dict) else {}

    def remember(self, name: str, **facts: Any) -> None:
        """Merge `{name: facts}` into the state; no facts forget the name. Written whole or not at all."""
        state = self.state()
        if facts:
            state[name] = facts
        else:
            state.pop(name, None)
        fresh = self.path / f".state.{os.getpid()}"
        fresh.write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2))
        fresh.replace(self.path / "state.json")

    def number(self, name: str, fact: str) -> int | None:
        """One remembered number (a port, a pid), or None."""
        facts = self.state().get(name)
        value = facts.get(fact) if isinstance(facts, dict) else None
        return value if isinstance(value, int) else None

    def lock(self) -> None:
        """Hold the folder for this process; `Conflict` where another process already runs servers in it."""
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(handle, 20, 0).decode() or "?"
            os.close(handle)
            raise Conflict(
                f"Flov7 already runs with the folder {self.path} (process {holder}).",
                hint="Use that one, end it, or set FLOV7_HOME to another folder.",
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._lock = handle

    def unlock(self) -> None:
        """Let the folder go; nothing happens where it is not held."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
