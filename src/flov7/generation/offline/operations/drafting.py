"""Documents over a catalogue of operations: made from a sentence, or changed by one."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from flov7.generation.offline.desk import Desk
from flov7.generation.offline.operations.edits import Editor, Maker
from flov7.generation.offline.operations.pieces import VERBS
from flov7.generation.offline.operations.reading import Reader
from flov7.generation.offline.operations.scene import Primitive
from flov7.generation.offline.operations.standing import NESTED
from flov7.generation.offline.operations.vocabulary import Vocabulary
from flov7.generation.offline.words import Word, read, snake


def created(sentence: str, *, desk: Desk, vocabulary: Vocabulary) -> dict[str, Any] | None:
    """The document of a sentence; None where it asks for no operation of the catalogue."""
    primitives = Reader(desk, vocabulary).read(read(sentence))
    if not _operations(primitives, vocabulary) and not _is_task(read(sentence)):
        return None
    finish(primitives)
    start = {"type": "trigger", "kind": "manual", "name": "start"}
    return {
        "flow7": "1.0",
        "name": _name(primitives),
        "description": " ".join(sentence.split()),
        "primitives": [start, *primitives],
    }


def changed(
    document: dict[str, Any], change: str, *, desk: Desk, vocabulary: Vocabulary, maker: Maker | None = None
) -> dict[str, Any] | None:
    """The document after the change; None where nothing was found to change. `document` stays as it is."""
    made = copy.deepcopy(document)
    listed: list[Primitive] = made["primitives"]
    if not Editor(desk, vocabulary, listed, maker=maker).change(read(change)):
        return None
    start = next((at for at, one in enumerate(listed) if one.get("type") != "trigger"), len(listed))
    named = {str(one.get("name")) for one in listed}
    listed[start:start] = [one for one in desk.connections.values() if one["name"] not in named]
    finish(made["primitives"])
    return made if made != document else None


def finish(primitives: list[Primitive]) -> None:
    """Conditions and loops without a step in them go; a decision that is asked about later does not stop the run."""
    for one in list(primitives):
        for field, _ in NESTED:
            if isinstance(one.get(field), list):
                finish(one[field])
        if "else" in one and not one["else"]:
            del one["else"]
        empty = one.get("kind") in ("if_else", "loop") and not any(one.get(field) for field, _ in NESTED)
        if empty and not (one.get("if_true") or one.get("if_false")):
            primitives.remove(one)
        if one.get("config", {}).get("for") == "approval" and f"{one['name']}.decision" in str(primitives):
            one["config"]["on_rejected"] = "continue"


def _is_task(words: Sequence[Word]) -> bool:
    """Whether it asks for something to be done at all."""
    return any(word.low in VERBS for word in words[:3])


def _operations(primitives: list[Primitive], vocabulary: Vocabulary) -> int:
    count = 0
    for one in primitives:
        count += str(one.get("kind")) in vocabulary.by_name
        for field, _ in NESTED:
            count += _operations(one.get(field) or [], vocabulary)
    return count


def _name(primitives: list[Primitive]) -> str:
    first = next((str(one["kind"]) for one in primitives if "." in str(one.get("kind"))), "flow")
    return snake(first.replace(".", " "))[:40]
