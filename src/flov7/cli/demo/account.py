"""The demo's last act: every step, every effect as its receiver counted it, the time, and where to look next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from flov7.cli.demo.watching import Watched
from flov7.cli.screen import good, out, state, table
from flov7.cli.wording import shortened

Effects = Sequence[Mapping[str, Any]]


def account(
    runs: Sequence[Watched], effects: Effects, *, seconds: float, title: Callable[[str], None], stays: Path | None
) -> int:
    """Print it. 0 where every run ended as it should and no effect came twice; else 1."""
    title("What happened")
    rows = [
        (number, Text(step, style="bold"), state(how))
        for number, run in enumerate(runs, 1)
        for step, how in run.steps.items()
    ]
    table("run", "step", "how it ended", rows=rows)
    out.print()
    twice = _count(effects)
    killed = [run.killed for run in runs if run.killed is not None]
    if killed:
        good("A worker was killed while its call was in flight; another one went on where it was.")
    if runs and all(run.killed is None for run in runs):
        out.print("So no worker was killed: a call that only reads is simply made again.", style="dim")
    ended = Counter(run.status for run in runs)
    out.print(
        Text(
            f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}: "
            + ", ".join(f"{count} {status}" for status, count in ended.items())
            + f". {seconds:.0f} s in all."
        )
    )
    title("Where to look next")
    _next(stays)
    return 1 if twice or not runs or any(run.status != "succeeded" for run in runs) else 0


def _count(effects: Effects) -> int:
    """The receivers' own count; how many effects came more than once."""
    counted = Counter(_identity(one) for one in effects)
    shown = {_identity(one): one for one in effects}
    rows = [
        (
            one["server"],
            Text(one["what"], style="bold"),
            shortened(str(one.get("subject") or one.get("body") or ""), longest=50),
            _times(counted[name]),
        )
        for name, one in shown.items()
    ]
    table("receiver", "effect", "", "counted there", rows=rows, empty="Nothing was changed at a receiver.")
    out.print()
    twice = sum(1 for count in counted.values() if count > 1)
    if effects and not twice:
        good("Each effect exactly once, by the receivers' own log.")
    elif twice:
        out.print(Text(f"✗ {twice} came more than once.", style="bold red"))
    return twice


def _identity(effect: Mapping[str, Any]) -> str:
    """What makes two effects the same one: the key or message id that stays when a call is repeated."""
    return str(effect.get("key") or effect.get("id") or f"{effect['what']} {effect.get('body')}")


def _times(count: int) -> Text:
    return Text("once", style="green") if count == 1 else Text(f"{count} times", style="bold red")


def _next(stays: Path | None) -> None:
    at = f"FLOV7_HOME={stays} " if stays is not None else ""
    for command, words in (
        (f"{at}flov7 up", "run it all here, and keep it"),
        ('flov7 demo "YOUR SENTENCE"', "the same with a sentence of yours"),
        ("flov7 kinds", "what steps there are"),
        ("examples/orders", "the sentence, the orders and the receivers of this demo"),
    ):
        out.print(Text.assemble(("  ", ""), (f"{command:<30}", "bold"), "  ", (words, "dim")))
