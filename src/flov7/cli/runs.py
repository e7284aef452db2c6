"""`flov7 runs …`: look at runs, watch them, and say to them what they wait for."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from flov7.cli import files
from flov7.cli.api import Api, opened
from flov7.cli.live import Live, ended
from flov7.cli.screen import as_json, good, moment, out, state, table
from flov7.cli.wording import brief

app = typer.Typer(
    help="List, show, watch runs; cancel, pause, approve, answer, resolve, run again.", no_args_is_help=True
)

Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, or its last characters.")]
Step = Annotated[str | None, typer.Option(help="Which step; left out: the only one that waits.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command("list")
def list_(
    workflow: Annotated[str | None, typer.Option(help="Only of this workflow: name or id.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only those that stand so, as in failed, waiting, in_doubt.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    json: AsJson = False,
) -> None:
    """Runs, newest first."""
    with opened() as api:
        items = api.pages("/executions", most=limit, workflow=workflow, status=status)
        names = {} if json or not items else {one["id"]: one["name"] for one in api.pages("/workflows", most=500)}
    if json:
        as_json(items)
        return
    rows = [
        (
            one["id"],
            state(one["status"]),
            names.get(one["workflow_id"], one["workflow_id"]),
            moment(one["created_at"]),
            _trouble(one),
        )
        for one in items
    ]
    table("run", "status", "workflow", "made", "", rows=rows, empty="No run yet.")


@app.command()
def show(run: Run, json: AsJson = False) -> None:
    """A run with each of its steps."""
    with opened() as api:
        run = _whole(api, run)
        detail, steps = api.get(f"/executions/{run}"), api.get(f"/executions/{run}/steps")["items"]
    if json:
        as_json({**detail, "steps": steps})
        return
    out.print(Text.assemble(("Run ", "dim"), detail["id"], "  ", state(detail["status"])))
    out.print(Text(f"{moment(detail['created_at'])}  {detail['mode']}, started by {detail['trigger']}", style="dim"))
    out.print(Text.assemble(("input  ", "dim"), brief(detail["input"], longest=300)))
    table("step", "status", "tries", "in", "out", rows=[_row(one) for one in steps])
    for one in steps:
        if one.get("ask") or one.get("waits_for"):
            out.print(
                Text.assemble(
                    ("⏸ ", "yellow"), (one["key"], "bold"), f" waits for {one['waits_for']}: {one.get('ask') or ''}"
                )
            )
        if one["status"] == "given_up" and one["error"]["hint"]:
            words = f": {one['error']['message']} {one['error']['hint']}"
            out.print(Text.assemble(("? ", "red"), (one["key"], "bold"), words), soft_wrap=True)
        if one["status"] == "in_doubt":
            settle = f"flov7 runs resolve {run} done|repeat|fail --step {one['key']}"
            words = " may have happened. Look at the receiver, then say what is true: "
            out.print(Text.assemble(("? ", "red"), (one["key"], "bold"), words, settle), soft_wrap=True)
        if one.get("address"):
            out.print(f"  {one['address']}", style="dim", markup=False, soft_wrap=True)
    if detail["finished_at"]:
        ended({"data": {name: detail[name] for name in ("status", "error", "handled", "unmet", "output")}}, run=run)


@app.command()
def watch(run: Run, json: Annotated[bool, typer.Option("--json", help="One JSON event a line.")] = False) -> None:
    """Each step as it happens, from the first; ends with the run."""
    with opened() as api:
        run = _whole(api, run)
        if json:
            from flov7.kit import json as kit_json

            for event in api.events(run):
                typer.echo(kit_json.dumps(event).decode())
            return
        ended(Live().follow(api.events(run)), run=run)


@app.command()
def cancel(run: Run, reason: Annotated[str, typer.Option(help="Why.")] = "", json: AsJson = False) -> None:
    """End a run: nothing new starts, what waits ends."""
    _say(run, "cancel", {"reason": reason}, done="is being cancelled", wants_json=json)


@app.command()
def pause(run: Run, json: AsJson = False) -> None:
    """Start nothing new until it is resumed."""
    _say(run, "pause", {}, done="is paused", wants_json=json)


@app.command()
def resume(run: Run, json: AsJson = False) -> None:
    """Go on after a pause."""
    _say(run, "resume", {}, done="goes on", wants_json=json)


@app.command()
def approve(
    run: Run,
    step: Step = None,
    reject: Annotated[bool, typer.Option("--reject", help="Say no instead.")] = False,
    comment: Annotated[str | None, typer.Option(help="Kept with the decision.")] = None,
    json: AsJson = False,
) -> None:
    """Decide an approval."""
    decision = "rejected" if reject else "approved"
    _say(
        run,
        "approve",
        {"decision": decision, "comment": comment},
        waits="approval",
        step=step,
        done=f"heard: {decision}",
        wants_json=json,
    )


@app.command()
def answer(
    run: Run,
    answer: Annotated[str, typer.Argument(help="As JSON, or @FILE; a text that is no JSON is taken as it is.")],
    step: Step = None,
    json: AsJson = False,
) -> None:
    """Answer what a step asks."""
    _say(run, "answer", {"answer": _value(answer)}, waits="answer", step=step, done="has the answer", wants_json=json)


@app.command()
def resolve(
    run: Run,
    verdict: Annotated[str, typer.Argument(metavar="done|repeat|fail", help="What became of the step in doubt.")],
    output: Annotated[str | None, typer.Option(help="With done: what it gave, as JSON or @FILE.")] = None,
    step: Step = None,
    json: AsJson = False,
) -> None:
    """Settle a step in doubt: done, repeat or fail.

    Look at the receiver first: did it happen? Then say what is true; the run goes on from there.
    """
    body = {"verdict": verdict, "output": files.value_of(output)}
    _say(run, "resolve", body, waits="in_doubt", step=step, done=f"is resolved: {verdict}", wants_json=json)


@app.command()
def rerun(
    run: Run,
    step: Annotated[
        str, typer.Option("--from", help="This step and what follows run again; what is above is taken over.")
    ],
    edits: Annotated[str | None, typer.Option(help="Changed inputs by step, as JSON or @FILE.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do listed effects again without asking.")] = False,
    json: AsJson = False,
) -> None:
    """Run again from a step on, as a new run.

    What stands above the step is taken over; effects that would be done again are shown first.
    """
    with opened() as api:
        run = _whole(api, run)
        body = {"step": step, "edits": files.value_of(edits) or {}, "agreed": yes}
        told = api.post(f"/executions/{run}/rerun", body)
        if told["run"] is None and not json:
            _list_again(told["effects_again"])
            if typer.confirm("These happened, or may have happened, in the first run. Do them again?"):
                told = api.post(f"/executions/{run}/rerun", {**body, "agreed": True})
    if json:
        as_json(told)
    elif told["run"] is not None:
        good(
            f"Run {told['run']['execution_id']} repeats it from {step}. Watch it: flov7 runs watch {told['run']['execution_id']}"
        )
    if told["run"] is None:
        raise typer.Exit(1)


def _list_again(lines: list[dict[str, Any]]) -> None:
    from flov7.cli.effects import effects
    from flov7.language.effects import EffectLine

    out.print(effects(EffectLine.model_validate(one) for one in lines))


def _say(
    run: str,
    verb: str,
    body: dict[str, Any],
    *,
    done: str,
    wants_json: bool,
    waits: str | None = None,
    step: str | None = None,
) -> None:
    with opened() as api:
        run = _whole(api, run)
        if waits is not None:
            body = {**body, "step": step or _only(api, run, waits)}
        told = api.post(f"/executions/{run}/{verb}", body)
    if wants_json:
        as_json(told)
    elif told["accepted"]:
        good(f"The run {done}.")
    else:
        _not_taken(told)
    if not told["accepted"]:
        raise typer.Exit(1)


def _not_taken(told: dict[str, Any]) -> None:
    waiting = ", ".join(told["waiting"])
    out.print(Text.assemble(("✗ ", "red"), told["problem"] or "The run did not take it."))
    if waiting:
        out.print(Text.assemble(("  → ", "cyan"), f"What waits: {waiting}. Name one with --step."))


def _only(api: Api, run: str, waits: str) -> str:
    """The one step that waits for this. Raises Conflict where it is none or several."""
    from flov7.kit.errors import Conflict

    found = [one["key"] for one in api.get(f"/executions/{run}/steps")["items"] if one["waits_for"] == waits]
    if len(found) == 1:
        return found[0]
    words = waits.replace("_", " ")
    if found:
        raise Conflict(f"Several steps wait: {', '.join(found)}.", hint="Name one with --step.")
    raise Conflict(f"No step of this run waits for: {words}.", hint=f"See where it is: flov7 runs show {run}")


def _whole(api: Api, run: str) -> str:
    """The whole id of a run that may be given by its last characters."""
    from flov7.kit.errors import Conflict

    if len(run) >= 32:
        return run
    ids = [one["id"] for one in api.pages("/executions", most=200) if one["id"].endswith(run)]
    if len(ids) > 1:
        raise Conflict(f"Several runs end in {run}.", hint="Give more of its id.")
    return ids[0] if ids else run


def _value(text: str) -> Any:
    from flov7.kit.errors import FlowError

    try:
        return files.value_of(text)
    except FlowError:
        if text.startswith("@"):
            raise
        return text


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    result = one["error"]["message"] if one.get("error") else one["output"]
    shown = "" if result is None else brief(result, longest=60)
    given = "" if one["input"] is None else brief(one["input"], longest=40)
    return (Text(one["key"], style="bold"), state(one["status"]), one["attempts"], given, shown)


def _trouble(one: dict[str, Any]) -> str:
    if one.get("error"):
        return brief(f"{one['error']['primitive']}: {one['error']['message']}", longest=60)
    unmet = one.get("unmet")
    return f"unmet: {unmet[0]['name']}" if unmet else ""
