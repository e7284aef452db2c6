"""Runs the cases: a sentence becomes a document through the same door that people use, the document a sequence."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from flov7.generation.draft import Draft, Drafter, Sort
from flov7.generation.evaluation import calibration
from flov7.generation.evaluation.flowbench.catalogue import Operations, operations
from flov7.generation.evaluation.flowbench.scoring import calls, exact, node_f1, tree
from flov7.generation.evaluation.flowbench.sequences import TASK, to_document, to_lines
from flov7.generation.generate import draft, edit
from flov7.kit.errors import Invalid
from flov7.language.catalogue import Catalogue
from flov7.language.diagnostics import Report
from flov7.language.reading import read_text

Case = Mapping[str, Any]


class PerCase(BaseModel):
    """One case. `exact` is None where the file does not say what is right."""

    model_config = ConfigDict(frozen=True)
    uid: int | str
    predicted: list[str]
    exact: bool | None
    asked: bool
    confidence: float = Field(exclude=True)
    f1: float | None = Field(exclude=True)
    seconds: float = Field(exclude=True)
    strange: int = Field(exclude=True)
    is_edit: bool = Field(exclude=True)


def load(catalogue: Path, cases: Path) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """Reads both files. Raises Invalid where one is not as the benchmark's."""
    try:
        entries = json.loads(catalogue.read_text(encoding="utf-8"))
        found = _yaml(cases)
    except (OSError, ValueError) as error:
        raise Invalid(
            f"A file of the benchmark cannot be read: {error}.", hint="Give --catalog and --cases."
        ) from error
    is_list = isinstance(entries, list) and isinstance(found, list)
    if not is_list or not all(isinstance(one, dict) and "utterance" in one for one in found):
        raise Invalid("These are no cases of FLOW-BENCH.", hint="--catalog is a JSON list of {id, description}, --cases "
                      "a YAML list with `utterance`.")  # fmt: skip
    return entries, found


def _yaml(path: Path) -> Any:
    report = Report()
    raw = read_text(path.read_text(encoding="utf-8"), report)
    if raw is None and report.diagnostics:
        raise ValueError(report.diagnostics[0].message)
    return raw


async def evaluate(
    entries: Sequence[Mapping[str, str]], cases: Sequence[Case], *, base: Catalogue, drafter: Drafter | None = None
) -> dict[str, Any]:
    """The report of all cases: exact matches, F1 over nodes, operations that do not exist, questions, times."""
    found = operations(entries, base=base)
    await draft(
        "Create a task.", catalogue=found.catalogue, drafter=drafter
    )  # the index is made once, before any clock
    judged = [await _one(case, found, drafter=drafter) for case in cases]
    return _report(judged)


async def _one(case: Case, found: Operations, *, drafter: Drafter | None) -> PerCase:
    prior = [line for line in case.get("prior_sequence") or [] if line.strip()]
    began = time.perf_counter()
    made = await _drafted(str(case["utterance"]), prior, found, drafter=drafter)
    seconds = time.perf_counter() - began
    predicted = to_lines(made.document, found.ids) if made.document is not None else []
    expected = case.get("expected_sequence")
    mine, theirs = tree(predicted), tree(expected) if expected else None
    known = {*found.ids.values(), TASK}
    return PerCase(
        uid=case.get("uid", 0),
        predicted=predicted,
        exact=exact(mine, theirs) if expected else None,
        asked=any(one.sort is Sort.OPEN for one in made.questions),
        confidence=made.confidence,
        f1=node_f1(mine, theirs) if expected else None,
        seconds=seconds,
        strange=sum(one not in known for one in calls(mine)),
        is_edit=bool(prior),
    )


async def _drafted(utterance: str, prior: Sequence[str], found: Operations, *, drafter: Drafter | None) -> Draft:
    if not prior:
        return await draft(utterance, catalogue=found.catalogue, drafter=drafter)
    before = to_document(prior, found.kinds)
    return await edit(before, utterance, catalogue=found.catalogue, drafter=drafter)


def _report(judged: Sequence[PerCase]) -> dict[str, Any]:
    seconds = [one.seconds * 1000 for one in judged] or [0.0]
    cuts = quantiles(seconds, n=20, method="inclusive") if len(seconds) > 1 else seconds * 19
    f1 = [one.f1 for one in judged if one.f1 is not None]
    return {
        "cases": len(judged),
        "exact": {
            "all": _share(judged),
            "create": _share([one for one in judged if not one.is_edit]),
            "edit": _share([one for one in judged if one.is_edit]),
        },
        "node_f1": round(sum(f1) / len(f1), 4) if f1 else None,
        "hallucinated": sum(one.strange for one in judged),
        "asked": sum(one.asked for one in judged),
        "latency_ms": {"p50": round(cuts[9], 1), "p95": round(cuts[18], 1)},
        "calibration": calibration.report([(one.confidence, one.exact) for one in judged if one.exact is not None]),
        "per_case": [one.model_dump() for one in judged],
    }


def _share(judged: Sequence[PerCase]) -> float | None:
    known = [one.exact for one in judged if one.exact is not None]
    return round(sum(known) / len(known), 4) if known else None
