"""`flov7 connect FILE_OR_URL`: a service's OpenAPI document becomes a connector, one kind for each operation."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from flov7.cli.api import opened
from flov7.cli.screen import as_json, good, out, table, working

if TYPE_CHECKING:
    from flov7.primitives.connectors.openapi.importing import Imported

_SHOWN = 12


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "connect",
        short_help="Make a connector of an OpenAPI document.",
        help="Make a connector of an OpenAPI document (2, 3.0 or 3.1): each operation becomes a kind of step.",
    )(_connect)


def _connect(
    source: Annotated[str, typer.Argument(metavar="FILE_OR_URL", help="The document, JSON or YAML.")],
    name: Annotated[str | None, typer.Option(help="What it is called; left out, by its title.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of the connector of that name.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only read the file and show what it would become.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """A file is read here; an address is fetched by the gateway, past its guard."""
    if dry_run:
        _show_dry(_read(source, name), json=json)
        return
    body: dict[str, Any] = {"replace": replace} | ({"name": name} if name else {})
    if _is_address(source):
        body["url"] = source
    else:
        body["document_gzip"] = base64.b64encode(gzip.compress(_bytes(source))).decode()
    with opened() as api, working("Reading the document …"):
        made = api.post("/connectors", body)
        operations = api.get(f"/connectors/{made['name']}/operations")["items"]
    if json:
        as_json(made)
        return
    _show(made, operations)


def _show(made: dict[str, Any], operations: list[dict[str, Any]]) -> None:
    name = made["name"]
    good(f"{made['title']}: {made['operations']} operations, as {name}.…")
    rows = [(Text(one["kind"], style="bold"), one["title"], one["effect"]) for one in operations[:_SHOWN]]
    table("kind", "does", "effect", rows=rows)
    if len(operations) > _SHOWN:
        out.print(f"… and {len(operations) - _SHOWN} more: flov7 connectors search WORDS", style="dim")
    for words in made["warnings"][:5]:
        out.print(Text.assemble(("! ", "yellow"), words))
    takes = " or ".join(made["takes"])
    address = "" if made["base"] else ' --config \'{"base_url": "https://…"}\''
    out.print(
        f"It takes a connection ({takes}): flov7 connections add {name}_key --service {name}{address}", markup=False
    )


def _show_dry(read: Imported, *, json: bool) -> None:
    kinds = list(read.kinds())
    if json:
        about = read.about.model_dump(mode="json") | {"warnings": list(read.warnings)}
        as_json({"about": about, "kinds": [one.model_dump(mode="json", exclude_defaults=True) for one in kinds]})
        return
    operations = [{"kind": one.name, "title": one.title, "effect": str(one.effect)} for one in kinds]
    about = {"name": read.about.name, "title": read.about.title, "operations": len(kinds)}
    base = "" if read.about.needs_address else read.about.base
    _show({**about, "warnings": list(read.warnings), "takes": list(read.about.auth), "base": base}, operations)


def _read(source: str, name: str | None) -> Imported:
    from flov7.kit.errors import Invalid
    from flov7.primitives.connectors.openapi.importing import read_openapi

    if _is_address(source):
        raise Invalid("--dry-run reads a file; an address is fetched by the gateway.", hint="Save it to a file first.")
    return read_openapi(_bytes(source), name=name)


def _is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def _bytes(source: str) -> bytes:
    from flov7.kit.errors import NotFound

    path = Path(source)
    if not path.is_file():
        raise NotFound(f"There is no file {source}.", hint="Give a file, or an address that begins with https://.")
    return path.read_bytes()
