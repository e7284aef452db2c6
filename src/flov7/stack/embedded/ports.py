"""Which port a server gets: the standard one, or the next that is free."""

from __future__ import annotations

import socket
from collections.abc import Collection

from flov7.kit.errors import Unavailable

_TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # What a server does: connections of an earlier run that are still fading away do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(standard: int, *, taken: Collection[int] = (), earlier: int | None = None) -> int:
    """The port of the `earlier` run, else the `standard` one, else the next free; 0 means any free one.

    `taken` are ports promised to others, not yet listened on. `Unavailable` where 200 in a row are used.
    """
    if earlier and earlier not in taken and is_free(earlier):
        return earlier
    if standard == 0:
        return _any_free(taken)
    for port in range(standard, min(standard + _TRIES, 65_536)):
        if port not in taken and is_free(port):
            return port
    raise Unavailable(
        f"No free port between {standard} and {standard + _TRIES}.",
        hint="End what listens there, or set another port.",
    )


def answers(port: int) -> bool:
    """Whether something listens on 127.0.0.1:`port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _any_free(taken: Collection[int]) -> int:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port
