"""A sentence becomes a document: understand, draft, validate, repair, explain. Read it from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flov7.generation.draft import Cost, Draft, Drafter, Earlier, Proposal, Question
from flov7.generation.explain import explain, manifest_lines
from flov7.generation.offline.drafter import OfflineDrafter
from flov7.kit.errors import FlowError
from flov7.language.catalogue import Catalogue
from flov7.language.diagnostics import Diagnostic, Severity
from flov7.language.front import Checked, check_value
from flov7.language.library import Library
from flov7.language.patch import apply_patch

ROUNDS = 3
"""How often a drafter is told what is wrong with what it made."""


async def draft(
    sentence: str,
    *,
    catalogue: Catalogue,
    earlier: Earlier | Mapping[str, Any] | None = None,
    library: Library | None = None,
    drafter: Drafter | None = None,
) -> Draft:
    """The draft of a workflow for a sentence. It never raises because of what the sentence says.

    `earlier` carries answers from turns before (see `conversations`). Without `drafter` it is the offline one:
    no network, the same words give the same document. A drafter that fails gives way to the offline one, and the
    draft says so.
    """
    asked = understand(sentence, earlier)
    proposal, used = await _proposed(asked, drafter or OfflineDrafter(), catalogue=catalogue, library=library)
    proposal, checked = await _valid(asked, proposal, used, catalogue=catalogue, library=library)
    return _explained(asked, proposal, checked, catalogue=catalogue)


async def edit(
    document: Mapping[str, Any],
    change: str,
    *,
    catalogue: Catalogue,
    answers: Mapping[str, str] | None = None,
    library: Library | None = None,
    drafter: Drafter | None = None,
) -> Draft:
    """The draft after a change in words; what the change does not speak of stays as it is."""
    earlier = Earlier(sentence=change, change=change, document=dict(document), answers=answers or {})
    return await draft(change, catalogue=catalogue, earlier=earlier, library=library, drafter=drafter)


def understand(sentence: str, earlier: Earlier | Mapping[str, Any] | None) -> Earlier:
    """What is asked for: the sentence, with what was agreed before."""
    known = earlier if isinstance(earlier, Earlier) or earlier is None else Earlier.model_validate(dict(earlier))
    if known is None:
        return Earlier(sentence=sentence)
    return known.model_copy(update={"sentence": sentence})


async def _proposed(
    asked: Earlier, drafter: Drafter, *, catalogue: Catalogue, library: Library | None
) -> tuple[Proposal, Drafter]:
    try:
        return await drafter.propose(asked, catalogue=catalogue, library=library), drafter
    except FlowError as problem:
        spare = OfflineDrafter()
        proposal = await spare.propose(asked, catalogue=catalogue, library=library)
        note = f"The model did not help ({problem.message.rstrip('.')}); this draft was made without it."
        return proposal.model_copy(update={"notes": (note, *proposal.notes)}), spare


async def _valid(
    asked: Earlier, proposal: Proposal, drafter: Drafter, *, catalogue: Catalogue, library: Library | None
) -> tuple[Proposal, Checked | None]:
    """Validate; mend what has a safe fix; tell the drafter of the rest, at most `ROUNDS` times."""
    proposal, checked = _mended(proposal, catalogue=catalogue, library=library)
    for _ in range(ROUNDS):
        if checked is None or not checked.has_errors:
            break
        try:
            better = await drafter.repair(
                asked, proposal=proposal, diagnostics=checked.diagnostics, catalogue=catalogue, library=library
            )
        except FlowError:
            better = None
        if better is None:
            break
        better = better.model_copy(update={"cost": _added(proposal.cost, better.cost)})
        proposal, checked = _mended(better, catalogue=catalogue, library=library)
    if checked is not None and checked.has_errors and drafter.name != "offline":
        spare = await OfflineDrafter().propose(asked, catalogue=catalogue, library=library)
        note = "What the model made does not hold, also after it was told why; this draft was made without it."
        spare = spare.model_copy(update={"notes": (note, *spare.notes), "cost": _added(proposal.cost, spare.cost)})
        return _mended(spare, catalogue=catalogue, library=library)
    return proposal, checked


def _mended(proposal: Proposal, *, catalogue: Catalogue, library: Library | None) -> tuple[Proposal, Checked | None]:
    """Check, and apply the fixes of errors as long as they help."""
    if proposal.document is None:
        return proposal, None
    document = proposal.document
    checked = check_value(document, catalogue, library=library)
    for _ in range(ROUNDS):
        fix = next((one.fix for one in checked.diagnostics if one.severity is Severity.ERROR and one.fix), None)
        if fix is None:
            break
        try:
            changed = apply_patch(document, fix)
        except FlowError:
            break
        again = check_value(changed, catalogue, library=library)
        if _errors(again) >= _errors(checked):
            break
        document, checked = changed, again
    return proposal.model_copy(update={"document": document}), checked


def _errors(checked: Checked) -> int:
    return sum(one.severity is Severity.ERROR for one in checked.diagnostics)


def _added(first: Cost, second: Cost) -> Cost:
    return Cost(
        calls=first.calls + second.calls,
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        seconds=round(first.seconds + second.seconds, 4),
    )


def _explained(asked: Earlier, proposal: Proposal, checked: Checked | None, *, catalogue: Catalogue) -> Draft:
    diagnostics = checked.diagnostics if checked else ()
    questions = (*proposal.questions, *_open(diagnostics))
    plan = checked.plan if checked else None
    return Draft(
        sentence=asked.sentence,
        document=proposal.document,
        diagnostics=diagnostics,
        explanation=explain(
            proposal.document, catalogue=catalogue, questions=[one.text for one in questions], notes=proposal.notes
        ),
        manifest=manifest_lines(plan.manifest) if plan else (),
        questions=questions,
        notes=proposal.notes,
        confidence=min(proposal.confidence, 0.3) if checked and checked.has_errors else proposal.confidence,
        drafter=proposal.drafter,
        cost=proposal.cost,
        earlier=asked.model_copy(update={"document": proposal.document}),
    )


def _open(diagnostics: tuple[Diagnostic, ...]) -> tuple[Question, ...]:
    """What validation still finds wrong, as questions: a draft with errors is never handed over as done."""
    return tuple(
        Question(key=f"mend.{at}", text=f"{one.message} {one.hint}".strip())
        for at, one in enumerate(diagnostics)
        if one.severity is Severity.ERROR
    )
