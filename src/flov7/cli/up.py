"""`flov7 up`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from flov7.cli.screen import as_json, err, out, say, working

if TYPE_CHECKING:
    from flov7.stack.up import Running


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "up",
        short_help="Run everything on this machine.",
        help="Run everything on this machine, with embedded PostgreSQL, Valkey and Temporal.",
    )(_up)


def _up(
    home: Annotated[
        Path | None, typer.Option(help="The folder for all data; left out: FLOV7_HOME, else .flov7 here.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Say what runs as one JSON object; the key is in it once.")
    ] = False,
) -> None:
    """Starts PostgreSQL, Valkey, Temporal, the gateway, a worker and a listener; Ctrl-C ends all of them in order."""
    import asyncio

    asyncio.run(_run(home, wants_json=json))


async def _run(folder: Path | None, *, wants_json: bool) -> None:
    import asyncio
    import signal

    from flov7.stack.embedded import Home
    from flov7.stack.up import everything

    until, loop, began = asyncio.Event(), asyncio.get_running_loop(), time.monotonic()
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(sign, until.set)
    starting = everything(Home(folder), say=say)
    with working("Starting …"):
        running = await starting.__aenter__()
    try:
        if wants_json:
            as_json(_facts(running))
        else:
            _show(running, seconds=time.monotonic() - began)
        watching = asyncio.create_task(running.supervisor.watch())
        await until.wait()
        watching.cancel()
    finally:
        err.print("Ending …", style="dim")
        await starting.__aexit__(None, None, None)
    err.print("All has ended; the data stays.", style="dim")


def _facts(running: Running) -> dict[str, object]:
    servers = running.servers
    return {
        "gateway": running.gateway.url,
        "docs": f"{running.gateway.url}/docs",
        "worker": running.worker.url,
        "listener": running.listener.url,
        "temporal": servers.temporal.address,
        "temporal_ui": servers.temporal.ui_url,
        "postgres_port": servers.postgres.port,
        "redis_port": servers.valkey.port,
        "home": str(running.home.path),
        "workspace": running.first.workspace.slug,
        "key": running.first.key,
        "moved": running.moved,
    }


def _show(running: Running, *, seconds: float) -> None:
    servers, gateway = running.servers, running.gateway
    out.print(Text.assemble(("Flov7 runs", "bold green"), f", ready in {seconds:.1f} s.\n"))
    rows = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    rows.add_row("API", gateway.url + "/api/v1")
    rows.add_row("reference", gateway.url + "/docs")
    rows.add_row("webhooks", f"{gateway.url}/hooks/{running.first.workspace.slug}/…")
    rows.add_row("worker", f"{running.worker.url}/health, /metrics")
    rows.add_row("listener", f"{running.listener.url}/health, /metrics")
    rows.add_row("Temporal", f"{servers.temporal.address}, web UI {servers.temporal.ui_url}")
    rows.add_row("PostgreSQL", f"127.0.0.1:{servers.postgres.port}")
    rows.add_row("Valkey", f"127.0.0.1:{servers.valkey.port}")
    rows.add_row("data, logs", Text(str(running.home.path), overflow="fold"))
    out.print(rows)
    for words in running.moved:
        out.print(Text(words, style="yellow"))
    _show_key(running)
    out.print("\nNext, in another terminal:")
    out.print('  flov7 new "Every day at 9, call https://example.com"', markup=False)
    out.print("  flov7 run FILE --input '{…}' --watch", markup=False)
    out.print("  flov7 runs list", markup=False)
    out.print("\nCtrl-C ends everything.", style="dim")


def _show_key(running: Running) -> None:
    out.print()
    if running.first.key is not None:
        out.print(Text("Your API key. It is shown this once and kept only as a digest:", style="bold yellow"))
        out.print(f"  {running.first.key}", markup=False, soft_wrap=True)
    words = "`flov7` uses a key of its own, in this folder's `secrets`, so you need not type one."
    out.print(Text(words, style="dim"))
