"""Requests as people write them: what is handed over as done is valid, runs, and mostly holds all that was asked for."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from flov7.generation.evaluation.prompts.evaluate import evaluate, load
from flov7.generation.evaluation.prompts.judging import kinds, missing
from flov7.primitives.registry import catalogue

FILE = Path(__file__).parents[2] / "data" / "requests.jsonl"


@lru_cache(maxsize=2)
def report(half: str) -> dict[str, Any]:
    """The report on the requests on which the rules were made, or on those that were kept back from that."""
    cases = [one for one in load(FILE) if one["half"] == half]
    return asyncio.run(evaluate(cases, catalogue=catalogue()))


class TestRequests:
    @pytest.mark.parametrize("half", ["made", "kept"])
    def test_all_that_is_finished_holds_and_runs(self, half: str) -> None:
        found = report(half)["all"]
        assert found["finished"] > 0 and (found["valid"], found["dry_run"]) == (1.0, 1.0)

    def test_no_request_was_lost_against_before(self) -> None:
        assert report("made")["all"]["complete"] >= 0.6
        assert report("kept")["all"]["complete"] >= 0.3

    @pytest.mark.parametrize("half", ["made", "kept"])
    def test_failures_outside_are_handled_or_told_once_the_question_is_answered(self, half: str) -> None:
        assert report(half)["all"]["effects_handled"] == 1.0

    def test_what_is_not_clear_is_said_to_be_unsure(self) -> None:
        cases = [one for half in ("made", "kept") for one in report(half)["per_case"]]
        assert max(one["confidence"] for one in cases if one["questions"]) < min(
            one["confidence"] for one in cases if one["finished"]
        )

    def test_it_says_how_far_its_confidence_can_be_trusted(self) -> None:
        assert report("made")["calibration"]["auroc"] >= 0.7
        assert report("kept")["calibration"]["auroc"] >= 0.7

    def test_each_is_drafted_within_a_second(self) -> None:
        assert report("kept")["all"]["seconds"]["median"] < 1.0


class TestJudging:
    def test_a_condition_at_the_trigger_counts_as_a_filter(self) -> None:
        document = {"primitives": [{"type": "trigger", "kind": "webhook", "name": "a", "when": "b > 1"}]}
        assert kinds(document) == ["trigger/webhook", "condition/filter"]

    def test_a_login_stands_for_another_and_for_nothing_else(self) -> None:
        document = {"primitives": [{"type": "connection", "kind": "oauth", "name": "a"}]}
        assert missing(document, ["connection/api_key"], {}) == []
        assert missing(document, ["connection/slack"], {}) == ["connection/slack"]
