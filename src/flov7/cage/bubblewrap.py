"""The cage of bubblewrap: namespaces of its own for everything, a filter of system calls, limits of the kernel; and
never root, not even root's own.

Source: bwrap(1) of 0.8, prlimit(1). The code's folder lies in memory; what it is given is shown read-only.
"""

from __future__ import annotations

import os
import shutil
import tempfile

from flov7.cage import seccomp, showing
from flov7.cage.order import MEGABYTE, Order, Outcome, laid_out
from flov7.cage.process import bounded

NODE = "/node"
NOBODY = 65534
_SYSTEM = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs")


class Bubblewrap:
    """Keeps the promises of `order.Backend` on Linux with the package `bubblewrap`."""

    name = "bubblewrap"

    @staticmethod
    def is_there() -> bool:
        """Whether the programs are installed and this machine's system calls are known."""
        return all(map(shutil.which, ("bwrap", "prlimit", "setpriv"))) and seccomp.program() is not None

    async def run(self, order: Order) -> Outcome:
        """See `order.Backend`."""
        with tempfile.TemporaryDirectory(prefix="flov7-cage-") as folder, tempfile.TemporaryFile() as rules:
            laid_out(folder, order)
            rules.write(seccomp.program() or b"")
            rules.flush()
            rules.seek(0)
            number = rules.fileno()
            return await bounded(
                self._command(order, folder, number), order.given, limits=order.limits, env={}, pass_fds=(number,)
            )

    def _command(self, order: Order, folder: str, rules: int) -> list[str]:
        limits = order.limits
        made = [
            *_as_nobody(),
            _found("prlimit"),
            f"--as={limits.memory * MEGABYTE}",
            f"--cpu={limits.processor}",
            f"--fsize={limits.folder * MEGABYTE}",
            "--nofile=64",
            "--core=0",
            "--nproc=256",
            _found("bwrap"),
            *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"),
            *("--uid", str(NOBODY), "--gid", str(NOBODY), "--cap-drop", "ALL", "--hostname", "cage"),
        ]
        for root in showing.shown():
            made += ["--ro-bind", root, root]
        for target, place in showing.links():
            made += ["--symlink", target, place]
        made += ["--ro-bind-try", showing.LINKER, showing.LINKER]
        made += ["--proc", "/proc"]
        for place in _SYSTEM:
            made += ["--ro-bind-try", place, place]
        made += ["--dev", "/dev", "--ro-bind", folder, NODE]
        made += ["--size", str(limits.folder * MEGABYTE), "--tmpfs", "/work", "--chdir", "/work"]
        made += ["--remount-ro", "/", "--seccomp", str(rules), "--"]
        return [*made, showing.python(), "-I", "-S", "-B", f"{NODE}/runner.py"]


def _as_nobody() -> list[str]:
    """Root stops being root first: files below /proc ask who somebody is outside the namespace, not inside."""
    if os.geteuid() != 0:
        return []
    return [_found("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all",
            "--bounding-set=-all", "--no-new-privs", "--"]  # fmt: skip


def _found(program: str) -> str:
    return shutil.which(program, path=f"{os.defpath}:/usr/bin:/bin:/usr/sbin") or program
