"""What is on the table while a document is made: names, questions, notes, connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flov7.generation.draft import Question, Sort
from flov7.generation.offline.slots import RESERVED
from flov7.generation.offline.words import snake
from flov7.language.catalogue import Catalogue
from flov7.language.library import Library


@dataclass
class Desk:
    """Collects while drafting. `answers` are what the person already said to questions, by their keys."""

    catalogue: Catalogue
    answers: Mapping[str, str]
    library: Library | None = None
    questions: list[Question] = field(default_factory=list[Question])
    notes: list[str] = field(default_factory=list[str])
    connections: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    doubt: float = 0.0
    _names: set[str] = field(default_factory=set[str])

    def name(self, wanted: str) -> str:
        """A name that is free in the document."""
        base = snake(wanted)
        base = f"{base}_step" if base in RESERVED else base
        chosen, count = base, 2
        while chosen in self._names:
            chosen, count = f"{base}_{count}", count + 1
        self._names.add(chosen)
        return chosen

    def ask(
        self, key: str, text: str, suggestions: Sequence[str], *, weight: float = 0.12, sort: Sort = Sort.OPEN
    ) -> str:
        """What the person answered, else the first suggestion, with the question kept. A key is asked once."""
        if key in self.answers:
            return self.answers[key]
        found = list(dict.fromkeys(suggestions))
        self.questions.append(Question(key=key, text=text, suggestions=tuple(found), sort=sort))
        self.doubt += weight
        return found[0]

    def note(self, text: str, *, weight: float = 0.0) -> None:
        """Something that was decided without being asked for."""
        if text not in self.notes:
            self.notes.append(text)
        self.doubt += weight

    def connect(self, name: str, *, service: str, credentials: str) -> str:
        """A connection of that name: the workspace's where it has one, else one in the document."""
        known = self.library.connections if self.library else {}
        if name not in known and name not in self.connections:
            self.connections[name] = {
                "type": "connection",
                "name": self.name(name),
                "service": service,
                "credentials": {"type": credentials, "secret": name},
            }
        return name
