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

from flov7.generation import telling
from flov7.generation.draft import Draft, Drafter, Earlier, Question, Sort
from flov7.generation.explain import explain
from flov7.generation.generate import Progress, differences, draft, edit
from flov7.generation.offline.drafter import OfflineDrafter, propose
from flov7.language.catalogue import Catalogue
from flov7.language.front import check_value
from flov7.language.library import Library
from flov7.marketplace.complexity import complexity

_FRESH = re.compile(r"^\s*(start over|new workflow|forget (it|that)|instead,? make)\b[:,. ]*", re.IGNORECASE)
_UNDO = re.compile(r"^\s*(undo|revert|go back|take (that|it) back|never mind)\b", re.IGNORECASE)
_CHANGE = re.compile(
    r"^\s*(please\s+|also\s+)?(remove|delete the|replace|swap|move|don't|do not|no need|skip|leave out|get rid of|take out|"
    r"change (the|it)|use\b.*\binstead|before\b|after (the|sending|creating|updating|deleting|saving|\w+ing)\b|as the (first|last)|"
    r"instead of|add a step)|\binstead\b|\bat the (very )?(beginning|end)\b|\bbefore the\b.*\b(step|message|e-?mail|call)\b",
    re.IGNORECASE,
)
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

    @property
    def details(self) -> dict[str, Any]:
        """What people see beside the document: what changed, what it touches, how sure it is, what it took."""
        made = self.draft
        return {
            "diff": list(made.diff),
            "explanation": made.explanation,
            "manifest": list(made.manifest),
            "open": [one.model_dump(mode="json") for one in made.questions],
            "confidence": made.confidence,
            "complexity": made.complexity.value if made.complexity else None,
            "dry_run": made.dry_run.model_dump(mode="json") if made.dry_run else None,
            "cost": made.cost.model_dump(mode="json"),
            "drafter": made.drafter,
            "told": list(made.told),
            "alerts": made.earlier.answers.get(telling.KEY),
        }


class Conversations:
    """Answers turns. It keeps nothing itself."""

    def __init__(self, *, catalogue: Catalogue, drafter: Drafter | None = None) -> None:
        self._catalogue = catalogue
        self._drafter = drafter or OfflineDrafter()

    async def reply(
        self,
        conversation: Sequence[Mapping[str, Any]],
        text: str,
        *,
        library: Library | None = None,
        progress: Progress | None = None,
    ) -> Reply:
        """The next draft. `conversation` is `{role, text, document?}` in order, without the new `text`.

        A text that asks for a change changes the last draft and nothing else in it; `undo` brings the one before
        back; all else answers a question or goes on with the request.
        """
        state, documents = self._so_far(conversation, library=library)
        last = documents[-1] if documents else None
        if _UNDO.match(text) and len(documents) > 1:
            return self._back(text, documents[-2], last)
        if last is not None and is_change(text) and not _FRESH.match(text):
            made = await edit(
                last, text, catalogue=self._catalogue, library=library, drafter=self._drafter, progress=progress
            )
            said = "Changed." if made.document != last else "Nothing was changed."
            return _reply(f"{said}\n\n{made.explanation}", made)
        before = state
        state = self.next(state, text, library=library).model_copy(update={"document": last})
        made = await draft(
            state.sentence, catalogue=self._catalogue, earlier=state, library=library, drafter=self._drafter,
            progress=progress,
        )  # fmt: skip
        return _reply(_words(before, state, made), made)

    def _so_far(
        self, conversation: Sequence[Mapping[str, Any]], *, library: Library | None
    ) -> tuple[Earlier | None, list[dict[str, Any]]]:
        """The request as it stands, and the drafts in order, each told from the one before."""
        state: Earlier | None = None
        documents: list[dict[str, Any]] = []
        for turn in conversation:
            text = str(turn.get("text", ""))
            if turn.get("role") == "user" and not (documents and (is_change(text) or _UNDO.match(text))):
                state = self.next(state, text, library=library)
            elif turn.get("document") is not None and turn["document"] != (documents[-1] if documents else None):
                documents.append(turn["document"])
        return state, documents

    def _back(self, text: str, document: dict[str, Any], last: dict[str, Any] | None) -> Reply:
        """The draft before the last, as it was."""
        checked = check_value(document, self._catalogue)
        told = explain(document, catalogue=self._catalogue, questions=(), notes=())
        made = Draft(sentence=text, document=document, diagnostics=checked.diagnostics, explanation=told,
                     diff=differences(last, document), confidence=1.0, complexity=complexity(document),
                     earlier=Earlier(sentence=text, document=document))  # fmt: skip
        return _reply(f"That is as it was before.\n\n{told}", made)

    def next(self, state: Earlier | None, text: str, *, library: Library | None = None) -> Earlier:
        """The request after one more turn: answered, added to, or begun anew."""
        if state is None or _FRESH.match(text):
            return Earlier(sentence=_FRESH.sub("", text).strip() or text)
        made = propose(state, catalogue=self._catalogue, library=library)
        if made.document is None and self._drafter.name == "offline":
            return Earlier(sentence=text)
        asked = [one for one in made.questions if one.key != "sentence"]
        answered = answers(text, asked) or telling.answered(text, number=len(asked) + 1)
        if answered:
            return state.model_copy(update={"answers": {**state.answers, **answered}})
        joint = ", " if re.match(r"\s*(and|but)\b", text, re.IGNORECASE) else ". "
        return state.model_copy(update={"sentence": state.sentence.rstrip(" .") + joint + text.strip()})


def is_change(text: str) -> bool:
    """Whether a text speaks of the draft: remove, replace, instead, before this step, another condition."""
    return bool(_CHANGE.search(text))


def _reply(text: str, made: Draft) -> Reply:
    return Reply(text, made.document, tuple(_shown(one) for one in made.questions), made)


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
    if question.sort is Sort.ASSUMED:
        return f"{question.text} (in use: {question.suggestions[0]})"
    return f"{question.text} (for example: {question.suggestions[0]})"


def _words(before: Earlier | None, after: Earlier, made: Draft) -> str:
    if made.document is None:
        return made.explanation
    opening = "Here is a draft."
    if before is not None:
        opening = "Noted." if after.sentence == before.sentence else "Changed."
    return f"{opening}\n\n{made.explanation}"
