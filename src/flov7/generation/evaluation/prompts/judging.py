"""What one draft is worth against what its request needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flov7.generation.telling import unhandled
from flov7.language.effects import Effect
from flov7.language.front import Checked
from flov7.marketplace.complexity import primitives

_LOGINS = frozenset(["connection/api", "connection/api_key", "connection/oauth"])
_OUTSIDE = (Effect.WRITE, Effect.IRREVERSIBLE)


def kinds(document: Mapping[str, Any]) -> list[str]:
    """`type/kind` of all primitives, in the document's sequence.

    A service's own operation is a call of its API. A primitive that carries `when` is passed over where that does not
    hold, and a trigger's `when` turns events away: both are what a filter is.
    """
    found: list[str] = []
    for one in primitives(document.get("primitives", [])):
        kind = str(one.get("kind") or one.get("service") or "")
        found.append(f"{one.get('type')}/{'api_call' if '.' in kind and one.get('type') == 'action' else kind}")
        if "when" in one:
            found.append("condition/filter")
    return found


def missing(
    document: Mapping[str, Any], required: Sequence[str], alternatives: Mapping[str, Sequence[str]]
) -> list[str]:
    """What is required and not there, nor anything that may stand in for it."""
    found = set(kinds(document))
    return [one for one in required if not found & _fits(one, alternatives)]


def _fits(required: str, alternatives: Mapping[str, Sequence[str]]) -> set[str]:
    """What may stand for a required primitive.

    No request says how a service wants to be logged in to (Notion takes OAuth and keys, Jira a key as a password): any
    login to a service stands for any other; which one is right, the service's connector knows.
    """
    return {required, *alternatives.get(required, ()), *(_LOGINS if required in _LOGINS else ())}


def in_sequence(
    document: Mapping[str, Any], required: Sequence[str], alternatives: Mapping[str, Sequence[str]]
) -> bool:
    """Whether the trigger comes first and what the request names first to do is not done last.

    Required primitives are looked for from left to right, connections apart; one that may stand in counts as well.
    """
    rest = [one for one in kinds(document) if not one.startswith("connection/")]
    wanted = [one for one in required if not one.startswith("connection/")]
    at = 0
    for one in wanted:
        fits = _fits(one, alternatives)
        place = next((n for n in range(at, len(rest)) if rest[n] in fits), None)
        if place is None:
            return False
        at = place + 1
    return True


def handled(document: Mapping[str, Any], checked: Checked, told: Sequence[str]) -> tuple[int, int]:
    """Effects outside that are not safe to repeat: how many there are, and how many are handled or told to someone.

    A step that simply fails ends its run, and then those are told whom the workspace's or the workflow's alerts name
    (`engine/notices.py`); where the draft knows nobody, nobody is told.
    """
    manifest = checked.plan.manifest if checked.plan else ()
    effects = sum(line.effect in _OUTSIDE for line in manifest)
    return effects, effects if told else effects - len(unhandled(manifest, document))
