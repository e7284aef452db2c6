"""`flov7 connectors …`: services whose operations are kinds of steps."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from flov7.cli.api import opened
from flov7.cli.screen import as_json, good, table

app = typer.Typer(help="List connectors, find operations, correct what they may do.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The connector's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command("list")
def list_(json: AsJson = False) -> None:
    """All connectors: your own first, then those that come with Flov7."""
    with opened() as api:
        items = api.get("/connectors")["items"]
    if json:
        as_json(items)
        return
    rows = [
        (Text(one["name"], style="bold"), one["title"], str(one["operations"]), " or ".join(one["takes"]), one["about"])
        for one in items
    ]
    table("name", "title", "operations", "connection", "", rows=rows)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What should happen, as in: add a page to notion.")],
    json: AsJson = False,
) -> None:
    """Find operations by what they do."""
    with opened() as api:
        items = api.get("/connectors/search", q=" ".join(words))["items"]
    if json:
        as_json(items)
        return
    rows = [(Text(one["kind"], style="bold"), one["title"], one["effect"]) for one in items]
    table("kind", "does", "effect", rows=rows, empty="Nothing fits. `flov7 connect` makes a connector of a document.")


@app.command()
def check(json: AsJson = False) -> None:
    """Play the exchanges of those that come with Flov7, and say what each was compared with. Needs no server."""
    from flov7.primitives.grading import compared

    found = compared()
    if json:
        as_json([vars(one) for one in found])
    else:
        rows = [
            (
                Text("wrong" if one.wrong else "good", style="red" if one.wrong else "green"),
                Text(one.connector, style="bold"),
                str(one.operations),
                one.date,
                "; ".join(one.wrong) or one.against or Text("not compared; only written to its pages", style="yellow"),
            )
            for one in found
        ]
        table("", "name", "operations", "on", "held against", rows=rows)
        good(f"{sum(bool(one.against) for one in found)} of {len(found)} are compared with what their vendors publish.")
    if any(one.wrong for one in found):
        raise typer.Exit(1)


@app.command()
def effect(
    kind: Annotated[str, typer.Argument(help="The operation, as in shop.recalculate.")],
    effect: Annotated[str, typer.Argument(help="read, idempotent, write, irreversible; or `reset`.")],
    json: AsJson = False,
) -> None:
    """Say what an operation of your own connector may do to the world, where its document does not make it plain."""
    connector, _, operation = kind.partition(".")
    with opened() as api:
        body = {"effect": None if effect == "reset" else effect}
        changed = api.patch(f"/connectors/{connector}/operations/{operation}", body)
    if json:
        as_json(changed)
    else:
        good(
            f"{changed['kind']} is {changed['effect']} from now on; what is live keeps its plan until it is activated again."
        )


@app.command()
def remove(
    name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, json: AsJson = False
) -> None:
    """Remove a connector of your own; what is live goes on."""
    if not yes:
        typer.confirm(f"Remove {name}? Documents that name its operations do not hold any more.", abort=True, err=True)
    with opened() as api:
        api.delete(f"/connectors/{name}")
    if json:
        as_json({"removed": name})
    else:
        good(f"{name} is removed.")
