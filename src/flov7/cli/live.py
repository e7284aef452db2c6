"""A run's events, a line each, as they come; and what is said at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from flov7.cli.screen import moment, out, state
from flov7.cli.wording import brief, shortened

Event = Mapping[str, Any]


class Live:
    """Prints events; remembers when steps began, to say how long they took."""

    def __init__(self, console: Console = out, *, began: str | None = None) -> None:
        self._console = console
        self._began = began
        self._steps: dict[str, str] = {}
        self._room = 60

    def follow(self, events: Iterable[Event]) -> Event | None:
        """Print all; the last one, which is the run's end where it has one."""
        last: Event | None = None
        for last in events:
            self.show(last)
        return last

    def show(self, event: Event) -> None:
        """Print one event, where it says something to a person."""
        self._began = self._began or event["at"]
        self._room = max(24, self._console.width - 12 - len(event.get("step") or "") - 22)
        line = self._line(event)
        if line is not None:
            lead = Text(f"{_spoken(_seconds(self._began, event['at'])):>9}  ", style="dim")
            self._console.print(lead + line)

    def _line(self, event: Event) -> Text | None:
        data: Mapping[str, Any] = event.get("data") or {}
        name = f"{event.get('path') or ''}{event.get('step') or ''}"
        match event["type"]:
            case "run.started":
                return Text.assemble(("▶ ", "green"), f"started by {data.get('trigger')}")
            case "run.finished":
                return None
            case "run.paused" | "run.resumed" | "run.cancelling":
                word = {"run.paused": "paused", "run.resumed": "goes on"}.get(event["type"], "is being cancelled")
                return Text.assemble(("‖ ", "yellow"), f"the run {word}", (_by(data), "dim"))
            case "step.started":
                self._steps[name] = event["at"]
                return None if data.get("effect") in (None, "pure") else _step("…", "blue", name, "begins")
            case "step.finished":
                return self._finished(name, event, data)
            case _:
                return _other(event["type"], name, data, room=self._room)

    def _finished(self, name: str, event: Event, data: Mapping[str, Any]) -> Text:
        begun = data.get("begun") or self._steps.get(name) or event["at"]
        took = _seconds(begun, event["at"])
        line = _step("✓", "green", name, "")
        if data.get("side"):
            line.append(f" {data['side'].replace('_', ' ')}", style="yellow")
        elif data.get("said_no"):
            line.append(" says no, nothing follows", style="yellow")
        if data.get("output") is not None:
            line.append(f"  {brief(data['output'], longest=self._room)}", style="dim")
        if took >= 0.01:
            line.append(f"  {took:.2f} s", style="dim")
        return line


def _other(type_: str, name: str, data: Mapping[str, Any], *, room: int) -> Text | None:
    match type_:
        case "step.skipped":
            return _step("–", "dim", name, "is skipped")
        case "step.passed_over":
            return _step("–", "dim", name, "is passed over")
        case "step.reused":
            return _step("✓", "green", name, "taken from the earlier run")
        case "step.failed":
            return _step(
                "✗", "red", name, shortened(str((data.get("error") or {}).get("message", "")), longest=room + 14)
            )
        case "step.retrying":
            words = f"attempt {data.get('attempt')} of {data.get('of')} failed, again in {data.get('after'):g} s"
            error = shortened(str((data.get("error") or {}).get("message", "")))
            return _step("↻", "yellow", name, f"{words}: {error}")
        case "step.waiting":
            ask = f": {data['ask']}" if data.get("ask") else ""
            until = f", until {moment(data['until'])}" if data.get("until") else ""
            return _step("⏸", "yellow", name, f"waits for {data.get('for')}{ask}{until}")
        case "step.in_doubt":
            return _step("?", "bold yellow", name, f"is in doubt: {data.get('message')}")
        case "step.resolved":
            return _step("✓", "green", name, f"resolved: {data.get('verdict')}{_by(data)}")
        case _:
            return None


_IS = {"cancelled": "was ", "unmet": "ended ", "waiting": "is ", "running": "is ", "paused": "is "}


def ended(event: Event | None, *, run: str | None = None, console: Console = out) -> str:
    """Say how the run ended, and where it failed what to do once that is mended; the status."""
    data: Mapping[str, Any] = (event or {}).get("data") or {}
    status = str(data.get("status", "unknown"))
    console.print(Text.assemble("The run ", _IS.get(status, ""), state(status), "."))
    error = data.get("error")
    if error:
        console.print(Text.assemble(("  ✗ ", "red"), (error["primitive"], "bold"), f": {error['message']}"))
        if error.get("hint"):
            console.print(Text.assemble(("  → ", "cyan"), error["hint"]))
        if run is not None and error.get("primitive") not in (None, "run"):
            again = f"flov7 runs rerun {run} --from {error['primitive']}"
            console.print(
                Text.assemble(("  → ", "cyan"), "When that is mended, run again from there: ", again), soft_wrap=True
            )
    for one in data.get("handled") or ():
        console.print(Text.assemble(("  ! handled: ", "yellow"), (one["primitive"], "bold"), f": {one['message']}"))
    for one in data.get("unmet") or ():
        words = one.get("problem") or f"saw {brief(one.get('saw'))}"
        console.print(Text.assemble(("  ✗ expected: ", "yellow"), one["name"], (f"  {words}", "dim")))
    if data.get("output") is not None:
        console.print(Text.assemble(("  output  ", "dim"), brief(data["output"], longest=400)))
    return status


def _step(mark: str, colour: str, name: str, words: str) -> Text:
    return Text.assemble((f"{mark} ", colour), (name, "bold"), f" {words}" if words else "")


def _by(data: Mapping[str, Any]) -> str:
    return f" by {data['by']}" if data.get("by") else ""


def _seconds(since: str, at: str) -> float:
    return max(0.0, (datetime.fromisoformat(at) - datetime.fromisoformat(since)).total_seconds())


def _spoken(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds:.2f} s"
    days, rest = divmod(int(seconds), 86_400)
    return f"{days} d {rest // 3600} h" if days else f"{rest // 3600} h {rest % 3600 // 60} m"
