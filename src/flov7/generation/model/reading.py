"""From what a model filled in to a document; whatever it wrote, the result is plain JSON for the validator."""

from __future__ import annotations

import json
from typing import Any

from flov7.generation.draft import Question
from flov7.language.catalogue import Catalogue
from flov7.language.document import BESIDE_CONFIG

_MOST = 20

Json = Any


def read_document(value: dict[str, Json], catalogue: Catalogue) -> dict[str, Json] | None:
    """The document, or None where there is no step in it."""
    listed = _list(value.get("primitives"), catalogue)
    if not listed:
        return None
    made: dict[str, Json] = {"flow7": "1.0", "name": str(value.get("name") or "untitled")}
    if value.get("description"):
        made["description"] = str(value["description"])
    return {**made, "primitives": listed}


def read_questions(value: dict[str, Json]) -> tuple[Question, ...]:
    """The questions, at most twenty."""
    found = [one for one in _items(value.get("questions")) if isinstance(one, dict) and one.get("text")]
    return tuple(
        Question(
            key=str(one.get("key") or f"question.{at}"),
            text=str(one["text"]),
            suggestions=tuple(str(answer) for answer in _items(one.get("suggestions"))),
        )
        for at, one in enumerate(found[:_MOST])
    )


def read_notes(value: dict[str, Json]) -> tuple[str, ...]:
    """The notes, at most twenty."""
    return tuple(str(one) for one in _items(value.get("notes"))[:_MOST])


def read_confidence(value: dict[str, Json]) -> float:
    """How sure it says it is, between 0 and 1."""
    said = value.get("confidence")
    return min(1.0, max(0.0, float(said))) if isinstance(said, int | float) else 0.5


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _list(value: Json, catalogue: Catalogue) -> list[dict[str, Json]]:
    return [_primitive(one, catalogue) for one in _items(value) if isinstance(one, dict)]


def _primitive(one: dict[str, Json], catalogue: Catalogue) -> dict[str, Json]:
    made: dict[str, Json] = {key: one[key] for key in ("type", "kind", "name") if key in one}
    spec = catalogue.get(str(one.get("type")), str(one.get("kind")))
    beside = set(spec.fields) & BESIDE_CONFIG if spec else set[str]()
    config: dict[str, Json] = {}
    for pair in _items(one.get("settings")):
        if isinstance(pair, dict) and "key" in pair:
            target = made if pair["key"] in beside else config
            target[str(pair["key"])] = _value(pair.get("value"))
    if config:
        made["config"] = config
    for key in ("when", "connection", "on_error", "service"):
        if one.get(key):
            made[key] = one[key]
    if one.get("max_attempts"):
        made["retry"] = {"max_attempts": one["max_attempts"]}
    if one.get("secret") or one.get("credential_type"):
        given = {"type": one.get("credential_type"), "secret": one.get("secret")}
        made["credentials"] = {key: value for key, value in given.items() if value}
    return made | _sides(one, catalogue)


def _sides(one: dict[str, Json], catalogue: Catalogue) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for key in ("then", "do"):
        if key in one:
            made[key] = _list(one[key], catalogue)
    for key in ("else", "default"):
        if one.get(key):
            made[key] = _list(one[key], catalogue)
    if "cases" in one:
        cases = [case for case in _items(one["cases"]) if isinstance(case, dict)]
        made["cases"] = {str(case.get("case")): _list(case.get("do"), catalogue) for case in cases}
    return made


def _value(text: Json) -> Json:
    """JSON where it is JSON; text that is none is taken as it stands."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
