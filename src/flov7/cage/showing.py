"""Which Python is shown inside a cage, and what of this machine has to be seen for it to start."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_SYSTEM = "/usr/bin/python3"
_ROOTS = ("/lib", "/lib64", "/lib32")
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/lib32")
LINKER = "/etc/ld.so.cache"


@lru_cache(maxsize=1)
def python() -> str:
    """The interpreter: the system's where it is new enough, else ours without its packages."""
    system = Path(_SYSTEM)
    if system.exists() and _is_new(system):
        return str(system.resolve())
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")


def shown() -> Iterator[str]:
    """What is shown read-only, at the same place: the interpreter and libraries, nothing of people's."""
    if python().startswith("/usr/"):
        yield python()
    else:
        yield sys.base_prefix
    yield from (root for root in _LIBRARIES if Path(root).is_dir())
    yield from (root for root in _ROOTS if Path(root).is_dir() and not Path(root).is_symlink())


def links() -> Iterator[tuple[str, str]]:
    """Links at the root: what they lead to, and their place."""
    return ((str(Path(root).readlink()), root) for root in _ROOTS if Path(root).is_symlink())


def _is_new(path: Path) -> bool:
    """`/usr/bin/python3` leads to `python3.11` or the like."""
    version = path.resolve().name.removeprefix("python").split(".")
    return len(version) == 2 and all(part.isdigit() for part in version) and tuple(map(int, version)) >= (3, 11)
