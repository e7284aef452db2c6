"""How steps and documents are named: short, after what they do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flov7.generation.offline import lexicon
from flov7.generation.offline.slots import Scope, noun_phrase
from flov7.generation.offline.triggers import Started
from flov7.generation.offline.words import Word, find, snake

_LONGEST_TITLE = 60


def short(words: Sequence[Word], scope: Scope) -> str:
    """A condition in two words."""
    skip = lexicon.DETERMINERS | lexicon.COPULAS | lexicon.PREPOSITIONS | lexicon.PRONOUNS | {"'s"}
    kept = [word for word in words if word.low not in skip and word.sort == "word"]
    if scope.noun:
        kept = [word for word in kept if word.low != scope.noun] or kept
    return snake(kept[:2]) if kept else "so"


def step_name(words: Sequence[Word], kind: str, scope: Scope) -> str:
    """A step by its verb and its thing."""
    skip = lexicon.DETERMINERS | lexicon.PREPOSITIONS | lexicon.PRONOUNS | {"'s", "up", "and"}
    if kind == "wait":
        return (
            "approval"
            if find(words, "approval", "approve", "approves", "sign-off", "go-ahead", "ok")
            else ("answer" if words[0].low == "ask" else "wait")
        )
    kept = [word for word in words[:6] if word.low not in skip and word.sort in ("word", "channel")]
    if len(kept) == 1 and (url := next((word.text for word in words if word.sort in ("url", "path")), None)):
        parts = [one for one in re.split(r"[/?#]", url.partition("://")[2] or url)[1:] if one.isalpha()]
        return snake(f"{kept[0].low} {parts[-1] if parts else kind}")
    if len(kept) == 1:
        return kind if kept[0].low in kind.split("_") else f"{snake(kept)}_{kind}"
    name = snake(kept[:2]) if kept else kind
    return name if name != scope.noun else f"{name}_{kind}"


def title(started: Started, sentence: str) -> str:
    """The headline of what a workflow tells."""
    if started.noun:
        return f"New {started.noun.replace('_', ' ')}"
    text = sentence.strip().rstrip(".")
    return text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1].rsplit(" ", 1)[0] + " …"


def document_name(primitives: Sequence[dict[str, Any]], started: Started) -> str:
    """The workflow by what starts it and what it does first."""
    acts = [str(one["name"]) for one in primitives if one["type"] in ("action", "data")]
    first = acts[0] if acts else str(primitives[0]["name"])
    return snake(f"{started.noun}_{first}" if started.noun and started.noun not in first else first)


def spoken_of(words: Sequence[Word]) -> str | None:
    """`a parcel`, `the parcel's weight`: the noun that a first condition is about."""
    at = find(words, "'s")
    if at and at[0]:
        return snake(noun_phrase(words[at[0] - 1 : at[0]]))
    if words and words[0].low in ("a", "an") and len(words) > 1:
        return snake(words[1:2])
    return None


def uses(primitives: Sequence[dict[str, Any]], first: dict[str, Any], root: str) -> bool:
    """Whether the name is read anywhere."""
    return re.search(rf"(?<![\w.]){re.escape(root)}(?![\w])", repr([*primitives, first])) is not None
