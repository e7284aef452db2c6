"""Templates that a sentence asks for: adapted to it, where they fit better than what its words alone give."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flov7.generation.draft import Earlier, Proposal, Question
from flov7.marketplace.adapting import adapted, filled
from flov7.marketplace.searching import SILENT, search
from flov7.marketplace.template import Template

NEAR = 0.6
"""How much of the words a sentence and a template's prompt must share, both ways."""
_SHOWN = 3
_LOST = ("step.", "trigger.kind", "sentence")
"""Questions that say that a part of the sentence was not understood; others only ask for a setting."""
_SILENT = SILENT - {"them"} | {"me", "us"}
_CONFIDENT = 0.7
_HELD = "holds the address that"
"""What a draft notes where it calls a place that no connector and no address was said for."""


def from_template(asked: Earlier, proposal: Proposal, templates: Mapping[str, Template]) -> Proposal:
    """The proposal, or a template in its place: only where a part of the words was not understood and one is near to them.

    What the sentence says of the template's parameters is set; the others are asked for, with their defaults.
    """
    if _understood(proposal):
        return proposal
    found = nearest(asked.sentence, templates)
    if found is None:
        return proposal
    values = {**adapted(found, asked.sentence), **_answered(asked, found)}
    document = filled(found, values) | {"description": asked.sentence}
    open_ = tuple(
        Question(key=f"template.{one.name}", text=one.about, suggestions=(str(one.default),))
        for one in found.parameters
        if one.name not in values
    )
    note = f"This is the template “{found.title}” ({found.slug}), with what you said set in it."
    return proposal.model_copy(
        update={"document": document, "questions": open_, "notes": (note,), "confidence": _CONFIDENT}
    )


def _understood(proposal: Proposal) -> bool:
    """Whether every part found its place: nothing lost, and no service taken for a word that nothing else fits."""
    if proposal.document is None or any(one.key.startswith(_LOST) for one in proposal.questions):
        return False
    return not any(_HELD in note for note in proposal.notes)


def nearest(sentence: str, templates: Mapping[str, Template]) -> Template | None:
    """The template whose prompt says nearly the same; None where none does."""
    said = _words(sentence)
    best: tuple[float, Template] | None = None
    for _, one in search(templates.values(), sentence, limit=_SHOWN):
        theirs = _words(one.prompt)
        share = len(said & theirs) / max(1, len(said | theirs))
        if share >= NEAR and (best is None or share > best[0]):
            best = (share, one)
    return best[1] if best else None


def _answered(asked: Earlier, template: Template) -> dict[str, str | int | float]:
    given: dict[str, str | int | float] = {}
    for one in template.parameters:
        text = asked.answers.get(f"template.{one.name}")
        if text is not None:
            is_number = isinstance(one.default, int | float) and re.fullmatch(r"-?\d+(\.\d+)?", text)
            given[one.name] = float(text) if is_number and "." in text else int(text) if is_number else text
    return given


def _words(text: str) -> set[str]:
    plain = re.findall(r"[a-z]+", text.lower().replace("e-mail", "mail").replace("email", "mail"))
    return {one.rstrip("s") for one in plain if one not in _SILENT}
