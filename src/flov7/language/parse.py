"""JSON value to Document: shape and names. A damaged document gives diagnostics, never an exception."""

from __future__ import annotations

import difflib
import keyword
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from flov7.language.diagnostics import Report, pointer
from flov7.language.document import NAME, RESERVED, VERSION, Document
from flov7.language.outline import Path, Place, outline
from flov7.language.reading import check_depth

_TYPES = ("trigger", "action", "connection", "condition", "data")
_WORDS_OF_EXPRESSIONS = frozenset(keyword.kwlist) | {"true", "false", "null", "none"}


def parse_value(raw: Any, report: Report, *, apart: bool = False) -> Document | None:
    """Parse a JSON value: a document, a bare list of primitives, or one primitive alone.

    None where its shape cannot be read on; a document may come with errors of names in the report. Where names are
    taken twice it is None too, or, with `apart`, the document with those told apart, so that the rest can be checked.
    """
    if not check_depth(raw, report):
        return None
    wrapped, prefix = wrap(raw)
    if wrapped is None:
        report.add(
            "shape.wrong_type",
            where="",
            message=f"A document is an object or a list, not {_called(raw)}.",
            hint='Write {"flow7": "1.0", "name": "…", "primitives": [ … ]}.',
        )
        return None
    if wrapped.get("flow7", VERSION) != VERSION:
        report.add(
            "document.version",
            where="/flow7",
            message=f"This reads Flow7 {VERSION}, not {wrapped['flow7']!r:.20}.",
            hint=f'Write "flow7": "{VERSION}".',
            fix=[{"op": "replace", "path": "/flow7", "value": VERSION}],
        )
        return None
    try:
        document = Document.model_validate(wrapped)
    except ValidationError as error:
        details = error.errors(include_url=False)
        for detail in details:
            _explain(detail, raw=wrapped, prefix=prefix, report=report)
        if not report.has_errors:  # it fits no branch at all
            _explain(details[0], raw=wrapped, prefix=prefix, report=report, every_branch=True)
        return None
    except RecursionError:
        report.add("document.too_large", where="", message="Lists nest too deep.", hint="Make it flatter.")
        return None
    twice = _check_names(document, prefix=prefix, report=report)
    if not twice:
        return document  # other names that are wrong do not hide what else is wrong
    return _renamed(document, twice) if apart else None


def _renamed(document: Document, names: dict[Path, str]) -> Document:
    """The document with other names at these places."""
    told_apart = document.model_dump(by_alias=True, exclude_unset=True)
    for path, name in names.items():
        place: Any = told_apart
        for part in path:
            place = place[part]
        place["name"] = name
    return Document.model_validate(told_apart)


def wrap(raw: Any) -> tuple[dict[str, Any] | None, int]:
    """The document object, and how many leading pointer parts our wrapping added."""
    match raw:
        case list():
            return {"primitives": raw}, 1
        case dict() if "type" in raw and "primitives" not in raw:
            return {"primitives": [raw]}, 2
        case dict():
            return raw, 0
        case _:
            return None, 0


