"""The command line as a person calls it: words in, exit code and text out; and a whole Flov7 to speak to."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
import pytest_asyncio

from flov7.cli import screen
from flov7.cli.main import main
from flov7.stack import up
from flov7.stack.embedded import Home


@dataclass
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> object:
        """The output as JSON."""
        return orjson.loads(self.out)


Command = Callable[..., Said]


@pytest.fixture
def flov7(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Call a command in this process, in an empty folder, without settings of this machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for console in (screen.out, screen.err):
        monkeypatch.setattr(console, "_width", None)  # that of the setting, not of the terminal at import
    for name in ("FLOV7_HOME", "FLOV7_URL", "FLOV7_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, **environment: str) -> Said:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["flov7", *words])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def whole() -> AsyncIterator[up.Running]:
    """Everything that `flov7 up` runs, once for all tests here."""
    folder = Path(tempfile.mkdtemp(prefix="flov7-cli-"))
    try:
        told = {"FLOV7_ALLOW_HOSTS": "127.0.0.1"}
        async with up.everything(
            Home(folder), say=lambda _: None, any_ports=True, headless=True, environment=told
        ) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def online(flov7: Command, whole: up.Running, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The same, with the folder of a Flov7 that runs."""
    monkeypatch.setenv("FLOV7_HOME", str(whole.home.path))
    return flov7
