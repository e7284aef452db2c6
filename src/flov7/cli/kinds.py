"""`flov7 kinds`: what primitives can be, and what one of them takes and gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markdown import Markdown
from rich.text import Text

from flov7.cli.screen import as_json, out, table

if TYPE_CHECKING:
    from flov7.language.catalogue import KindSpec


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "kinds",
        short_help="List the kinds of steps, or show one.",
        help="List the kinds, or show what one takes and gives.",
    )(_kinds)


def _kinds(
    name: Annotated[
        str | None, typer.Argument(help="A kind, as in api_call or action/api_call; left out: all.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, schemas included.")] = False,
) -> None:
    """Needs no server: the kinds of this installation."""
    from flov7.primitives.registry import catalogue

    specs = list(catalogue().kinds.values())
    if name is not None:
        chosen = _named(specs, name)
        if json:
            as_json([one.model_dump(mode="json") for one in chosen])
            return
        for spec in chosen:
            _show(spec)
    elif json:
        as_json([one.model_dump(mode="json") for one in specs])
    else:
        rows = [
            (spec.type.value, Text(spec.name, style="bold" if spec.built else "dim"), spec.title, _when(spec))
            for spec in specs
        ]
        table("type", "kind", "title", "when to choose it", rows=rows)


def _when(spec: KindSpec) -> str:
    return spec.summary if spec.built else "Known by name; not built yet."


def _named(specs: list[KindSpec], name: str) -> list[KindSpec]:
    from difflib import get_close_matches

    from flov7.kit.errors import NotFound

    found = [one for one in specs if name in (one.name, one.key)]
    if found:
        return found
    near = get_close_matches(name, [one.name for one in specs], n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`flov7 kinds` lists them."
    raise NotFound(f"There is no kind {name}.", hint=hint)


def _show(spec: KindSpec) -> None:
    from flov7.primitives.registry import registry

    out.print(Text.assemble((spec.key, "bold underline"), f"  {spec.title}"))
    if not spec.built:
        out.print("Known by name and not built yet: documents may name it, activation refuses it.\n")
        return
    out.print(Markdown(registry().runner(spec.type.value, spec.name).docs))
    out.print()
    _fields("takes", spec.inputs)
    if spec.type.value == "connection":
        _fields("secret", spec.credentials)
    else:
        _fields("gives", spec.outputs)
    for example in spec.examples:
        out.print(Text(f"  “{example}”", style="italic"))
    out.print()


def _fields(title: str, schema: dict[str, Any]) -> None:
    properties: dict[str, Any] = schema.get("properties", {})
    if not properties:
        return
    required = set(schema.get("required", []))
    rows = [
        (Text(name, style="bold"), _type(one), "needed" if name in required else "", one.get("description", ""))
        for name, one in properties.items()
    ]
    table(title, "type", "", "", rows=rows)
    out.print()


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"] if one.get("type") != "null"))
    found = schema.get("type", "any")
    return " or ".join(found) if isinstance(found, list) else str(found)