def _called(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")


def _explain(detail: ErrorDetails, *, raw: Any, prefix: int, report: Report, every_branch: bool = False) -> None:
    """One pydantic error as a diagnostic with a pointer into what the person wrote."""
    path, value, owner = locate(detail["loc"], raw)
    where = pointer(*path[prefix:])
    last = path[-1] if path else ""
    match detail["type"]:
        case "extra_forbidden":
            _unknown_field(str(last), owner=owner, path=path, where=where, report=report)
        case "missing":
            report.add(
                "shape.missing_field",
                where=pointer(*path[:-1][prefix:]),
                message=f"`{last}` is missing.",
                hint=f'Add "{last}".',
            )
        case "union_tag_not_found":
            report.add(
                "shape.missing_field",
                where=where,
                message="`type` is missing.",
                hint='Add "type": one of ' + ", ".join(_TYPES) + ".",
            )
        case "union_tag_invalid":
            near = difflib.get_close_matches(str(value.get("type")), _TYPES, n=1, cutoff=0.6)
            report.add(
                "shape.bad_value",
                where=where + "/type",
                message=f"There is no primitive of type {value.get('type')!r:.40}.",
                hint="The five are " + ", ".join(_TYPES) + ".",
                fix=[{"op": "replace", "path": where + "/type", "value": near[0]}] if near else None,
            )
        case "literal_error" | "greater_than_equal" | "less_than_equal":
            report.add(
                "shape.bad_value",
                where=where,
                message=f"`{last}` cannot be {value!r:.60}.",
                hint=f"{detail['msg'].replace('Input', 'It')}.",
            )
        case _:
            if not every_branch and _is_other_branch(detail, value):
                return
            report.add(
                "shape.wrong_type",
                where=where,
                message=f"`{last}` cannot be {_called(value)}.",
                hint=f"{detail['msg'].replace('Input', 'It')}.",
            )


def _is_other_branch(detail: ErrorDetails, value: Any) -> bool:
    """Whether the error is of a union's branch that the value was not meant for."""
    text_wanted = detail["type"] == "string_type"
    list_wanted = detail["type"] == "list_type"
    choice = any(part in ("str", "float", "int", "bool") or str(part).startswith("list[") for part in detail["loc"])
    return choice and (
        (text_wanted and isinstance(value, list))
        or (list_wanted and isinstance(value, str))
        or detail["loc"][-1] in ("int", "float", "bool")
    )


def locate(loc: tuple[int | str, ...], raw: Any) -> tuple[tuple[int | str, ...], Any, Any]:
    """Pydantic's location without its union tags: `(path, value there, the object that holds it)`."""
    path: list[int | str] = []
    here, owner = raw, raw
    for position, part in enumerate(loc):
        if (isinstance(here, list) and isinstance(part, int) and part < len(here)) or (
            isinstance(here, dict) and part in here
        ):
            owner, here = here, here[part]  # pyright: ignore[reportArgumentType, reportCallIssue]
            path.append(part)
        elif isinstance(here, dict) and position == len(loc) - 1 and part not in _TYPES:
            owner, here = here, None
            path.append(part)
    return tuple(path), here, owner


def _unknown_field(name: str, *, owner: Any, path: tuple[int | str, ...], where: str, report: Report) -> None:
    model = _fields_of(owner, path)
    near = difflib.get_close_matches(name, sorted(model - set(owner)), n=1, cutoff=0.7)
    if near:
        target = pointer(*path[:-1], near[0])
        target = target if where == pointer(*path) else where.rsplit("/", 1)[0] + "/" + near[0]
        report.add(
            "shape.unknown_field",
            where=where,
            message=f"There is no field `{name}`.",
            hint=f"`{near[0]}` was meant?",
            fix=[{"op": "move", "from": where, "path": target}],
        )
        return
    takes_config = isinstance(owner, dict) and "type" in owner and isinstance(owner.get("config", {}), dict)
    if takes_config:
        parent = where.rsplit("/", 1)[0]
        fix: list[dict[str, Any]] = (
            [] if "config" in owner else [{"op": "add", "path": parent + "/config", "value": {}}]
        )
        moved = [*fix, {"op": "move", "from": where, "path": parent + "/config/" + name}]
        settled = name not in owner.get("config", {})
        report.add(
            "shape.unknown_field",
            where=where,
            message=f"There is no field `{name}` beside `config`.",
            hint="What the kind takes stands inside `config`.",
            fix=moved if settled else None,
        )
        return
    report.add(
        "shape.unknown_field",
        where=where,
        message=f"There is no field `{name}`.",
        hint="Remove it.",
        fix=[{"op": "remove", "path": where}],
    )


def _fields_of(owner: Any, path: tuple[int | str, ...]) -> set[str]:
    from flov7.language import document as models

    if isinstance(owner, dict) and owner.get("type") in _TYPES:
        model = getattr(models, str(owner["type"]).capitalize())
    elif len(path) <= 1:
        model = Document
    elif "retry" in path:
        model = models.RetrySetting
    else:
        model = models.Expectation
    return {field.alias or name for name, field in model.model_fields.items()}


def _check_names(document: Document, *, prefix: int, report: Report) -> dict[Path, str]:
    """A free name for every place whose name is taken already."""
    seen: dict[str, Place] = {}
    twice: dict[Path, str] = {}
    for place in outline(document):
        name = place.primitive.name
        where = pointer(*place.path[prefix:], "name")
        if not NAME.match(name):
            fixed = _snake(name)
            report.add(
                "name.invalid",
                where=where,
                message=f"`{name:.40}` is not snake_case.",
                hint="Small letters, digits and _, a letter first, at most 63.",
                fix=[{"op": "replace", "path": where, "value": fixed}] if _free(fixed, document) else None,
            )
        elif name in RESERVED or name in _WORDS_OF_EXPRESSIONS:
            fixed = f"{name}_step"
            report.add(
                "name.reserved",
                where=where,
                message=f"`{name}` is a word of the language.",
                hint="Take another name.",
                fix=[{"op": "replace", "path": where, "value": fixed}] if _free(fixed, document) else None,
            )
        elif name in seen:
            other = pointer(*seen[name].path[prefix:])
            numbered = (f"{name}_{n}" for n in range(2, 10_000))
            twice[place.path] = next(one for one in numbered if one not in twice.values() and _free(one, document))
            report.add(
                "name.duplicate",
                where=where,
                message=f"`{name}` is the name of {other} too.",
                hint="Names are unique in the whole document, nested lists included.",
                fix=[{"op": "replace", "path": where, "value": twice[place.path]}],
            )
        seen.setdefault(name, place)
    return twice


def _snake(name: str) -> str:
    words = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name).strip("_").lower()
    return (words if words[:1].isalpha() else f"step_{words}")[:60]


def _free(name: str, document: Document) -> bool:
    return bool(NAME.match(name)) and all(place.primitive.name != name for place in outline(document))
