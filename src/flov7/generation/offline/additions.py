"""New steps for a document that stands, made as for a new one, with what its steps give in reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flov7.generation.offline import lexicon
from flov7.generation.offline.building import Builder
from flov7.generation.offline.clauses import split
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.index import index_of
from flov7.generation.offline.slots import Scope
from flov7.generation.offline.structure import meaning
from flov7.generation.offline.words import Word, said
from flov7.marketplace.complexity import primitives

_RESULTS = {"api_call": ".body", "db_query": ".rows"}


def additions(words: Sequence[Word], *, desk: Desk, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps that the words ask for. Connections that they need are left on the desk."""
    index = index_of(desk.catalogue)
    understood = meaning(split(words, verbs=lexicon.VERBS | index.verbs))
    builder = Builder(desk, index, sentence=said(words))
    for unread in (understood.trigger, understood.clock):
        if unread:
            desk.note(f"What starts it stays as it is; “{said(unread)}” was left out.", weight=0.1)
    return builder.steps(understood, _scope(document))


def _scope(document: dict[str, Any]) -> Scope:
    """What can be spoken of: the thing that the trigger brings, and the steps' results by their names."""
    declared: dict[str, Any] = document.get("inputs") or {}
    needed = [str(one) for one in declared.get("required", [])]
    noun = needed[0] if len(needed) == 1 else None
    results: dict[str, str] = {}
    for one in primitives(document.get("primitives", [])):
        if one.get("type") in ("action", "data"):
            name = str(one.get("name"))
            results[name] = name + _RESULTS.get(str(one.get("kind")), "")
    return Scope(noun=noun, root=noun or "", results=results)
