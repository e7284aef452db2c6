"""Who is told when a run fails: a draft that changes something outside says so, or asks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flov7.generation.draft import Earlier, Question, Sort
from flov7.language.effects import Effect, EffectLine
from flov7.language.library import Library
from flov7.marketplace.complexity import primitives

KEY = "alerts"
_SHORT = 10
"""Words of an answer; a longer text says more than that."""
_OUTSIDE = (Effect.WRITE, Effect.IRREVERSIBLE)
QUESTION = Question(
    key=KEY,
    text="Who shall be told when a run fails? Give an e-mail address.",
    suggestions=("me@example.com",),
    sort=Sort.SETUP,
)


def unhandled(manifest: Sequence[EffectLine], document: Mapping[str, Any]) -> tuple[str, ...]:
    """Steps with an effect outside that is not safe to repeat, whose failure nothing in the document handles."""
    listed = {str(one.get("name")): one for one in primitives(document.get("primitives", []))}
    handled = {name for name, one in listed.items() if one.get("on_error") not in (None, "fail", "continue")}
    handlers = {str(one.get("on_error")) for one in listed.values()}
    return tuple(
        line.primitive for line in manifest
        if line.effect in _OUTSIDE and line.primitive not in handled and line.primitive not in handlers
    )  # fmt: skip


def told(asked: Earlier, library: Library | None) -> tuple[str, ...]:
    """Who hears of failed runs: whom the workspace names, and whom the person answered."""
    given = asked.answers.get(KEY, "")
    own = tuple(one for one in given.replace(",", " ").split() if "@" in one)
    return (*(library.told if library is not None else ()), *own)


def said(steps: Sequence[str], people: Sequence[str]) -> str | None:
    """The line of the explanation; None where every failure is handled."""
    if not steps:
        return None
    return (
        f"If a step fails, {' and '.join(people)} will hear of it."
        if people
        else "If a step fails, nobody is told yet."
    )


def answered(text: str, *, number: int) -> dict[str, str]:
    """An address, said as the answer to the last question or with a word of failing."""
    address = re.search(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text)
    meant = re.search(rf"^\s*{number}[.):]|\b(?:fails?|failure|failed|alerts?|goes wrong)\b", text, re.IGNORECASE)
    short = len(text.split()) <= _SHORT
    return {KEY: address[0]} if address and meant and short else {}
