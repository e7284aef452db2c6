"""`flov7 nodes …`: steps that your workspace wrote itself, from a sentence or by hand."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.syntax import Syntax
from rich.text import Text

from flov7.cli.api import opened
from flov7.cli.files import text_of, value_of
from flov7.cli.screen import as_json, good, out, state, table

app = typer.Typer(help="Write nodes, look at them, accept them; then they are kinds of steps.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The node's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command("list")
def list_(json: AsJson = False) -> None:
    """All nodes, with their versions."""
    with opened() as api:
        items = api.get("/nodes")["items"]
    if json:
        as_json(items)
        return
    rows = [
        (Text(one["kind"], style="bold"), str(one["version"]), state(one["state"]), one["about"]["summary"])
        for one in items
    ]
    table("kind", "version", "", "does", rows=rows, empty='There is none. `flov7 nodes write "…"` writes one.')


@app.command()
def show(name: Name, json: AsJson = False) -> None:
    """A node's code, its tests, and what they showed."""
    with opened() as api:
        node = api.get(f"/nodes/{name}")
    as_json(node) if json else _show(node)


@app.command()
def write(
    sentence: Annotated[str | None, typer.Argument(help="What it should do, in a sentence.")] = None,
    name: Annotated[str | None, typer.Option(help="By hand: its name.")] = None,
    about: Annotated[
        str | None, typer.Option(help="By hand: title, summary, inputs, outputs as JSON, or @FILE.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="By hand: the file with `def run(inputs)`.")] = None,
    tests: Annotated[str | None, typer.Option(help="By hand: the file with its tests.")] = None,
    json: AsJson = False,
) -> None:
    """Write a node from a sentence, or hand in your own; its tests run in the cage, then you are asked to review it."""
    body: dict[str, Any] = {"sentence": sentence} if sentence and code is None else {
        "name": name,
        "about": value_of(about),
        "code": None if code is None else text_of(code),
        "tests": None if tests is None else text_of(tests),
    }  # fmt: skip
    with opened() as api:
        node = api.post("/nodes", {key: value for key, value in body.items() if value is not None})
    if json:
        as_json(node)
        return
    _show(node)
    good(f"Version {node['version']} waits: `flov7 nodes accept {node['name']} {node['version']}`, or `refuse`.")


@app.command()
def accept(name: Name, version: Annotated[int, typer.Argument(help="The version that you looked at.")]) -> None:
    """Let a version join the workspace's kinds."""
    with opened() as api:
        node = api.post(f"/nodes/{name}/review", {"version": version, "accept": True})
    good(f"`{node['kind']}` can be used in workflows.")


@app.command()
def refuse(name: Name, version: Annotated[int, typer.Argument(help="The version that you looked at.")]) -> None:
    """Turn a version down."""
    with opened() as api:
        api.post(f"/nodes/{name}/review", {"version": version, "accept": False})
    good(f"Version {version} of `{name}` is refused.")


def _show(node: dict[str, Any]) -> None:
    report = node["report"]
    out.print(Text.assemble((node["kind"], "bold"), f"  version {node['version']}  ", state(node["state"])))
    out.print(node["about"]["summary"], markup=False)
    for words in (node["code"], node["tests"]):
        out.print(Syntax(words, "python", theme="ansi_light", background_color="default"))
    passed = sum(one["ok"] for one in report.get("tests", []))
    out.print(
        f"{passed} tests pass in the cage ({report.get('cage')}); they notice {report.get('noticed')} of "
        f"{report.get('changes')} changes to the code."
    )
