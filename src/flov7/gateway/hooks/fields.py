"""A JSON Schema's properties as fields of a page: plain HTML that a keyboard and a screen reader can use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2330;--soft:#55606f;--paper:#fff;--desk:#f4f5f7;--line:#8a93a3;--go:#1452cc;--bad:#a3232a}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebf0;--soft:#aab3c2;--paper:#1a2029;--desk:#11151b;--line:#667083;--go:#7aa7ff;--bad:#ff9a9f}}
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;margin:0;background:var(--desk);color:var(--ink)}
main{max-width:36rem;margin:6vh auto;background:var(--paper);padding:2rem;border-radius:.75rem}
@media(max-width:40rem){main{margin:0;border-radius:0;padding:1.25rem}}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem;overflow-wrap:anywhere;white-space:pre-wrap}h2{font-size:1rem;margin:0}
.field{margin:0 0 1.25rem}fieldset{border:0;padding:0;margin:0 0 1.25rem;min-width:0}
label,legend{display:block;font-weight:600;padding:0;margin:0 0 .25rem}.hint{color:var(--soft);margin:0 0 .35rem;font-size:.9375rem}
input:not([type=checkbox]):not([type=radio]):not([type=file]),select,textarea{width:100%;font:inherit;color:inherit;background:transparent;padding:.55rem .65rem;border:1px solid var(--line);border-radius:.4rem;min-height:2.75rem}
select option{color:#1c2330}.choice{display:flex;gap:.6rem;align-items:center;font-weight:400;min-height:2rem}.choice input{width:1.15rem;height:1.15rem;flex:none}
[aria-invalid=true]{border-color:var(--bad)!important;border-width:2px!important}.bad,.wrong{color:var(--bad)}.bad{margin:.25rem 0 0;font-weight:600}
.wrong{border:2px solid var(--bad);border-radius:.4rem;padding:.75rem 1rem;margin:0 0 1.25rem}.wrong ul{margin:.25rem 0 0;padding-left:1.2rem}.wrong a{color:inherit}
button{font:inherit;font-weight:600;padding:.65rem 1.4rem;min-height:2.75rem;border:0;border-radius:.4rem;background:var(--go);color:var(--paper);cursor:pointer}
:focus-visible{outline:3px solid var(--go);outline-offset:2px}.opt{font-weight:400;color:var(--soft)}
"""
_INPUTS = {
    "email": "email",
    "date": "date",
    "date-time": "datetime-local",
    "time": "time",
    "uri": "url",
    "password": "password",
}
_LONG = 200
_MOST = 100


@dataclass(frozen=True)
class Field:
    """One property: its schema, and whether it has to be there."""

    name: str
    schema: dict[str, Any]
    required: bool

    @property
    def label(self) -> str:
        """What stands above it."""
        return str(self.schema.get("title") or self.name.replace("_", " ").replace("-", " ").capitalize())

    @property
    def type(self) -> str:
        """The JSON type; of several the first that is not null."""
        found = self.schema.get("type")
        if isinstance(found, list):
            found = next((one for one in found if one != "null"), "string")
        return str(found) if isinstance(found, str) else "string"

    @property
    def choices(self) -> list[Any] | None:
        """What can be chosen."""
        inner = self.schema.get("items") if self.type == "array" else self.schema
        found = inner.get("enum") if isinstance(inner, dict) else None
        return found if isinstance(found, list) else None

    @property
    def is_file(self) -> bool:
        """Whether a file is uploaded."""
        return self.schema.get("format") in ("binary", "file") or "contentMediaType" in self.schema


def of(schema: dict[str, Any], *, order: Sequence[str] = ()) -> list[Field]:
    """The fields of an object's schema: as `order` says, then what is required, then the others.

    A stored document does not keep the order of an object's names, only of lists.
    """
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict):
        return []
    needed = set(required) if isinstance(required, list) else set[str]()
    named = [(str(name), one) for name, one in properties.items() if isinstance(one, dict) and not one.get("readOnly")]
    first = [*order, *(required if isinstance(required, list) else [])]
    places = {name: place for place, name in reversed(list(enumerate(first)))}
    found = [Field(name, one, name in needed) for name, one in named]
    return sorted(found, key=lambda field: places.get(field.name, len(first)))[:_MOST]


def read(fields: Iterable[Field], given: dict[str, Any]) -> dict[str, Any]:
    """What was filled in, as the schema's types; what was left empty is left out."""
    payload: dict[str, Any] = {}
    for field in fields:
        value = given.get(field.name)
        if field.type == "boolean" and not field.is_file:
            payload[field.name] = value in ("true", "on", "1")
        elif field.type == "array" and not field.is_file:
            values = value if isinstance(value, list) else [] if value in (None, "") else [value]
            if values or field.required:
                payload[field.name] = [_chosen(field, one) for one in values] if field.choices else _lines(values)
        elif value not in (None, ""):
            payload[field.name] = value if field.is_file else _typed(field, value)
    return payload


def _lines(values: list[Any]) -> list[Any]:
    return [line.strip() for value in values for line in str(value).splitlines() if line.strip()]


