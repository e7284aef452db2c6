"""`flov7 templates`: workflows to begin with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from flov7.cli.screen import as_json, good, out

app = typer.Typer(no_args_is_help=True, help="Workflows to begin with.")


@app.command(name="list", short_help="Find templates.")
def listed(
    words: Annotated[list[str] | None, typer.Argument(help="What it should do; left out: all of them.")] = None,
    area: Annotated[str | None, typer.Option(help="Only of this area, as in sales or hr.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The templates as JSON.")] = False,
) -> None:
    """Those that come with the product; what fits the words best comes first."""
    from flov7.marketplace.builtin import builtin
    from flov7.marketplace.searching import search

    known = [one for one in builtin().values() if area is None or one.area == area]
    found = [one for _, one in search(known, " ".join(words or ()), limit=200)]
    if json:
        as_json([one.model_dump(mode="json") for one in found])
        return
    table = Table("name", "what it does", "area", "class", box=None)
    for one in found:
        table.add_row(one.slug, one.title, one.area, one.complexity.value)
    out.print(table)
    if not found:
        raise typer.Exit(1)


@app.command(short_help="Make a workflow of a template.")
def use(
    slug: Annotated[str, typer.Argument(help="The template's name.")],
    sentence: Annotated[str, typer.Argument(help="What is to be set, in words: addresses, #channels, amounts.")] = "",
    values: Annotated[list[str] | None, typer.Option("--set", help="A parameter, as in limit=500.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the document to this file; left out: print it.")] = None,
) -> None:
    """Its document, with its parameters set by the sentence and by --set; the others keep their defaults."""
    from flov7.kit.errors import Invalid, NotFound
    from flov7.kit.json import pretty
    from flov7.marketplace.adapting import adapted, filled
    from flov7.marketplace.builtin import builtin

    template = builtin().get(slug)
    if template is None:
        raise NotFound(f"There is no template `{slug}`.", hint="`flov7 templates list` names them.")
    given: dict[str, str | int | float] = dict(adapted(template, sentence))
    for one in values or ():
        name, sign, value = one.partition("=")
        if not sign:
            raise Invalid(f"`{one}` sets nothing.", hint="Write it as name=value, as in limit=500.")
        given[name] = int(value) if value.lstrip("-").isdigit() else value
    text = pretty(filled(template, given)).rstrip("\n") + "\n"
    if save is None:
        sys.stdout.write(text)
        return
    save.write_text(text, encoding="utf-8")
    good(f"Written to {save}. Try it: flov7 run {save} --mode simulated")
