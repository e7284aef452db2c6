"""`flov7 kinds`: what primitives can be, and what one of them takes and gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markdown import Markdown
from rich.text import Text

from flov7.cli.screen import as_json, out, table

if TYPE_CHECKING:
    from flov7.language.catalogue import KindSpec
    from flov7.primitives.grading import Grade


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "kinds",
        short_help="List the kinds of steps, or show one.",
        help="List the kinds, or show what one takes and gives.",
    )(_kinds)


def _kinds(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND | CONNECTOR | check [NAME]]",
            help="A kind (api_call, notion.create_page), a connector (notion), or `check`: how complete they are.",
        ),
    ] = None,
    of: Annotated[str | None, typer.Argument(metavar="", help="After `check`: a kind or a connector.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, schemas included.")] = False,
) -> None:
    """Needs no server: the kinds of this installation."""
    from flov7.primitives.registry import catalogue

    if name == "check":
        _check(of, json=json)
        return
    specs = list(catalogue().kinds.values())
    if name is not None:
        specs += _of_connectors(name)
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
        names = ", ".join(catalogue().shelves)
        out.print(f"\nConnectors, each with operations of its own (flov7 kinds NAME): {names}.", style="dim")


def _of_connectors(name: str) -> list[KindSpec]:
    """The operation of that name, or those of the connector of that name, which then all answer to it."""
    from flov7.primitives.registry import catalogue

    shelf = catalogue().shelves.get(name.removeprefix("action/").split(".", 1)[0])
    if shelf is None:
        return []
    entries = [one.name for one in shelf.entries() if name.removeprefix("action/") in (shelf.name, one.name)]
    return [spec for one in entries if (spec := shelf.get(one)) is not None]


def _check(name: str | None, *, json: bool) -> None:
    """Grades; the command fails where a named kind lacks anything."""
    from flov7.primitives.grading import graded

    grades = graded(name)
    if json:
        as_json([
            {"kind": one.key, "grade": one.letter, "marks": [vars(mark) for mark in one.marks]} for one in grades
        ])  # fmt: skip
    else:
        rows = [
            (Text(one.letter, style="green" if one.letter == "A" else "yellow"), one.key, _missing(one))
            for one in grades
        ]
        table("", "kind", "missing", rows=rows)
    if name is not None and any(one.missing for one in grades):
        raise typer.Exit(1)


def _missing(grade: Grade) -> str:
    return " ".join(f"{mark.name}: {mark.words}" for mark in grade.missing)


def _when(spec: KindSpec) -> str:
    return spec.summary if spec.built else "Known by name; not built yet."


def _named(specs: list[KindSpec], name: str) -> list[KindSpec]:
    from difflib import get_close_matches

    from flov7.kit.errors import NotFound

    found = [one for one in specs if name in (one.name, one.key) or one.name.startswith(f"{name}.")]
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
    docs = spec.summary if spec.operation is not None else registry().runner(spec.type.value, spec.name).docs
    out.print(Markdown(docs))
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
