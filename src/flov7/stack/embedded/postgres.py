"""PostgreSQL on 127.0.0.1, from the package's own programs, with a password and logical replication."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from flov7.kit.errors import Misconfigured, Unavailable
from flov7.stack.embedded import ports, process, programs
from flov7.stack.embedded.folder import Home

STANDARD_PORT = 5432
PUBLIC_PLACE = Path("/var/lib/flov7")
_ADMIN = "postgres"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "wal_level": "logical",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "random_page_cost": "1.1",
    "password_encryption": "scram-sha-256",
    # /dev/shm is small in containers; our queries are short ones.
    "max_parallel_workers_per_gather": "0",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class EmbeddedPostgres:
    """A PostgreSQL server of our own. `start` returns when it answers; `stop` is a clean shutdown.

    `port` 0 takes any free one. `durable=False` (tests) turns fsync off. `stay` lets it outlive this process.
    """

    def __init__(
        self,
        home: Home,
        *,
        port: int = STANDARD_PORT,
        durable: bool = True,
        stay: bool = False,
        public_place: Path = PUBLIC_PLACE,
    ) -> None:
        self._home = home
        self._wanted = port
        self._durable = durable
        self._stay = stay
        self._public = public_place
        self._process: process.Process | None = None
        self.port = 0

    @property
    def admin_url(self) -> str:
        """`postgresql://…` of the superuser and the database `postgres`."""
        return f"postgresql://{_ADMIN}:{self._home.secret('postgres')}@127.0.0.1:{self.port}/postgres"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int:
        """The postmaster's process id; 0 where it does not run."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Make the data folder, end a leftover server, start, wait. `Unavailable`, `Misconfigured`."""
        if self.running:
            return
        found = programs.find(self._home, public=self._public)
        cluster = found.data / "cluster"
        if not (cluster / "PG_VERSION").exists():
            self._init(found, cluster=cluster)
        _check_version(cluster)
        self._end_leftover(cluster)
        earlier = self._home.number("postgres", "port")
        self.port = ports.choose(self._wanted, earlier=earlier)
        settings = {**_SETTINGS, "port": str(self.port), "fsync": "on" if self._durable else "off"}
        if not self._durable:
            settings["full_page_writes"] = "off"
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = process.start(
            [found.bin / "postgres", "-D", cluster, *options],
            name="PostgreSQL",
            log=self._home.log("postgres"),
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes everything, leaves no recovery to do
            user=found.user,
            stay=self._stay,
        )
        self._process.wait_until(lambda: self._ready(cluster))
        self._home.remember("postgres", port=self.port, pid=self.pid, data=str(cluster))

    def stop(self) -> None:
        """Shut it down cleanly; nothing happens where it does not run."""
        if self._process is not None:
            self._process.stop()
            self._process = None
            self._home.remember("postgres", port=self.port)

    @property
    def cluster(self) -> Path:
        """The data folder; as root it lies outside of the home."""
        return programs.find(self._home, public=self._public).data / "cluster"

    def remove(self) -> None:
        """Stop it and delete its data for good."""
        self.stop()
        shutil.rmtree(self.cluster.parent, ignore_errors=True)

    def _init(self, found: programs.Programs, *, cluster: Path) -> None:
        """Made aside and moved into place: a start that was cut short leaves nothing half-made."""
        fresh = found.data / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = found.data / "password"
        password.touch(mode=0o600)
        password.write_text(self._home.secret("postgres"))
        if found.user:
            os.chown(password, found.user.uid, found.user.gid)
        command: list[str | Path] = [found.bin / "initdb", "-D", fresh, "-U", _ADMIN, f"--pwfile={password}"]
        command += ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        try:
            made = process.run(command, user=found.user)
        finally:
            password.unlink()
        if made.returncode != 0:
            words = made.stderr.decode(errors="replace").strip().replace("\n", " | ")
            raise Unavailable("PostgreSQL's data folder could not be made.", hint=f"initdb says: {words}")
        if self._durable:
            os.sync()
        fresh.rename(cluster)

    def _end_leftover(self, cluster: Path) -> None:
        """What a run that was killed left behind. PostgreSQL's own check of the pid file is kept wherever it can be."""
        pid_file = cluster / "postmaster.pid"
        if not pid_file.exists():
            return
        first = pid_file.read_text().split("\n", 1)[0].strip()
        pid = int(first) if first.isdigit() else 0
        process.end_leftover(pid, marker=str(cluster), stop_signal=signal.SIGINT)
        # Sessions outlive a killed server for a moment; a new one beside them would damage the data.
        process.wait_until_left(cluster, program="postgres")
        if pid and process.is_another(pid, than="postgres"):
            pid_file.unlink(missing_ok=True)  # nobody's server: PostgreSQL would refuse to start beside that pid

    def _ready(self, cluster: Path) -> bool:
        try:
            lines = (cluster / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and ports.answers(self.port)


def _check_version(cluster: Path) -> None:
    found = (cluster / "PG_VERSION").read_text().strip()
    if found != programs.MAJOR:
        raise Misconfigured(
            f"The data in {cluster} is of PostgreSQL {found}; this is PostgreSQL {programs.MAJOR}.",
            hint="Dump it with the older version and load it here, or set FLOV7_HOME to another folder.",
        )
