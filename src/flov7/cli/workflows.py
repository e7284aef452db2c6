"""`flov7 workflows …`: what is stored, what is live, and how versions differ."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from flov7.cli import files
from flov7.cli.api import opened
from flov7.cli.run import save
from flov7.cli.screen import as_json, good, moment, out, state, table

app = typer.Typer(help="List, show, create, activate, deactivate and compare workflows.", no_args_is_help=True)

Reference = Annotated[str, typer.Argument(metavar="WORKFLOW", help="Name or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command("list")
def list_(
    search: Annotated[str, typer.Option(help="A part of the name.")] = "",
    status: Annotated[
        str | None, typer.Option(help="draft, active, paused or archived; left out: all but archived.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    json: AsJson = False,
) -> None:
    """Workflows, the one changed last first."""
    with opened() as api:
        items = api.pages("/workflows", most=limit, search=search or None, status=status)
    if json:
        as_json(items)
        return
    rows = [
        (Text(one["name"], style="bold"), state(one["status"]), _versions(one), moment(one["updated_at"]), one["id"])
        for one in items
    ]
    table("name", "status", "version", "changed", "id", rows=rows, empty="No workflow yet. `flov7 new` makes one.")


@app.command()
def show(
    workflow: Reference,
    version: Annotated[int | None, typer.Option(min=1, help="Left out: the current one.")] = None,
    json: AsJson = False,
) -> None:
    """The picture of a workflow, what it may do, where its triggers listen; --json prints the document."""
    with opened() as api:
        found = api.get(f"/workflows/{workflow}", version=version)
    if json:
        as_json(found)
        return
    from flov7.cli.validate import check
    from flov7.cli.validate import show as show_checked
    from flov7.kit import json as kit_json

    checked = check(kit_json.pretty(found["document"]))
    show_checked(checked, name=f"Version {found['version']} of {found['name']}")
    out.print(Text.assemble("It is ", state(found["status"]), f", {_versions(found)}."))
    _triggers(found["triggers"])
    for reason, count in found["turned_away"].items():
        out.print(f"  turned away {count} times: {reason}", style="yellow", markup=False)


@app.command()
def create(
    file: Annotated[str, typer.Argument(help="A document as JSON or YAML, or - for the standard input.")],
    name: Annotated[str | None, typer.Option(help="Left out: the document's own.")] = None,
    note: Annotated[str, typer.Option(help="Why this version.")] = "",
    json: AsJson = False,
) -> None:
    """Store a document: a new workflow, or a new version of the one that has its name."""
    with opened() as api:
        saved = save(api, files.text_of(file), note=note, name=name)
    if json:
        as_json(saved)
    else:
        good(f"{saved['name']} is stored as version {saved['current_version']} ({saved['id']}).")


@app.command()
def activate(
    workflow: Reference,
    version: Annotated[int | None, typer.Option(min=1, help="Left out: the current one.")] = None,
    json: AsJson = False,
) -> None:
    """Go live: its triggers start runs from now on."""
    with opened() as api:
        done = api.post(f"/workflows/{workflow}/activate", {"version": version})
    if json:
        as_json(done)
        return
    from flov7.cli.effects import effects
    from flov7.language.effects import EffectLine

    good(f"{done['workflow']['name']} is active, version {done['workflow']['active_version']}. It may:")
    out.print(effects(EffectLine.model_validate(one) for one in done["effects"]))
    _triggers(done["triggers"])


@app.command()
def deactivate(workflow: Reference, json: AsJson = False) -> None:
    """Take it out of service; runs that go on are left alone."""
    _changed(f"/workflows/{workflow}/deactivate", "is no longer active", wants_json=json)


@app.command()
def pause(workflow: Reference, json: AsJson = False) -> None:
    """Its triggers stay and start nothing."""
    _changed(f"/workflows/{workflow}/pause", "is paused", wants_json=json)


@app.command()
def unpause(workflow: Reference, json: AsJson = False) -> None:
    """Its triggers start runs again."""
    _changed(f"/workflows/{workflow}/unpause", "goes on", wants_json=json)


@app.command()
def versions(workflow: Reference, json: AsJson = False) -> None:
    """All versions, newest first."""
    with opened() as api:
        items = api.pages(f"/workflows/{workflow}/versions", most=1000)
    if json:
        as_json(items)
        return
    rows = [(one["number"], moment(one["created_at"]), one["created_by"], one["note"]) for one in items]
    table("version", "made", "by", "why", rows=rows)


@app.command()
def diff(
    workflow: Reference,
    from_: Annotated[
        int | None, typer.Option("--from", min=1, help="The older version; left out: the one before.")
    ] = None,
    to: Annotated[int | None, typer.Option(min=1, help="The newer one; left out: the current one.")] = None,
    file: Annotated[str | None, typer.Option(help="Compare with this document instead.")] = None,
    json: AsJson = False,
) -> None:
    """What changed, in words."""
    with opened() as api:
        if file is not None:
            told = api.post(
                f"/workflows/{workflow}/diff" + (f"?from={from_}" if from_ else ""), {"text": files.text_of(file)}
            )
        else:
            newer = to or api.get(f"/workflows/{workflow}")["current_version"]
            told = api.get(f"/workflows/{workflow}/diff", **{"from": from_ or max(1, newer - 1), "to": newer})
    if json:
        as_json(told)
        return
    marks = {"added": "[green]+[/]", "removed": "[red]-[/]", "moved": "[cyan]↕[/]", "renamed": "[cyan]→[/]"}
    for one in told["changes"]:
        out.print(marks.get(one["change"], "[yellow]~[/]"), Text(one["text"]))
    if told["equal"]:
        out.print("They are the same.", style="dim")


@app.command("use")
def use(
    workflow: Reference, version: Annotated[int, typer.Argument(min=1, help="Its number.")], json: AsJson = False
) -> None:
    """Make a version the current one: go back, or forward. What is live stays live until it is activated."""
    _changed(f"/workflows/{workflow}/versions/{version}/make-current", f"is at version {version}", wants_json=json)


def _changed(path: str, words: str, *, wants_json: bool) -> None:
    with opened() as api:
        found = api.post(path)
    if wants_json:
        as_json(found)
    else:
        good(f"{found['name']} {words}.")


def _versions(one: dict[str, Any]) -> str:
    live = one["active_version"]
    current = f"version {one['current_version']}"
    return current if live in (None, one["current_version"]) else f"{current}, live {live}"


def _triggers(triggers: list[dict[str, Any]]) -> None:
    for one in triggers:
        line = Text.assemble(("  ▶ ", "green"), (one["name"], "bold"), f"  {one['kind']}")
        if one.get("address"):
            line.append(f"  {one.get('method') or ''} {one['address']}")
        out.print(line, soft_wrap=True)
        _listening(one.get("listening"))


def _listening(shown: dict[str, Any] | None) -> None:
    """Whether somebody hears the trigger's source, and the mend where not."""
    match (shown or {}).get("status"):
        case "listening":
            assert shown is not None
            last = f", the last at {shown['delivered_at']}" if shown.get("delivered_at") else ""
            out.print(f"    it is heard; {shown['delivered']} events made runs{last}", markup=False)
        case "waiting":
            out.print("    no listener has it yet: `flov7 listen` (part of `flov7 up`) takes it", style="yellow")
        case "failing":
            error = (shown or {}).get("error") or {}
            out.print(f"    ✗ not heard: {error.get('message', '')}", style="yellow", markup=False)
            if error.get("hint"):
                out.print(f"      → {error['hint']}", markup=False)
        case _:
            pass
