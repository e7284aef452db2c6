"""The offline drafter: sentence in, proposal out; the same words always give the same document."""

from __future__ import annotations

import time
from typing import Any

from flov7.generation.draft import Cost, Earlier, Proposal, Question
from flov7.generation.offline import lexicon
from flov7.generation.offline.additions import additions
from flov7.generation.offline.building import Builder
from flov7.generation.offline.clauses import split
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.index import index_of
from flov7.generation.offline.operations.drafting import changed, created
from flov7.generation.offline.operations.vocabulary import vocabulary_of
from flov7.generation.offline.phrasing import plain
from flov7.generation.offline.refusing import EXAMPLE, LONGEST, refusal
from flov7.generation.offline.services import spoken_of
from flov7.generation.offline.structure import meaning
from flov7.generation.offline.trust import sure
from flov7.generation.offline.words import read
from flov7.language.catalogue import Catalogue
from flov7.language.diagnostics import Diagnostic
from flov7.language.library import Library
from flov7.marketplace.complexity import primitives

_STARTS = "trigger.kind"
_UNCHANGED = "change.step"
_SURE, _LEAST = 0.95, 0.1


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
    sentence = " ".join((earlier.change or earlier.sentence).split())
    words = read(sentence[:LONGEST])
    refused = refusal(sentence, words)
    if refused is not None:
        kept = earlier.document if earlier.change is not None else None
        return Proposal(document=kept, questions=(refused,), confidence=0.0, cost=Cost(seconds=_since(began)))
    desk = Desk(catalogue=catalogue, answers=earlier.answers, library=library)
    if earlier.change is not None and earlier.document is not None:
        return _changed(earlier, earlier.document, desk, began=began)
    if _is_all_services(catalogue):
        made = created(earlier.sentence, desk=desk, vocabulary=vocabulary_of(catalogue))
        if made is not None:
            return _proposal(made, desk, began=began)
        desk = Desk(catalogue=catalogue, answers=earlier.answers, library=library)
    index = index_of(catalogue)
    verbs = lexicon.VERBS | index.verbs
    understood = meaning(split(read(plain(sentence[:LONGEST])), verbs=verbs))
    document = Builder(desk, index, sentence=sentence).document(understood)
    questions = tuple(desk.questions)
    if document is None:
        said = tuple(one for one in questions if one.key != _STARTS)
        questions = said if said and (understood.trigger or understood.clock) else (_no_step(),)
    made = _proposal(document, desk, began=began, questions=questions)
    if document is None:
        return made
    return made.model_copy(update={"confidence": sure(sentence, document, questions)})


def _proposal(
    document: dict[str, Any] | None, desk: Desk, *, began: float, questions: tuple[Question, ...] | None = None
) -> Proposal:
    return Proposal(
        document=document,
        questions=tuple(desk.questions) if questions is None else questions,
        notes=tuple(desk.notes),
        confidence=max(_LEAST, round(_SURE - desk.doubt, 2)) if document else 0.0,
        cost=Cost(seconds=_since(began)),
    )


def _changed(earlier: Earlier, document: dict[str, Any], desk: Desk, *, began: float) -> Proposal:
    """The document with the change made; as it was, with a question, where nothing was found to change."""
    words, change = read(str(earlier.change)), str(earlier.change)[:LONGEST]
    if _is_all_services(desk.catalogue):
        made = changed(document, change, desk=desk, vocabulary=vocabulary_of(desk.catalogue))
    else:
        used = [
            str(one.get("kind")) for one in primitives(document.get("primitives", [])) if "." in str(one.get("kind"))
        ]
        near = spoken_of(words, desk.catalogue, used=used)
        made = changed(document, change, desk=desk, vocabulary=near,
                       maker=lambda words: additions(words, desk=desk, document=document))  # fmt: skip
    if made is None:
        desk.ask(
            _UNCHANGED,
            f"I do not see what “{earlier.change}” would change. Which step do you mean?",
            _steps(document),
            weight=0.5,
        )
    return _proposal(made or document, desk, began=began)


def _steps(document: dict[str, Any]) -> list[str]:
    named = [str(one.get("name")) for one in document.get("primitives", []) if one.get("type") != "connection"]
    return named[:6] or ["the first one"]


def _is_all_services(catalogue: Catalogue) -> bool:
    """Whether the catalogue has nothing but operations of services that could be done."""
    return bool(catalogue.shelves) and catalogue.get("action", "email_send") is None


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 4)


def _no_step() -> Question:
    text = (
        "I found nothing to do in this. What shall happen, and what shall start it? (Without a model I understand "
        "English only.)"
    )
    return Question(key="sentence", text=text, suggestions=(EXAMPLE,))
