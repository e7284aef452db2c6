"""What the command line prints: for people in colour and columns, for programs as JSON."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from flov7.kit import json
from flov7.kit.errors import FlowError

out = Console(highlight=False, soft_wrap=False)
"""What was asked for."""
err = Console(highlight=False, stderr=True)
"""Progress and errors: they never mix with what a program reads."""


def as_json(value: Any) -> None:
    """Print a value as indented JSON, nothing else."""
    sys.stdout.write(json.pretty(value).rstrip("\n") + "\n")


def say(words: str) -> None:
    """One line for a person, on the error stream so that pipes stay clean."""
    err.print(Text(words, style="dim"))


def good(words: str) -> None:
    """Something that was done."""
    out.print(f"[green]✓[/] {escape(words)}")


def problem(error: FlowError, *, wants_json: bool = False) -> None:
    """An error: what is wrong, how to mend it. As JSON on the output where a program reads."""
    if wants_json:
        as_json({"error": error.as_json()})
        return
    err.print(Text.assemble(("✗ ", "bold red"), (error.message, "bold")))
    if error.hint:
        err.print(Text.assemble(("  → ", "cyan"), error.hint))


_WHOLE = ("run", "id")


def table(*columns: str, rows: Iterable[Sequence[object]], empty: str = "There is nothing yet.") -> None:
    """Rows under headings; long cells fold, ids stay whole so that they can be copied."""
    made = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - counted for the empty case
        made.add_row(*(cell if isinstance(cell, Text) else Text("" if cell is None else str(cell)) for cell in row))
    out.print(made if count else Text(empty, style="dim"))


@contextmanager
def working(words: str) -> Generator[None, None, None]:
    """A sign of life while something takes longer than a moment; plain words where nobody looks at a terminal."""
    if err.is_terminal:
        with err.status(escape(words), spinner="dots"):
            yield
    else:
        yield


_COLOURS = {
    "succeeded": "green",
    "active": "green",
    "finished": "green",
    "failed": "red",
    "timed_out": "red",
    "unmet": "yellow",
    "in_doubt": "bold yellow",
    "waiting": "yellow",
    "paused": "yellow",
    "retrying": "yellow",
    "cancelled": "dim",
    "archived": "dim",
    "skipped": "dim",
}


def state(word: str) -> Text:
    """A status in its colour."""
    return Text(word.replace("_", " "), style=_COLOURS.get(word, ""))


def moment(text: str | None) -> str:
    """`2026-11-22 09:00:00` in this machine's zone, of an ISO time."""
    if not text:
        return ""
    from datetime import datetime

    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
