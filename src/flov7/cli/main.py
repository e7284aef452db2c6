"""`flov7`: the commands, and the one place where errors become words."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from flov7 import __version__
from flov7.cli import (
    connect,
    connections,
    connectors,
    demo,
    doctor,
    edit,
    evaluate,
    kinds,
    mcp,
    new,
    nodes,
    run,
    runs,
    scripted_model,
    serve,
    templates,
    up,
    validate,
    workflows,
)
from flov7.cli.screen import err, problem
from flov7.kit.errors import FlowError

app = typer.Typer(
    name="flov7",
    help="A sentence becomes a workflow that runs durably.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (up, demo, doctor, serve, new, edit, validate, run, kinds, connect, scripted_model, mcp):
    module.add_to(app)
app.add_typer(workflows.app, name="workflows", short_help="What is stored, what is live, what changed.")
app.add_typer(runs.app, name="runs", short_help="Look at runs, and talk to them.")
app.add_typer(templates.app, name="templates", short_help="Workflows to begin with.")
app.add_typer(evaluate.app, name="evaluate", short_help="How good generation is, on cases from files.")
app.add_typer(connectors.app, name="connectors", short_help="Services whose operations are kinds of steps.")
app.add_typer(nodes.app, name="nodes", short_help="Steps that your workspace wrote itself.")
app.add_typer(connections.app, name="connections", short_help="Ways to the outside, with their secrets.")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"flov7 {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """A sentence becomes a workflow that runs durably."""


def main() -> None:
    """Run one command. Exit codes: 0 done, 1 refused or failed (with words), 2 wrongly typed, 130 interrupted."""
    try:
        app()
    except FlowError as error:
        problem(error, wants_json="--json" in sys.argv)
        _leave(1)
    except KeyboardInterrupt:
        _leave(130)
    except Exception as error:
        if os.environ.get("FLOV7_DEBUG", "").lower() in ("1", "true", "yes"):
            raise
        err.print(f"✗ Something inside Flov7 went wrong: {type(error).__name__}: {error}", style="bold", markup=False)
        err.print("  → Set FLOV7_DEBUG=true and do it again: then the whole trace is shown.", markup=False)
        _leave(1)


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    raise SystemExit(code)


if __name__ == "__main__":
    main()
