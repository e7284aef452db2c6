"""Writes the reference pages from what the program itself knows: `python docs/generate.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flov7.language.catalogue import KindSpec, PrimitiveType
from flov7.language.diagnostics import CODES
from flov7.language.effects import ByCase, ByGraphql, BySql, ByValue, EffectRule
from flov7.language.expressions.functions.registry import FUNCTIONS, Function
from flov7.primitives.connectors import builtin
from flov7.primitives.connectors.exchanges import exchanges_of
from flov7.primitives.faults import MEANING, Fault, Outcome
from flov7.primitives.faults import faults as peers
from flov7.primitives.registry import catalogue, registry

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by `python docs/generate.py`; do not change it by hand. -->\n"


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {
        "kinds.md": kinds(),
        "diagnostics.md": diagnostics(),
        "functions.md": functions(),
        "connectors.md": connectors(),
        "faults.md": faults(),
    }


def kinds() -> str:
    """All kinds: what each takes, gives and does to the outside."""
    parts = [
        "# Kinds\n",
        NOTE,
        "`flov7 kinds NAME` shows the same in the terminal. A field in **bold** stands beside `config`, all others "
        "inside it; what every primitive may carry is in [the guide](../guides/language.md).\n",
    ]
    for type_ in PrimitiveType:
        of_type = catalogue().of_type(type_)
        links = [f"[{one.name}](#{type_.value}-{one.name})" for one in of_type if one.built]
        parts.append(f"- {type_.value}: {', '.join(links)}")
    parts.append("")
    for type_ in PrimitiveType:
        of_type = catalogue().of_type(type_)
        parts += [_kind(one) for one in of_type if one.built]
        later = ", ".join(f"`{one.name}`" for one in of_type if not one.built)
        if later:
            parts.append(f"Known by name and not built yet ({type_.value}): {later}.\n")
    return "\n".join(parts)


def diagnostics() -> str:
    """All codes."""
    rows = [(f"`{code}`", severity.value, meaning) for code, (severity, meaning) in CODES.items()]
    return "\n".join(
        [
            "# Diagnostics\n",
            NOTE,
            "What `flov7 validate`, the API and generation say about a document. Each comes with `where` (a JSON "
            "pointer), a message, a hint and, where it is safe, a fix that `flov7 validate --fix` applies. An "
            "error stops activation and runs; a warning should be looked at; a hint may be ignored. What a list "
            "without a trigger leaves open is a warning until it is activated.\n",
            _table(("code", "usually", "meaning"), rows),
        ]
    )


def faults() -> str:
    """What a peer can do wrong, kind by kind."""
    parts = [
        "# What a peer can do wrong\n",
        NOTE,
        "For every kind that reaches outside: the error of each fault, what to do, and whether a retry can help; then it "
        "is made by itself, as the step's `retry` says. *May have happened*: a write of which nobody knows; without a key "
        "at the receiver it is not repeated, and a person decides. Every line is tried against a server with that fault.\n",
        _table(("fault", "what happens"), [(f"`{fault.value}`", words) for fault, words in MEANING.items()]),
    ]
    for kind, table in peers().items():
        parts.append(f"\n## {kind}\n")
        parts.append(
            _table(("fault", "code", "retry", "what to do"), [_fault(name, one) for name, one in table.items()])
        )
    return "\n".join(parts)


def _fault(name: Fault, one: Outcome) -> tuple[str, str, str, str]:
    if not one.code:
        return f"`{name.value}`", "", "", one.passes + "." if one.passes else f"Not tried: {one.untried}."
    unknown = " May have happened." if one.unknown else ""
    return f"`{name.value}`", f"`{one.code}`", "can help" if one.again else "never helps", f"{one.do}.{unknown}"


def connectors() -> str:
    """All connectors that ship, with their operations and what they were held against."""
    parts = [
        "# Connectors\n",
        NOTE,
        "Services whose operations are kinds of steps; [the guide](../guides/connectors.md) says how they are used. "
        "Every operation has an exchange with a citation of its vendor's page. What is named under *held against* is a "
        "contract of the vendor's besides; where none is named, no program compared them. None was tried on the "
        "vendors' own servers.\n",
    ]
    for name, shelf in builtin.shelves().items():
        table, shown = shelf.connector, exchanges_of(name)
        held = f" Held against: {shown.against}." if shown.against else ""
        ways = " or ".join(f"`{kind}`" for kind in table.auth) or "none"
        parts.append(f"## {table.title}\n")
        parts.append(
            f"{table.about} Connection: `service: {name}`, {ways}. [Pages]({table.docs}), {shown.date}.{held}\n"
        )
        rows = [(f"`{one.name}`", one.title, one.effect.value) for one in shelf.entries()]
        parts.append(_table(("kind", "does", "effect"), rows))
    return "\n".join(parts)


def functions() -> str:
    """All functions of expressions; those that share a row are one function by several names."""
    names: dict[int, list[str]] = {}
    by_id: dict[int, Function] = {}
    for name, one in sorted(FUNCTIONS.items()):
        names.setdefault(id(one), []).append(name)
        by_id[id(one)] = one
    rows = [
        (f"`{one.name}({_parameters(one)})`", _others(names[key], one.name), one.summary) for key, one in by_id.items()
    ]
    return "\n".join(
        [
            "# Functions of expressions\n",
            NOTE,
            "Parameters in brackets may be left out. Many are methods too: `trim(name)` and `name.trim()` are "
            "the same. `default(path, value)` is written `path ?? value` as well.\n",
            _table(("function", "also", "gives"), sorted(rows)),
        ]
    )


def _others(names: list[str], own: str) -> str:
    return ", ".join(f"`{name}`" for name in names if name != own)


def _parameters(one: Function) -> str:
    shown = [name if n < one.required else f"[{name}]" for n, name in enumerate(one.parameters)]
    return ", ".join([*shown, *(["…"] if one.variadic else [])])


def _kind(spec: KindSpec) -> str:
    parts = [f'<a id="{spec.type.value}-{spec.name}"></a>\n\n## {spec.type.value}: {spec.name}\n']
    parts.append(registry().runner(spec.type.value, spec.name).docs.strip() + "\n")
    if spec.confused_with:
        parts.append(f"Not to be confused: {spec.confused_with}\n")
    if spec.type in (PrimitiveType.ACTION, PrimitiveType.DATA):
        parts.append(f"Effect: {effect(spec.effect)}.\n")
    if spec.services:
        parts.append("Chosen by `service`: " + ", ".join(f"`{one}`" for one in spec.services) + ".\n")
    given = spec.credentials if spec.type is PrimitiveType.CONNECTION else spec.outputs
    what = "secret" if spec.type is PrimitiveType.CONNECTION else "gives"
    for title, schema in (("takes", spec.inputs), (what, given)):
        rows = list(_fields(schema, spec.fields, must="always" if title == "gives" else "needed"))
        if rows:
            parts.append(_table((title, "type", "", ""), rows))
    return "\n".join(parts)


def _fields(schema: dict[str, Any], beside: tuple[str, ...], *, must: str) -> Iterable[tuple[str, ...]]:
    required = set(schema.get("required", []))
    for name, one in schema.get("properties", {}).items():
        shown = f"**`{name}`**" if name in beside else f"`{name}`"
        default = one.get("default")
        usual = f"default `{default}`" if isinstance(default, str | int | float) and default != "" else ""
        usual = usual.replace("`True`", "`true`").replace("`False`", "`false`")
        yield shown, kind_of(one), must if name in required else usual, one.get("description", "")


def kind_of(schema: dict[str, Any]) -> str:
    """A JSON Schema's type in a few words."""
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind_of(one) for one in schema["anyOf"] if one.get("type") != "null"))
    found = schema.get("type", "any")
    return " or ".join(found) if isinstance(found, list) else str(found)


def effect(rule: EffectRule) -> str:
    """How the effect class is found, in words."""
    match rule:
        case BySql():
            return "`SELECT` and its like read; `DELETE`, `TRUNCATE` and `DROP` cannot be taken back; all else writes"
        case ByGraphql():
            return "a query reads, a mutation writes"
        case ByValue() if all(name == one.value for name, one in rule.effects.items()):
            return f"what `{rule.field}` says, left out {rule.absent.value}"
        case ByValue():
            return _by(rule.field, rule.effects, absent=rule.absent)
        case ByCase():
            return _by(rule.field, rule.cases, absent=rule.absent)
        case _:
            return str(rule)


def _by(field: str, cases: Mapping[str, EffectRule], *, absent: EffectRule) -> str:
    """The cases that end alike in one word; what an absent field means is said where no case says it."""
    alike: dict[str, list[str]] = {}
    for name, one in sorted(cases.items()):
        alike.setdefault(effect(one), []).append(name)
    words = [f"{'/'.join(names)} ({said})" for said, names in alike.items()]
    return f"by `{field}`: {', '.join(words)}" + ("" if effect(absent) in alike else f", left out ({effect(absent)})")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write all pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
