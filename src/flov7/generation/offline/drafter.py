"""The offline drafter: sentence in, proposal out; the same words always give the same document."""

from __future__ import annotations

import re
import time

from flov7.generation.draft import Cost, Earlier, Proposal, Question
from flov7.generation.offline import lexicon
from flov7.generation.offline.building import Builder
from flov7.generation.offline.clauses import split
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.index import index_of
from flov7.generation.offline.structure import meaning
from flov7.generation.offline.words import Word, closed, read
from flov7.language.catalogue import Catalogue
from flov7.language.diagnostics import Diagnostic
from flov7.language.library import Library

LONGEST = 4000
_STARTS = "trigger.kind"
_SURE, _LEAST = 0.95, 0.1
_EXAMPLE = "When a form is submitted, save it to the database, then e-mail the sender."


class OfflineDrafter:
    """Keeps the promises of the port `Drafter`; needs nothing outside and never raises."""

    name = "offline"

    async def propose(self, earlier: Earlier, *, catalogue: Catalogue, library: Library | None = None) -> Proposal:
        """A document of the sentence, with the answers in their places."""
        return propose(earlier, catalogue=catalogue, library=library)

    async def repair(
        self,
        earlier: Earlier,
        *,
        proposal: Proposal,
        diagnostics: tuple[Diagnostic, ...],
        catalogue: Catalogue,
        library: Library | None = None,
    ) -> Proposal | None:
        """None: the same words give the same document. Fixes of diagnostics are applied before this is asked."""
        return None


def propose(earlier: Earlier, *, catalogue: Catalogue, library: Library | None = None) -> Proposal:
    """The proposal of the offline drafter, without waiting for anything."""
    began = time.perf_counter()
    sentence = " ".join(earlier.sentence.split())
    words = read(sentence[:LONGEST])
    refused = _refusal(sentence, words)
    if refused is not None:
        return Proposal(document=None, questions=(refused,), confidence=0.0, cost=Cost(seconds=_since(began)))
    index = index_of(catalogue)
    verbs = lexicon.VERBS | index.verbs
    desk = Desk(catalogue=catalogue, answers=earlier.answers, library=library)
    understood = meaning(split(words, verbs=verbs))
    document = Builder(desk, index, sentence=sentence).document(understood)
    questions = tuple(desk.questions)
    if document is None:
        said = tuple(one for one in questions if one.key != _STARTS)
        questions = said if said and (understood.trigger or understood.clock) else (_no_step(),)
    confidence = max(_LEAST, round(_SURE - desk.doubt, 2)) if document else 0.0
    return Proposal(
        document=document,
        questions=questions,
        notes=tuple(desk.notes),
        confidence=confidence,
        cost=Cost(seconds=_since(began)),
    )


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 4)


def _refusal(sentence: str, words: tuple[Word, ...]) -> Question | None:
    """What is asked where the text is no request that can be read here."""
    if not words or not re.search(r"\w", sentence):
        return Question(
            key="sentence", text="What shall happen, and when? One sentence is enough.", suggestions=(_EXAMPLE,)
        )
    if len(sentence) > LONGEST:
        text = f"That is longer than the {LONGEST:,} characters that I read at once. What is it in a few sentences?"
        return Question(key="sentence", text=text, suggestions=(_EXAMPLE,))
    if not _is_english(words):
        text = "Without a model I understand English only. Could you say it in English, or connect a model?"
        return Question(key="sentence", text=text, suggestions=(_EXAMPLE,))
    return None


def _no_step() -> Question:
    text = (
        "I found nothing to do in this. What shall happen, and what shall start it? (Without a model I understand "
        "English only.)"
    )
    return Question(key="sentence", text=text, suggestions=(_EXAMPLE,))


_FUNCTION = (
    lexicon.DETERMINERS | lexicon.PREPOSITIONS | lexicon.COPULAS | lexicon.PRONOUNS | lexicon.VERBS
    | closed(
    "and or if when then else unless daily hourly weekly"
)
)  # fmt: skip
_FOREIGN = closed(
    "der die das und wenn eine einen ein ist nicht mit dann bei für jeden jede le la les une des quand si est "
    "avec pour chaque puis el los las una cuando cada con por entonces il gli quando ogni poi het een als "
    "elke en och när om jag wenn dem den schicke sende envoie envía manda"
)


def _is_english(words: tuple[Word, ...]) -> bool:
    plain = [word.low for word in words if word.sort in ("word", "number")]
    if not plain:
        return any(word.sort in ("url", "quoted") for word in words)
    known = sum(low in _FUNCTION for low in plain)
    foreign = sum(low in _FOREIGN or not low.isascii() for low in plain)
    return foreign == 0 or (known > 0 and foreign <= max(1, known) and known >= foreign * 2)
