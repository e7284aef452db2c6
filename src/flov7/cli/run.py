"""`flov7 run`: a document or a stored workflow, once, with this input."""

from __future__ import annotations

from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flov7.cli import files
from flov7.cli.api import Api, opened
from flov7.cli.live import Live, ended
from flov7.cli.screen import as_json, out, say, working

if TYPE_CHECKING:
    from flov7.language.front import Checked

GOOD = frozenset(["succeeded"])


class Mode(StrEnum):
    """How it is run."""

    simulated = "simulated"
    express = "express"
    durable = "durable"


class Decided(StrEnum):
    """What a simulation says to approvals."""

    approved = "approved"
    rejected = "rejected"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "run",
        short_help="Run a document or a stored workflow.",
        help="Run a document or a stored workflow with this input.",
    )(_run)


def _run(
    what: Annotated[str, typer.Argument(metavar="FILE", help="A document; or the name or id of a stored workflow.")],
    input_: Annotated[str | None, typer.Option("--input", help="The payload as JSON, or @FILE, or -.")] = None,
    mode: Annotated[
        Mode | None, typer.Option(help="simulated: no server and no outside call. Left out: the document's.")
    ] = None,
    trigger: Annotated[
        str | None, typer.Option(help="By which trigger; left out: the api or manual one, else the first.")
    ] = None,
    samples: Annotated[
        str | None, typer.Option(help="Simulated: what outside calls give, as JSON by step, or @FILE.")
    ] = None,
    decide: Annotated[
        Decided | None, typer.Option(help="Simulated: how every approval is decided; left out: nobody answers.")
    ] = None,
    event_id: Annotated[
        str | None, typer.Option(help="The event's own id: the same again starts no second run.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show each step as it happens.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The run's result as one JSON object.")] = False,
) -> None:
    """Waits for the end and exits 0 where it succeeded; with --watch shows each step as it happens."""
    payload = files.value_of(input_)
    if mode is Mode.simulated:
        given = files.value_of(samples) or {}
        answer = None if decide is None else decide.value
        status = _simulated(what, payload, trigger=trigger, samples=given, decide=answer, wants_json=json)
    else:
        wanted = {"input": payload, "trigger": trigger, "mode": None if mode is None else mode.value, "wait": 0}
        with opened() as api:
            status = _through_gateway(api, what, wanted, event_id=event_id, watch=watch, wants_json=json)
    if status not in GOOD:
        raise typer.Exit(1)


def _simulated(
    what: str, payload: Any, *, trigger: str | None, samples: dict[str, Any], decide: Any, wants_json: bool
) -> str:
    """Needs no server: every effect is a sample, and time is skipped."""
    from flov7.cli.simulating import simulated

    checked = _valid(files.text_of(what))
    assert checked.plan is not None
    simulation = simulated(checked.plan, payload=payload, trigger=trigger, samples=samples, decide=decide)
    events = [event.as_json() for event in simulation.events]
    result = None if simulation.result is None else simulation.result.model_dump(mode="json")
    status = "waiting" if result is None else result["status"]
    if wants_json:
        as_json({"status": status, "result": result, "waiting": list(simulation.stuck), "events": events})
        return status
    last = Live().follow(events)
    if result is not None:
        return ended(last)
    out.print(f"It waits at {', '.join(simulation.stuck)}: a simulation has nobody who answers.", markup=False)
    return status


def _through_gateway(
    api: Api, what: str, wanted: dict[str, Any], *, event_id: str | None, watch: bool, wants_json: bool
) -> str:
    reference = _stored(api, what)
    started = api.post(f"/workflows/{reference}/run", wanted, event_id=event_id)
    execution_id = started["execution_id"]
    if execution_id is None:
        out.print(started.get("reason") or "The trigger turned the event away.", markup=False)
        return "succeeded"
    if not wants_json:
        again = "" if started["created"] else " (an earlier delivery of this event started it)"
        say(f"Run {execution_id}{again}")
    last = _followed(api, execution_id, live=Live() if watch and not wants_json else None)
    if wants_json:
        detail = api.get(f"/executions/{execution_id}")
        as_json(detail)
        return detail["status"]
    return ended(last, run=execution_id)


def _followed(api: Api, execution_id: str, *, live: Live | None) -> dict[str, Any] | None:
    """The run's last event; Ctrl-C leaves the run alone."""
    last: dict[str, Any] | None = None
    try:
        with working("Running …") if live is None else nullcontext():
            for last in api.events(execution_id):
                if live is not None:
                    live.show(last)
    except KeyboardInterrupt:
        say(f"The run goes on. See it: flov7 runs watch {execution_id}")
        raise typer.Exit(130) from None
    return last


def _stored(api: Api, what: str) -> str:
    """The workflow to run: a document is stored first, under its name, as a new version where it differs."""
    if not Path(what).exists() and what != "-":
        return str(api.get(f"/workflows/{what}")["id"])
    return save(api, files.text_of(what), note="flov7 run")["id"]


def save(api: Api, text: str, *, note: str, name: str | None = None) -> dict[str, Any]:
    """Store a document under its name: a new workflow, or a new version where it differs."""
    from flov7.kit.errors import FlowError

    checked = _valid(text)
    assert checked.document is not None
    wanted = name or checked.document.name
    try:
        found = api.get(f"/workflows/{wanted}")
    except FlowError as error:
        if error.error_code != "request.not_found":
            raise
        return api.post("/workflows", {"text": text, "name": wanted, "note": note})
    return api.put(f"/workflows/{found['id']}", {"text": text, "note": note})


def _valid(text: str) -> Checked:
    from flov7.cli.validate import check, diagnose
    from flov7.language.diagnostics import DocumentInvalid

    checked = check(text)
    if checked.has_errors:
        diagnose(checked.diagnostics)
        raise DocumentInvalid(checked.diagnostics)
    return checked
