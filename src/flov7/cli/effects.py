"""What a workflow may do to the world, as a table: its manifest."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from flov7.language.effects import Effect, EffectLine

_WORDS = {
    Effect.PURE: ("nothing outside", "dim"),
    Effect.READ: ("reads", "green"),
    Effect.IDEMPOTENT: ("changes, safe to repeat", "cyan"),
    Effect.WRITE: ("changes", "yellow"),
    Effect.IRREVERSIBLE: ("changes for good", "bold red"),
}


def effects(lines: Iterable[EffectLine]) -> RenderableType:
    """One row for each step that touches the outside."""
    rows = list(lines)
    if not rows:
        return Text("It touches nothing outside.", style="dim")
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("step", "may", "what", "with", "if it is cut short"):
        table.add_column(column, overflow="fold")
    for line in rows:
        words, colour = _WORDS[line.effect]
        again = "is repeated" if line.repeatable else "a person is asked"
        table.add_row(
            Text(line.primitive, style="bold"),
            Text(words, style=colour),
            Text(line.target),
            line.connection or "",
            again,
        )
    return table
