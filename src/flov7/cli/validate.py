"""`flov7 validate`: everything that is wrong with a document at once, its picture and its effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from flov7.cli import files
from flov7.cli.screen import as_json, good, out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flov7.language.diagnostics import Diagnostic
    from flov7.language.front import Checked

_STYLES = {"error": ("✗ error", "bold red"), "warning": ("! warning", "yellow"), "hint": ("· hint", "cyan")}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "validate",
        short_help="Check a document: all that is wrong, at once.",
        help="Check a document: all that is wrong, each with its place and its mend.",
    )(_validate)


def _validate(
    file: Annotated[str, typer.Argument(help="A document as JSON or YAML; - reads the standard input.")],
    json: Annotated[bool, typer.Option("--json", help="Diagnostics, effects and document as one JSON object.")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Print the document with every safe fix applied, and nothing else.")
    ] = False,
    strict: Annotated[
        bool, typer.Option(help="Check it as if it were activated: what it leaves open is an error.")
    ] = False,
) -> None:
    """Exit code 1 where there is an error; warnings and hints alone are fine."""
    text = files.text_of(file)
    if fix:
        _print_mended(text, strict=strict)
        return
    checked = check(text, strict=strict)
    if json:
        as_json(_facts(checked))
    else:
        show(checked, name=file)
    if checked.has_errors:
        raise typer.Exit(1)


def check(text: str, *, strict: bool = False) -> Checked:
    """What the language says of a text, with the kinds of this installation."""
    from flov7.language.front import check_text
    from flov7.primitives.registry import catalogue

    return check_text(text, catalogue(), strict=strict)


def show(checked: Checked, *, name: str) -> None:
    """Picture, effects, diagnostics, and one last line that says how it stands."""
    from flov7.cli.effects import effects
    from flov7.cli.picture import picture
    from flov7.primitives.registry import catalogue

    if checked.document is not None:
        out.print(picture(checked.document, catalogue()))
        out.print()
    if checked.plan is not None:
        out.print(effects(checked.plan.manifest))
        out.print()
    diagnose(checked.diagnostics)
    if checked.has_errors:
        out.print(Text(f"{name} cannot be run as it is.", style="bold red"))
    else:
        good(f"{name} is valid." if not checked.diagnostics else f"{name} is valid; see the notes above.")


def diagnose(diagnostics: Sequence[Diagnostic]) -> None:
    """One block each: severity, place, words, mend, and whether a fix can be applied."""
    for one in diagnostics:
        words, colour = _STYLES[one.severity.value]
        out.print(Text.assemble((words, colour), (f"  {one.where or '/'}", "bold"), (f"  {one.code}", "dim")))
        out.print(Padding(Text(one.message), (0, 0, 0, 2)))
        if one.hint:
            out.print(Padding(Text.assemble(("→ ", "cyan"), one.hint), (0, 0, 0, 2)))
        if one.fix is not None:
            out.print(Padding(Text("→ --fix does it", style="cyan"), (0, 0, 0, 2)))
    if diagnostics:
        out.print()


def _facts(checked: Checked) -> dict[str, Any]:
    from flov7.language.printing import to_json

    return {
        "valid": not checked.has_errors,
        "diagnostics": [one.model_dump(mode="json") for one in checked.diagnostics],
        "effects": [one.model_dump(mode="json") for one in checked.plan.manifest] if checked.plan else [],
        "document": None if checked.document is None else to_json(checked.document),
    }


def _print_mended(text: str, *, strict: bool) -> None:
    """Apply fixes one after another until none is left: each may uncover or mend another."""
    from flov7.kit import json
    from flov7.language.diagnostics import Report
    from flov7.language.patch import apply_patch
    from flov7.language.reading import read_text

    raw = read_text(text, Report())
    seen: set[str] = set()
    while True:
        checked = check(json.pretty(raw)) if raw is not None else check(text, strict=strict)
        todo = next((one for one in checked.diagnostics if one.fix and repr(one) not in seen), None)
        if todo is None or todo.fix is None:
            break
        seen.add(repr(todo))
        raw = apply_patch(raw, todo.fix)
    if raw is None:
        diagnose(checked.diagnostics)
        raise typer.Exit(1)
    typer.echo(json.pretty(raw).rstrip("\n"))
