"""`flov7 edit FILE "CHANGE"`: a workflow in a file, changed in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from flov7.cli.files import text_of
from flov7.cli.screen import as_json, err, good, out


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("edit", short_help="Change a workflow in words.")(_edit)


def _edit(
    file: Annotated[Path, typer.Argument(help="The document: JSON or YAML.")],
    change: Annotated[list[str], typer.Argument(metavar="CHANGE", help="What shall be different, in quotes.")],
    save: Annotated[Path | None, typer.Option(help="Write the result here; left out: into the same file.")] = None,
    dry: Annotated[bool, typer.Option("--dry", help="Show what would change, and write nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The draft as one JSON object; writes nothing.")] = False,
) -> None:
    """Add a step before or after another, replace, remove or move one, change a condition. The rest stays as it is."""
    from flov7.cli.drafting import changed, stages, took
    from flov7.kit.errors import Invalid
    from flov7.kit.json import pretty
    from flov7.language.diagnostics import Report
    from flov7.language.reading import read_text

    report = Report()
    document = read_text(text_of(str(file)), report)
    if document is None:
        raise Invalid(f"{file} holds no document.", hint=f"`flov7 validate {file}` says what is wrong.")
    with stages() as progress:
        draft = changed(document, " ".join(change), progress=progress)
    if json:
        as_json(draft.model_dump(mode="json"))
        raise typer.Exit(0 if draft.is_valid and draft.diff else 1)
    for line in draft.diff:
        out.print(Text.assemble(("~ ", "yellow"), line))
    if (line := took(draft.cost)) is not None:
        err.print(f"By {draft.drafter}: {line}.", style="dim")
    for question in draft.questions:
        err.print(Text.assemble(("? ", "yellow"), question.text))
    if not draft.diff or not draft.is_valid:
        err.print("Nothing was written.", style="dim")
        raise typer.Exit(1)
    if not dry:
        target = save or file
        target.write_text(pretty(draft.document).rstrip("\n") + "\n", encoding="utf-8")
        good(f"Written to {target}. Try it: flov7 run {target} --mode simulated")