def _chosen(field: Field, value: Any) -> Any:
    return next((one for one in field.choices or [] if _plain(one) == str(value)), value)


def _typed(field: Field, value: Any) -> Any:
    """The value, or what was typed where it is none: then the schema says what is wrong."""
    text = str(value[-1] if isinstance(value, list) else value)
    if field.choices is not None:
        return _chosen(field, text)
    try:
        match field.type:
            case "integer":
                return int(text)
            case "number":
                return float(text) if "." in text or "e" in text.lower() else int(text)
            case "object":
                return json.loads(text)
            case _:
                pass
    except ValueError:
        return text
    if field.schema.get("format") == "date-time" and len(text) == 16:
        return f"{text}:00Z"
    return text


def wrong(found: Any, *, fallback: str) -> dict[str, str]:
    """Words by field, from problems with JSON pointers."""
    words: dict[str, str] = {}
    for one in found if isinstance(found, list) else []:
        name = str(one.get("where", "")).strip("/").split("/")[0].replace("~1", "/").replace("~0", "~")
        words.setdefault(name, str(one.get("message", "")))
    return words or {"": fallback}


def shown(field: Field, value: Any, problem: str | None) -> str:
    """The field with its label, its hint and what is wrong with it."""
    key, told = f"f-{escape(field.name)}", list[str]()
    hint = bad = ""
    if field.schema.get("description"):
        hint = f'<p class="hint" id="{key}-h">{escape(str(field.schema["description"]))}</p>'
        told.append(f"{key}-h")
    if problem is not None:
        bad = f'<p class="bad" id="{key}-e">{escape(problem)}</p>'
        told.append(f"{key}-e")
    about = f' aria-describedby="{" ".join(told)}"' if told else ""
    about += ' aria-invalid="true"' if problem is not None else ""
    optional = "" if field.required or field.type == "boolean" else ' <span class="opt">(optional)</span>'
    label = f"{escape(field.label)}{optional}"
    name = escape(field.name)
    if field.type == "array" and field.choices:
        boxes = "".join(_choice("checkbox", name, f"{key}-{n}", one, value, "") for n, one in enumerate(field.choices))
        return f'<fieldset id="{key}"{about}><legend>{label}</legend>{hint}{boxes}{bad}</fieldset>'
    if field.type == "boolean":
        on = (
            " checked"
            if value in ("true", "on", True) or (value is None and field.schema.get("default") is True)
            else ""
        )
        box = f'<input type="checkbox" id="{key}" name="{name}" value="true"{on}{about}>'
        return f'<div class="field"><label class="choice">{box}<span>{label}</span></label>{hint}{bad}</div>'
    need = " required" if field.required else ""
    control = _control(field, f'id="{key}" name="{name}"{need}{about}', value)
    return f'<div class="field"><label for="{key}">{label}</label>{hint}{control}{bad}</div>'


def _choice(kind: str, name: str, key: str, one: Any, value: Any, more: str) -> str:
    chosen = [str(each) for each in (value if isinstance(value, list) else [value])]
    on = " checked" if _plain(one) in chosen else ""
    box = f'<input type="{kind}" id="{key}" name="{name}" value="{escape(_plain(one))}"{on}{more}>'
    return f'<label class="choice">{box}<span>{escape(_plain(one))}</span></label>'


def _control(field: Field, facts: str, value: Any) -> str:
    text = escape(_plain(value if value is not None else field.schema.get("default", "")))
    schema = field.schema
    if field.is_file:
        accepts = schema.get("contentMediaType")
        return f'<input type="file" {facts}{f""" accept="{escape(str(accepts))}" """ if accepts else ""}>'
    if field.choices is not None:
        first = "" if field.required and value else '<option value=""></option>'
        options = "".join(
            f'<option value="{escape(_plain(one))}"{" selected" if escape(_plain(one)) == text else ""}>{escape(_plain(one))}</option>'
            for one in field.choices
        )
        return f"<select {facts}>{first}{options}</select>"
    if field.type in ("object", "array") or schema.get("format") == "textarea" or schema.get("maxLength", 0) > _LONG:
        return f'<textarea rows="4" {facts}>{text}</textarea>'
    if field.type in ("integer", "number"):
        limits = "".join(
            f' {attribute}="{escape(str(schema[word]))}"'
            for word, attribute in (("minimum", "min"), ("maximum", "max"))
            if word in schema
        )
        return (
            f'<input type="number" step="{"1" if field.type == "integer" else "any"}" {facts} value="{text}"{limits}>'
        )
    lengths = "".join(
        f' {word.lower()}="{int(schema[word])}"'
        for word in ("minLength", "maxLength")
        if isinstance(schema.get(word), int)
    )
    kind = _INPUTS.get(str(schema.get("format")), "text")
    return f'<input type="{kind}" {facts} value="{text}"{lengths}>'


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def escaped(text: str) -> str:
    """Text as it may stand in a page."""
    return escape(text)


def page(title: str, body: str, *, wrong: bool = False) -> str:
    """The whole page."""
    said = f"Look again: {title}" if wrong else title
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,'
        f'initial-scale=1"><meta name="robots" content="noindex"><title>{escape(said)}</title><style>{_STYLE}</style>'
        f"</head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
