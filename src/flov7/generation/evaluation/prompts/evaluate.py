"""Runs the requests through the same door that people use; questions are answered with what is suggested first."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict

from flov7.generation.draft import Draft, Drafter, Sort
from flov7.generation.evaluation import calibration
from flov7.generation.evaluation.prompts.judging import handled, in_sequence, missing
from flov7.generation.generate import draft
from flov7.kit.errors import Invalid
from flov7.language.catalogue import Catalogue
from flov7.language.front import check_value
from flov7.language.printing import to_json
from flov7.marketplace.complexity import Complexity, complexity

ROUNDS = 12
"""How many questions are answered for one request."""

Case = Mapping[str, Any]


class Judged(BaseModel):
    """One request. `complete` is without an open question; `complete_with` after its questions were answered.

    `to_set` are questions that do not keep it from being finished: what is set before it goes live, what was taken.
    """

    model_config = ConfigDict(frozen=True)
    id: str
    complexity: Complexity
    finished: bool
    valid: bool
    complete: bool
    complete_without: bool
    from_template: bool
    complete_with: bool
    in_sequence: bool
    dry_run: str
    questions: int
    to_set: int
    effects: int
    effects_handled: int
    effects_after: tuple[int, int]
    confidence: float
    seconds: float
    missing: list[str]


def load(path: Path) -> list[dict[str, Any]]:
    """One request on each line. Raises Invalid."""
    try:
        found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise Invalid(
            f"{path} cannot be read: {error}.", hint="Give a file with one JSON object on each line."
        ) from error
    if not all(isinstance(one, dict) and {"prompt", "required"} <= one.keys() for one in found):
        raise Invalid(
            "These are no requests.", hint="Each line has `id`, `prompt`, `required`, `acceptable_alternatives`."
        )
    return found


async def evaluate(cases: Sequence[Case], *, catalogue: Catalogue, drafter: Drafter | None = None) -> dict[str, Any]:
    """The report: by class of complexity, in all, and how far its confidence can be trusted."""
    judged = [await _one(case, catalogue, drafter=drafter) for case in cases]
    by_class = {name.value: _measures([one for one in judged if one.complexity is name]) for name in Complexity}
    return {
        "cases": len(judged),
        "all": _measures(judged),
        "by_complexity": {name: found for name, found in by_class.items() if found["cases"]},
        "templates": {
            "used": sum(one.from_template for one in judged),
            "complete_with": _share([one.complete for one in judged]),
            "complete_without": _share([one.complete_without for one in judged]),
        },
        "calibration": calibration.report([(one.confidence, one.complete) for one in judged]),
        "per_case": [one.model_dump(mode="json") for one in judged],
    }


async def _one(case: Case, catalogue: Catalogue, *, drafter: Drafter | None) -> Judged:
    began = time.perf_counter()
    made = await draft(str(case["prompt"]), catalogue=catalogue, drafter=drafter)
    seconds = time.perf_counter() - began
    finished = made.is_finished
    lacks, ordered, good = _compared(made, case, catalogue)
    after = await _answered(made, catalogue, drafter=drafter)
    later, _, good_later = _compared(after, case, catalogue)
    whole = made.document or {}
    bare = await _bare(case, catalogue) if drafter is None else made
    lacks_bare = _compared(bare, case, catalogue)[0]
    return Judged(
        id=str(case.get("id", "")),
        complexity=_class(case),
        finished=finished,
        valid=made.is_valid,
        complete=finished and not lacks,
        complete_without=bare.is_finished and not lacks_bare,
        from_template=made.document != bare.document,
        complete_with=not later and after.is_valid,
        in_sequence=ordered,
        dry_run=made.dry_run.status if made.dry_run else "none",
        questions=sum(one.sort is Sort.OPEN for one in made.questions),
        to_set=sum(one.sort is not Sort.OPEN for one in made.questions),
        effects=good[0],
        effects_handled=good[1],
        effects_after=good_later,
        confidence=made.confidence,
        seconds=round(seconds, 4),
        missing=lacks if whole else list(case["required"]),
    )


async def _bare(case: Case, catalogue: Catalogue) -> Draft:
    """The draft that the words alone give, without templates."""
    return await draft(str(case["prompt"]), catalogue=catalogue, templates={})


def _class(case: Case) -> Complexity:
    """By how many primitives the request needs."""
    return complexity({"primitives": [{"name": one} for one in case["required"]]})


def _compared(made: Draft, case: Case, catalogue: Catalogue) -> tuple[list[str], bool, tuple[int, int]]:
    """What is missing, whether the rest is in sequence, and effects with those that are handled."""
    required = list(case["required"])
    if made.document is None:
        return required, False, (0, 0)
    checked = check_value(made.document, catalogue)
    settled = to_json(checked.document) if checked.document is not None else made.document
    others = case.get("acceptable_alternatives", {})
    return (
        missing(settled, required, others),
        in_sequence(settled, required, others),
        handled(settled, checked, made.told),
    )


async def _answered(made: Draft, catalogue: Catalogue, *, drafter: Drafter | None) -> Draft:
    """Each open question is answered with what is suggested first, as a person in a hurry would."""
    answered: set[str] = set()
    for _ in range(ROUNDS):
        question = next((one for one in made.questions if one.suggestions and one.key not in answered), None)
        if question is None:
            break
        answered.add(question.key)
        said = {**made.earlier.answers, question.key: question.suggestions[0]}
        earlier = made.earlier.model_copy(update={"answers": said})
        made = await draft(made.sentence, catalogue=catalogue, earlier=earlier, drafter=drafter)
    return made


def _measures(judged: Sequence[Judged]) -> dict[str, Any]:
    finished = [one for one in judged if one.finished]
    ran = [one for one in finished if one.dry_run != "skipped"]
    effects = sum(one.effects for one in judged)
    return {
        "cases": len(judged),
        "finished": len(finished),
        "valid": _share([one.valid for one in finished]),
        "dry_run": _share([one.dry_run in ("succeeded", "unmet") for one in ran]),
        "complete": _share([one.complete for one in judged]),
        "complete_with_questions": _share([one.complete_with for one in judged]),
        "in_sequence": _share([one.in_sequence for one in judged]),
        "effects_handled": _part(
            sum(one.effects_after[1] for one in judged), sum(one.effects_after[0] for one in judged)
        ),
        "effects_handled_unasked": _part(sum(one.effects_handled for one in judged), effects),
        "as_is": _share([one.complete and one.questions + one.to_set == 0 for one in judged]),
        "to_set": round(sum(one.to_set for one in judged) / len(judged), 2) if judged else 0,
        "questions": round(sum(one.questions for one in judged) / len(judged), 2) if judged else 0,
        "seconds": {
            "median": round(median([one.seconds for one in judged]), 4),
            "most": max(one.seconds for one in judged),
        }
        if judged
        else None,
    }


def _part(good: int, of: int) -> float | None:
    return round(good / of, 4) if of else None


def _share(found: Sequence[bool]) -> float | None:
    return round(sum(found) / len(found), 4) if found else None
