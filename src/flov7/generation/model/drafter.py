"""The model drafter: one structured call, and at most as many more as the pipeline sends it back."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from flov7.generation.draft import Cost, Earlier, Proposal, Question
from flov7.generation.model.reading import read_confidence, read_document, read_notes, read_questions
from flov7.generation.model.schema import document_schema, guide
from flov7.language.catalogue import Catalogue
from flov7.language.diagnostics import Diagnostic, Severity
from flov7.language.library import Library
from flov7.llm.answers import Answer, Turn
from flov7.marketplace.adapting import filled
from flov7.marketplace.builtin import builtin
from flov7.marketplace.complexity import Complexity, complexity
from flov7.marketplace.searching import search

LONGEST = 20_000
_HARD = (Complexity.COMPLEX, Complexity.ENTERPRISE, Complexity.ADVANCED)
_TEMPLATES = 2
_JOINTS = re.compile(
    r"\b(?:if|then|otherwise|else|each|every|until|and|after|when|wait|approv\w*)\b|[,;.]", re.IGNORECASE
)
_NAME = "flow7_document"


class Model(Protocol):
    """What is needed of `llm.client.ModelClient`."""

    @property
    def model(self) -> str:
        """The model that is asked."""
        ...

    async def structured(
        self,
        turns: Sequence[Turn],
        *,
        schema: dict[str, Any],
        name: str,
        model: str | None = None,
        most: int | None = None,
    ) -> Answer:
        """A value that fits the schema. Raises Unavailable, Misconfigured."""
        ...


class ModelDrafter:
    """Keeps the promises of the port `Drafter`; raises what the model's client raises, and the pipeline falls back."""

    def __init__(
        self,
        client: Model,
        *,
        model: str | None = None,
        strong: str | None = None,
        closes: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`model` is for simple requests and changes, `strong` for those that speak of much; left out, the client's.

        `closes` gives back what the way to the model holds open.
        """
        self._closes = closes
        self._client = client
        self._model = model
        self._strong = strong

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model or self._client.model

    async def close(self) -> None:
        """Give the connections back."""
        if self._closes is not None:
            await self._closes()

    async def propose(self, earlier: Earlier, *, catalogue: Catalogue, library: Library | None = None) -> Proposal:
        """One call. Raises Unavailable, Misconfigured."""
        return await self._ask(_first(earlier, catalogue, library), catalogue, model=self._for(earlier))

    async def repair(
        self,
        earlier: Earlier,
        *,
        proposal: Proposal,
        diagnostics: tuple[Diagnostic, ...],
        catalogue: Catalogue,
        library: Library | None = None,
    ) -> Proposal | None:
        """One more call, with what was wrong. Raises Unavailable, Misconfigured."""
        wrong = [
            {"where": one.where, "code": one.code, "message": one.message, "mend": one.hint}
            for one in diagnostics
            if one.severity is Severity.ERROR
        ]
        again = "The document does not hold. Mend this and give the whole again:\n" + json.dumps(wrong)
        turns: list[Turn] = [
            *_first(earlier, catalogue, library),
            {"role": "assistant", "content": json.dumps(proposal.document)},
            {"role": "user", "content": again},
        ]
        return await self._ask(turns, catalogue, model=self._strong or self._model)

    def _for(self, earlier: Earlier) -> str | None:
        """Changes and short requests are simple; what speaks of many steps needs the strong model."""
        if self._strong is None or earlier.change is not None:
            return self._model
        return self._strong if likely(earlier.sentence) in _HARD else self._model

    async def _ask(self, turns: Sequence[Turn], catalogue: Catalogue, *, model: str | None) -> Proposal:
        answer = await self._client.structured(turns, schema=document_schema(catalogue), name=_NAME, model=model)
        value: dict[str, Any] = answer.value if isinstance(answer.value, dict) else {}
        document = read_document(value, catalogue)
        questions = read_questions(value)
        if document is None and not questions:
            questions = (Question(key="sentence", text="What shall happen, and what shall start it?"),)
        return Proposal(
            document=document,
            questions=questions,
            notes=read_notes(value),
            confidence=read_confidence(value) if document else 0.0,
            drafter=answer.model or self.name,
            cost=Cost(
                calls=1 if answer.usage.input_tokens or answer.usage.output_tokens or answer.seconds else 0,
                input_tokens=answer.usage.input_tokens,
                output_tokens=answer.usage.output_tokens,
                seconds=answer.seconds,
                dollars=0.0 if answer.known else answer.cost,
            ),
        )


def likely(sentence: str) -> Complexity:
    """The class that a request will probably have, by how many parts its sentence has."""
    parts = 1 + len(_JOINTS.findall(sentence))
    return complexity({"primitives": [{"name": str(at)} for at in range(parts)]})


def _first(earlier: Earlier, catalogue: Catalogue, library: Library | None) -> list[Turn]:
    """The rules and kinds first, which are equal in every call and so come from the maker's cache."""
    kinds = "\n".join(
        f"- {kind.key}: {kind.summary} {kind.confused_with}".rstrip() for kind in catalogue.kinds.values() if kind.built
    )
    request: dict[str, Any] = {"request": earlier.sentence[:LONGEST]}
    if earlier.answers:
        request["answers"] = dict(earlier.answers)
    if earlier.document is not None:
        request["document_so_far"] = earlier.document
    if earlier.change is not None:
        request["change_of_document_so_far"] = earlier.change[:LONGEST]
    near = [one for score, one in search(builtin().values(), earlier.sentence, limit=_TEMPLATES) if score > 0]
    if near and earlier.change is None:
        request["templates_that_may_help"] = [{"prompt": one.prompt, "document": filled(one)} for one in near]
    if library is not None:
        request["workspace"] = {
            "connections": sorted(library.connections),
            "message_templates": sorted(library.templates),
            "workflows": sorted(library.workflows),
        }
    return [
        {"role": "system", "content": f"{guide()}\n\nThe kinds:\n{kinds}"},
        {"role": "user", "content": json.dumps(request, ensure_ascii=False)},
    ]
