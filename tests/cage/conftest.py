"""Both cages. Docker's engine is started for the tests where it is installed and none answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flov7.cage.bubblewrap import Bubblewrap
from flov7.cage.cage import Cage
from flov7.cage.docker import Docker
from flov7.cage.settings import CageSettings

SETTINGS = CageSettings.load(cage_seconds=2, cage_memory=200)


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[None]:
    """A Docker engine that answers: the one that is there, or one of our own."""
    if shutil.which("docker") is None:
        pytest.skip("Docker is not installed: apt-get install docker.io, or run .ci/run, which does it.")
    if _answers():
        yield
        return
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        pytest.skip("No Docker engine answers: apt-get install docker.io and be root, or start one.")
    home = Path(tempfile.mkdtemp(prefix="flov7-dockerd-"))
    socket = f"unix://{home}/docker.sock"
    command = ["dockerd", "--data-root", f"{home}/data", "--exec-root", f"{home}/exec", "--pidfile", f"{home}/pid"]
    command += ["-H", socket, "--iptables=false", "--ip6tables=false", "--bridge=none"]
    with (home / "log").open("wb") as log:
        engine = subprocess.Popen(command, stdout=log, stderr=log)
    before = os.environ.get("DOCKER_HOST")
    os.environ["DOCKER_HOST"] = socket
    try:
        for _ in range(150):
            if _answers() or engine.poll() is not None:
                break
            time.sleep(0.2)
        if engine.poll() is not None:
            pytest.skip(f"Docker's engine does not start here: {(home / 'log').read_text()[-300:]}")
        yield
    finally:
        engine.terminate()
        engine.wait(30)
        os.environ.pop("DOCKER_HOST")
        if before is not None:
            os.environ["DOCKER_HOST"] = before
        shutil.rmtree(home, ignore_errors=True)


def _answers() -> bool:
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session", params=["bubblewrap", "docker"])
def cage(request: pytest.FixtureRequest) -> Cage:
    """Each cage in turn."""
    if request.param == "bubblewrap":
        if not Bubblewrap.is_there():
            pytest.skip("bubblewrap is not installed: apt-get install bubblewrap, or run .ci/run, which does it.")
        return Cage(SETTINGS, backends=[Bubblewrap()])
    request.getfixturevalue("docker_engine")
    return Cage(SETTINGS, backends=[Docker()])


@pytest.fixture(scope="session")
def bubblewrap() -> Cage:
    """The fast one."""
    if not Bubblewrap.is_there():
        pytest.skip("bubblewrap is not installed: apt-get install bubblewrap, or run .ci/run, which does it.")
    return Cage(SETTINGS, backends=[Bubblewrap()])
