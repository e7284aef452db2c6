"""A sentence becomes a document: understand, shortlist, draft, validate, repair, dry-run, explain.

Read it from top to bottom. A change of a document goes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from flov7.generation import telling
from flov7.generation.draft import Cost, Draft, Drafter, Earlier, Proposal, Question
from flov7.generation.dryrun import DryRun, dry_run
from flov7.generation.explain import explain, manifest_lines
from flov7.generation.offline.drafter import OfflineDrafter
from flov7.generation.retrieval import from_template
from flov7.generation.shortlist import shortlist
from flov7.kit.errors import FlowError
from flov7.language.catalogue import Catalogue
from flov7.language.diagnostics import Diagnostic, Report, Severity
from flov7.language.diff import diff
from flov7.language.front import Checked, check_value
from flov7.language.library import Library
from flov7.language.parse import parse_value
from flov7.language.patch import apply_patch
from flov7.marketplace.builtin import builtin
from flov7.marketplace.complexity import complexity
from flov7.marketplace.template import Template
from flov7.primitives.registry import registry


class Stage(StrEnum):
    """Where the making of a draft is, as people see it while they wait."""

    UNDERSTAND = "understand"
    SHORTLIST = "shortlist"
    DRAFT = "draft"
    VALIDATE = "validate"
    REPAIR = "repair"
    DRY_RUN = "dry_run"
    EXPLAIN = "explain"


Progress = Callable[[Stage], None]

_UNSURE = 0.1
ROUNDS = 3
"""How often a drafter is told what is wrong with what it made."""


async def draft(
    sentence: str,
    *,
    catalogue: Catalogue,
    earlier: Earlier | Mapping[str, Any] | None = None,
    library: Library | None = None,
    drafter: Drafter | None = None,
    progress: Progress | None = None,
    templates: Mapping[str, Template] | None = None,
) -> Draft:
    """The draft of a workflow for a sentence. It never raises because of what the sentence says.

    `earlier` carries answers from turns before (see `conversations`). Without `drafter` it is the offline one:
    no network, the same words give the same document. A drafter that fails gives way to the offline one, and the
    draft says so. `progress` is told as each stage begins. `templates` are looked through for one that the sentence
    asks for; left out, those that come with the product, and none where it is empty.
    """
    tell = progress or _silent
    tell(Stage.UNDERSTAND)
    asked = understand(sentence, earlier)
    tell(Stage.SHORTLIST)
    maker = drafter or OfflineDrafter()
    choice = shortlist(asked, catalogue, library=library, wide=maker.name != "offline")
    tell(Stage.DRAFT)
    proposal, used = await _proposed(asked, maker, catalogue=choice, library=library)
    if proposal.drafter == "offline" and asked.change is None:
        proposal = from_template(asked, proposal, builtin() if templates is None else templates)
    tell(Stage.VALIDATE)
    proposal, checked = await _valid(asked, proposal, used, catalogue=choice, library=library, tell=tell)
    tell(Stage.DRY_RUN)
    tried = _tried(proposal, checked, catalogue=choice)
    tell(Stage.EXPLAIN)
    return _explained(asked, proposal, checked, tried, catalogue=choice, library=library)


async def edit(
    document: Mapping[str, Any],
    change: str,
    *,
    catalogue: Catalogue,
    answers: Mapping[str, str] | None = None,
    library: Library | None = None,
    drafter: Drafter | None = None,
    progress: Progress | None = None,
) -> Draft:
    """The draft after a change in words; what the change does not speak of stays as it is."""
    earlier = Earlier(sentence=change, change=change, document=dict(document), answers=answers or {})
    return await draft(
        change, catalogue=catalogue, earlier=earlier, library=library, drafter=drafter, progress=progress
    )


def understand(sentence: str, earlier: Earlier | Mapping[str, Any] | None) -> Earlier:
    """What is asked for: the sentence, with what was agreed before."""
    known = earlier if isinstance(earlier, Earlier) or earlier is None else Earlier.model_validate(dict(earlier))
    if known is None:
        return Earlier(sentence=sentence)
    return known.model_copy(update={"sentence": Earlier(sentence=sentence).sentence})


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
    asked: Earlier,
    proposal: Proposal,
    drafter: Drafter,
    *,
    catalogue: Catalogue,
    library: Library | None,
    tell: Progress,
) -> tuple[Proposal, Checked | None]:
    """Validate; mend what has a safe fix; tell the drafter of the rest, at most `ROUNDS` times."""
    proposal, checked = _mended(proposal, catalogue=catalogue, library=library)
    for _ in range(ROUNDS):
        if checked is None or not checked.has_errors:
            break
        tell(Stage.REPAIR)
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
        dollars=None if first.dollars is None or second.dollars is None else round(first.dollars + second.dollars, 6),
    )


def _tried(proposal: Proposal, checked: Checked | None, *, catalogue: Catalogue) -> DryRun | None:
    """A run with made-up inputs of what holds; None where nothing does."""
    if proposal.document is None or checked is None or checked.plan is None or checked.has_errors:
        return None
    return dry_run(checked.plan, proposal.document, catalogue=catalogue, kinds=registry())


def _explained(
    asked: Earlier,
    proposal: Proposal,
    checked: Checked | None,
    tried: DryRun | None,
    *,
    catalogue: Catalogue,
    library: Library | None,
) -> Draft:
    diagnostics = checked.diagnostics if checked else ()
    questions = (*proposal.questions, *_open(diagnostics), *_fallen(tried))
    plan = checked.plan if checked else None
    bare = telling.unhandled(plan.manifest, proposal.document) if plan and proposal.document else ()
    people = telling.told(asked, library)
    if bare and not people:
        questions = (*questions, telling.QUESTION)
    notes = (*proposal.notes, *(one for one in [telling.said(bare, people)] if one))
    return Draft(
        sentence=asked.sentence,
        document=proposal.document,
        diagnostics=diagnostics,
        explanation=explain(
            proposal.document, catalogue=catalogue, questions=[one.text for one in questions], notes=notes
        ),
        manifest=manifest_lines(plan.manifest) if plan else (),
        questions=questions,
        notes=notes,
        told=people,
        confidence=_sure(proposal, checked, tried),
        drafter=proposal.drafter,
        cost=proposal.cost,
        diff=differences(asked.document, proposal.document),
        complexity=complexity(proposal.document) if proposal.document else None,
        dry_run=tried,
        earlier=asked.model_copy(update={"document": proposal.document}),
    )


def _sure(proposal: Proposal, checked: Checked | None, tried: DryRun | None) -> float:
    """What does not hold, or fails in a dry run, is not sure, whatever the drafter says."""
    if checked is not None and checked.has_errors:
        return min(proposal.confidence, _UNSURE)
    fell = tried is not None and not tried.passed and tried.status != "skipped"
    return min(proposal.confidence, _UNSURE) if fell else proposal.confidence


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What is different, in words; nothing where there was nothing before."""
    if before is None or after is None or before == after:
        return ()
    old, new = parse_value(before, Report()), parse_value(after, Report())
    return tuple(one.text for one in diff(old, new)) if old is not None and new is not None else ()


def _open(diagnostics: tuple[Diagnostic, ...]) -> tuple[Question, ...]:
    """What validation still finds wrong, as questions: a draft with errors is never handed over as done."""
    return tuple(
        Question(key=f"mend.{at}", text=f"{one.message} {one.hint}".strip())
        for at, one in enumerate(diagnostics)
        if one.severity is Severity.ERROR
    )


def _fallen(tried: DryRun | None) -> tuple[Question, ...]:
    """What fell in its trial is not handed over as done, whatever the drafter says."""
    if tried is None or tried.passed or tried.status == "skipped":
        return ()
    text = f"A trial with made-up values went wrong: {tried.problem.rstrip('.')}. What should that step get instead?"
    return (Question(key="trial", text=text),)


def _silent(stage: Stage) -> None:
    """Nobody watches."""
