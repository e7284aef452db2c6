"""`flov7 demo`: a sentence becomes a workflow, runs durably, survives a killed worker, and is accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "demo",
        short_help="See a sentence become a workflow, and run.",
        help="A sentence becomes a workflow and runs, here, with no key or account.",
    )(_demo)


def _demo(
    sentence: Annotated[str | None, typer.Argument(help="What should happen; left out: the example's own.")] = None,
    home: Annotated[Path | None, typer.Option(help="Keep its data in this folder; left out: a temporary one.")] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep all running at the end, to look around; Ctrl-C ends it.")
    ] = False,
) -> None:
    """Starts servers of its own on free ports; leaves nothing running and, without --home, nothing on the disk."""
    import asyncio

    from flov7.cli.demo.story import Story

    status = asyncio.run(Story(sentence, home=home, stay=stay).tell())
    if status != 0:
        raise typer.Exit(status)
