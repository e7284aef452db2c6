"""The cage of Docker: a container without network, rights or a writable disk, with limits of the engine.

It speaks to the engine by the `docker` program. Without an image of one's own it uses an empty one, into which this
machine's Python is shown read-only: nothing has to be fetched.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile

from flov7.cage import showing
from flov7.cage.order import MEGABYTE, Order, Outcome, laid_out
from flov7.cage.process import bounded
from flov7.kit.errors import Unavailable
from flov7.kit.ids import new_id

EMPTY = "flov7-cage:empty"
_SEEN = ("DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_CONTEXT", "HOME", "PATH")


class Docker:
    """Keeps the promises of `order.Backend` where a Docker engine answers."""

    name = "docker"

    def __init__(self, *, image: str = "") -> None:
        self._image = image
        self._ready = False

    @staticmethod
    def is_there() -> bool:
        """Whether the program is installed; whether an engine answers, the first run says."""
        return shutil.which("docker") is not None

    async def run(self, order: Order) -> Outcome:
        """See `order.Backend`. Raises Unavailable where no engine answers."""
        await self._prepare()
        name = f"flov7-cage-{new_id()}"
        with tempfile.TemporaryDirectory(prefix="flov7-cage-") as folder:
            laid_out(folder, order)

            async def end() -> None:
                await _said("kill", name)

            outcome = await bounded(
                self._command(order, folder, name), order.given, limits=order.limits, env=_environment(), end=end
            )
        if outcome.code == 125:
            raise Unavailable(f"Docker does not start the cage: {outcome.err.strip()[:300]}", code="cage.none")
        return outcome

    async def _prepare(self) -> None:
        """The empty image, made once."""
        if self._ready or self._image:
            return
        code, _ = await _said("image", "inspect", EMPTY)
        if code != 0:
            code, words = await _said("import", "-", EMPTY, given=b"\0" * 10_240)
            if code != 0:
                raise Unavailable(f"No Docker engine answers: {words.strip()[:300]}", code="cage.none")
        self._ready = True

    def _command(self, order: Order, folder: str, name: str) -> list[str]:
        limits = order.limits
        made = ["docker", "run", "--rm", "-i", "--name", name, "--init=false", "--hostname", "cage"]
        made += ["--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        made += ["--user", "65534:65534", "--pids-limit", "16", "--ipc", "none"]
        made += ["--memory", f"{limits.memory}m", "--memory-swap", f"{limits.memory}m", "--oom-score-adj", "500"]
        made += ["--ulimit", f"cpu={limits.processor}", "--ulimit", "nofile=64", "--ulimit", "core=0"]
        made += ["--ulimit", f"fsize={limits.folder * MEGABYTE}", "--log-driver", "none"]
        made += ["--tmpfs", f"/work:size={limits.folder}m,uid=65534", "--workdir", "/work"]
        made += ["--volume", f"{folder}:/node:ro"]
        python = "python3"
        if not self._image:
            python = showing.python()
            for root in (*showing.shown(), *(place for _, place in showing.links())):
                made += ["--volume", f"{root}:{root}:ro"]
        return [*made, self._image or EMPTY, python, "-I", "-S", "-B", "/node/runner.py"]


async def _said(*words: str, given: bytes | None = None) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "docker",
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=_environment(),
    )
    out, _ = await process.communicate(given)
    return process.returncode or 0, out.decode(errors="replace")


def _environment() -> dict[str, str]:
    """What the program needs to find its engine; the container sees none of it."""
    return {name: os.environ[name] for name in _SEEN if name in os.environ}
