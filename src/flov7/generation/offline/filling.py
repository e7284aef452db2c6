"""What a filler gets and gives: one step's words, and the settings that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flov7.generation.offline.slots import Scope
from flov7.generation.offline.words import Word
from flov7.language.catalogue import KindSpec


@dataclass(frozen=True, slots=True)
class Wish:
    """A step to be filled: its kind, its name, its words (the verb first), and what they can speak of.

    `handles`: it is done where another step failed. `title` is the workflow's own.
    """

    kind: KindSpec
    name: str
    words: Sequence[Word]
    scope: Scope
    handles: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """Settings, further fields beside them, and what later steps may call the output.

    `before` are primitives that have to stand before it. `result` is the path below the step's name that holds what was asked for.
    """

    config: dict[str, Any]
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    noun: str | None = None
    result: str | None = None
    before: tuple[dict[str, Any], ...] = ()
