"""What generation hands over: the document with everything that a person should know of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator

from flov7.generation.dryrun import DryRun
from flov7.language.catalogue import Catalogue
from flov7.language.diagnostics import Diagnostic, Severity
from flov7.language.library import Library
from flov7.marketplace.complexity import Complexity


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sort(StrEnum):
    """What a question is about, and so whether a draft is done without its answer."""

    OPEN = "open"
    """What shall be done is not clear: the draft is not done before it is answered."""
    SETUP = "setup"
    """What is done is clear; an address, a place or an account has to be named before it goes live."""
    ASSUMED = "assumed"
    """The likeliest was taken and is told; say so where it is otherwise."""


class Question(_Frozen):
    """What the sentence leaves open. The document holds the first suggestion until it is answered."""

    key: str = Field(description="Stable within a conversation: `step.setting`.")
    text: str = Field(description="The question in plain words.")
    suggestions: tuple[str, ...] = Field(default=(), description="Answers that would do; the first one is in use.")
    sort: Sort = Field(default=Sort.OPEN, description="`open`, `setup` (before it goes live), or `assumed`.")


class Cost(_Frozen):
    """What the draft took: calls and tokens of a model, and seconds. All 0 tokens offline."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    dollars: float | None = Field(default=None, description="US dollars, where the model's price is known.")


class Earlier(_Frozen):
    """What was agreed before in a conversation, as plain JSON: the request so far, answers, the last document."""

    sentence: str
    answers: Mapping[str, str] = Field(default_factory=dict)
    document: dict[str, Any] | None = None
    change: str | None = Field(default=None, description="A change of `document`, in words; left out: a new document.")

    @field_validator("sentence", "change", mode="before")
    @classmethod
    def _is_text(cls, value: str | None) -> str | None:
        """Half of a surrogate pair is no text that JSON can carry."""
        return value.encode("utf-8", "replace").decode() if value is not None else None


class Proposal(_Frozen):
    """What a drafter makes, before it is validated."""

    document: dict[str, Any] | None
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = Field(default=(), description="What was decided without being asked for.")
    confidence: float = Field(default=0.9, ge=0.0, le=1.0)
    cost: Cost = Cost()
    drafter: str = "offline"


class Draft(_Frozen):
    """A document with what one should know of it. `document` is None where nothing could be made of the words.

    `explanation` is in plain language, `manifest` lists what the workflow touches, `confidence` goes from 0 to 1,
    `earlier` is what the next turn takes.
    """

    sentence: str
    document: dict[str, Any] | None
    diagnostics: tuple[Diagnostic, ...] = ()
    explanation: str = ""
    manifest: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    confidence: float = 0.0
    drafter: str = "offline"
    cost: Cost = Cost()
    diff: tuple[str, ...] = Field(default=(), description="What changed against the document before, in words.")
    complexity: Complexity | None = None
    dry_run: DryRun | None = None
    told: tuple[str, ...] = Field(default=(), description="Who hears of it when a run fails.")
    earlier: Earlier

    @property
    def is_finished(self) -> bool:
        """Whether what shall be done is clear: nothing is open but what is set before it goes live."""
        return self.document is not None and not any(one.sort is Sort.OPEN for one in self.questions)

    @property
    def is_valid(self) -> bool:
        """Whether there is a document without errors."""
        return self.document is not None and not any(one.severity is Severity.ERROR for one in self.diagnostics)


class Drafter(Protocol):
    """Makes a document of a request.

    Promises: it never raises because of what the sentence says; what it returns names only kinds of the
    catalogue; where it can make nothing of the words, `document` is None and a question says what is missing.
    May raise Unavailable where something outside that it needs does not answer.
    """

    @property
    def name(self) -> str:
        """`offline`, or the model's name."""
        ...

    async def propose(self, earlier: Earlier, *, catalogue: Catalogue, library: Library | None = None) -> Proposal:
        """A document for `earlier.sentence`, with `earlier.answers` taken as said."""
        ...

    async def repair(
        self,
        earlier: Earlier,
        *,
        proposal: Proposal,
        diagnostics: tuple[Diagnostic, ...],
        catalogue: Catalogue,
        library: Library | None = None,
    ) -> Proposal | None:
        """A better one, told what is wrong; None where it can do no better."""
        ...
