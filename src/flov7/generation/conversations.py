"""Conversations: a turn answers an open question or changes the request; the state is plain JSON.

Everything follows from the turns: the request so far and the answers are found again by reading them in order, so
a conversation survives a restart with nothing kept but what was said. With a model drafter only the last turn
reaches the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flov7.generation.draft import Draft, Drafter, Earlier, Question
from flov7.generation.generate import draft
from flov7.generation.offline.drafter import OfflineDrafter, propose
from flov7.language.catalogue import Catalogue
from flov7.language.library import Library

_FRESH = re.compile(r"^\s*(start over|new workflow|forget (it|that)|instead,? make)\b[:,. ]*", re.IGNORECASE)
_MORE = re.compile(
    r"^\s*(and|also|then|after that|finally|plus|otherwise|if|unless|but|retry|tell|in addition)\b", re.IGNORECASE
)
_IS = re.compile(r"^\s*(?P<what>.{3,}?)\s+(?:is|are|should be|=|:)\s+(?P<value>.+?)\s*[.!]?\s*$", re.IGNORECASE)
_SMALL = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "are",
        "of",
        "to",
        "for",
        "at",
        "in",
        "my",
        "our",
        "your",
        "its",
        "what",
        "where",
        "which",
        "who",
        "shall",
        "will",
        "be",
        "it",
        "does",
        "do",
    ]
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One turn's answer, as the gateway keeps it: what is said, the document, the open questions in words."""

    text: str
    document: dict[str, Any] | None
    questions: tuple[str, ...]
    draft: Draft


class Conversations:
    """Answers turns. It keeps nothing itself."""

    def __init__(self, *, catalogue: Catalogue, drafter: Drafter | None = None) -> None:
        self._catalogue = catalogue
        self._drafter = drafter or OfflineDrafter()

    async def reply(
        self, conversation: Sequence[Mapping[str, Any]], text: str, *, library: Library | None = None
    ) -> Reply:
        """The next draft. `conversation` is `{role, text, document?}` in order, without the new `text`."""
        state: Earlier | None = None
        document: dict[str, Any] | None = None
        for turn in conversation:
            if turn.get("role") == "user":
                state = self.next(state, str(turn.get("text", "")), library=library)
            elif turn.get("document") is not None:
                document = turn["document"]
        before = state
        state = self.next(state, text, library=library).model_copy(update={"document": document})
        made = await draft(
            state.sentence, catalogue=self._catalogue, earlier=state, library=library, drafter=self._drafter
        )
        return Reply(_words(before, state, made), made.document, tuple(_shown(one) for one in made.questions), made)

    def next(self, state: Earlier | None, text: str, *, library: Library | None = None) -> Earlier:
        """The request after one more turn: answered, added to, or begun anew."""
        if state is None or _FRESH.match(text):
            return Earlier(sentence=_FRESH.sub("", text).strip() or text)
        made = propose(state, catalogue=self._catalogue, library=library)
        if made.document is None and self._drafter.name == "offline":
            return Earlier(sentence=text)
        answered = answers(text, [one for one in made.questions if one.key != "sentence"])
        if answered:
            return state.model_copy(update={"answers": {**state.answers, **answered}})
        joint = ", " if re.match(r"\s*(and|but)\b", text, re.IGNORECASE) else ". "
        return state.model_copy(update={"sentence": state.sentence.rstrip(" .") + joint + text.strip()})


def answers(text: str, questions: Sequence[Question]) -> dict[str, str]:
    """Which open questions a text answers: by number, by their words (`the address is …`), or the only one."""
    numbered = re.findall(r"(?m)^\s*(\d+)[.):]\s*(\S.*?)\s*$", text)
    if numbered:
        return {questions[int(n) - 1].key: value for n, value in numbered if 0 < int(n) <= len(questions)}
    if _MORE.match(text) or not questions:
        return {}
    match = _IS.match(text)
    if match:
        best = max(questions, key=lambda one: _shared(match["what"], one.text))
        if _shared(match["what"], best.text) > 0 or len(questions) == 1:
            return {best.key: _value(match["value"])}
        return {}
    plain = text.strip().rstrip(".")
    for question in questions:
        if plain.lower() in (one.lower() for one in question.suggestions):
            return {question.key: plain}
    short = len(plain.split()) <= 5
    if short and plain.lower() in ("yes", "ok", "okay", "right", "that is right", "fine"):
        return {one.key: one.suggestions[0] for one in questions if one.suggestions}
    return {questions[0].key: _value(plain)} if short and len(questions) == 1 else {}


def _value(text: str) -> str:
    found = re.fullmatch(r"[`\"“](.*)[`\"”]", text.strip())
    return found[1] if found else text.strip()


def _shared(said: str, question: str) -> int:
    return len(_terms(said) & _terms(question))


def _terms(text: str) -> set[str]:
    plain = text.lower().replace("e-mail", "email").replace("'s", "")
    return {word.rstrip("s") for word in re.findall(r"[a-z0-9]+", plain)} - _SMALL


def _shown(question: Question) -> str:
    if not question.suggestions:
        return question.text
    return f"{question.text} (in use: {question.suggestions[0]})"


def _words(before: Earlier | None, after: Earlier, made: Draft) -> str:
    if made.document is None:
        return made.explanation
    opening = "Here is a draft."
    if before is not None:
        opening = "Noted." if after.sentence == before.sentence else "Changed."
    return f"{opening}\n\n{made.explanation}"
