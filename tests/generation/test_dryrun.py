"""Dry runs with made-up inputs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flov7.generation.draft import Draft
from flov7.generation.generate import Stage, draft, edit
from flov7.generation.madeup import made_up, sample
from flov7.primitives.registry import catalogue


def drafted(sentence: str) -> Draft:
    """The draft of a sentence."""
    return asyncio.run(draft(sentence, catalogue=catalogue()))


class TestDryRun:
    def test_conditions_get_values_that_they_can_compare_and_approvals_are_given(self) -> None:
        made = drafted("When a claim is filed, if its amount is over 500 wait for approval, then e-mail the claimant.")
        assert made.dry_run is not None and made.dry_run.passed
        assert len(made.dry_run.steps) == 3

    def test_a_wait_of_more_than_a_year_takes_no_time(self) -> None:
        made = drafted("When a contract is signed, wait 400 days and email legal@acme.test")
        assert made.dry_run is not None and made.dry_run.passed

    def test_a_run_that_fails_makes_the_draft_less_sure_and_says_why(self) -> None:
        document: dict[str, Any] = {"primitives": [
            {"type": "trigger", "kind": "manual", "name": "start"},
            {"type": "action", "kind": "transform", "name": "read", "config": {"operation": "parse_json", "value": "{"}},
            {"type": "action", "kind": "notification", "name": "tell", "config": {"channel": "a", "text": "b"}},
        ]}  # fmt: skip
        made = asyncio.run(edit(document, "Remove the notification", catalogue=catalogue()))
        assert made.dry_run is not None and not made.dry_run.passed and "read" in made.dry_run.problem
        assert made.confidence <= 0.5

    def test_a_workflow_that_is_not_at_hand_is_no_fault_of_the_draft(self) -> None:
        made = drafted("Every Monday, run the billing workflow.")
        assert made.dry_run is not None and made.dry_run.status == "skipped"


class TestMadeUp:
    def test_values_fit_how_they_are_read(self) -> None:
        document = {"primitives": [
            {"type": "trigger", "kind": "webhook", "name": "came", "config": {"url": "/a"}},
            {"type": "condition", "kind": "loop", "name": "each", "over": "parcel.lines", "as": "line", "do": [
                {"type": "condition", "kind": "if_else", "name": "is_big", "logic": "line.size >= 10 and came.urgent == true",
                 "then": [{"type": "action", "kind": "notification", "name": "tell",
                           "config": {"channel": "a", "text": "{{ parcel.sender.email }} {{ trigger.payload.state }}"}}]}]},
        ]}  # fmt: skip
        found = made_up(document, catalogue())
        assert found.payload["parcel"]["lines"] == [{"size": 10}]
        assert found.payload["urgent"] is True and found.payload["state"] == "example"
        assert "@" in found.payload["parcel"]["sender"]["email"]

    @pytest.mark.parametrize(("schema", "value"), [
        ({"type": "integer", "minimum": 3}, 3), ({"enum": ["b", "a"]}, "b"), ({"type": "array", "items": {"type": "boolean"}}, [True]),
        ({"anyOf": [{"type": "string", "format": "email"}, {"type": "null"}]}, "person@example.com"), ({}, {}),
    ])  # fmt: skip
    def test_a_sample_fits_its_schema(self, schema: dict[str, Any], value: Any) -> None:
        assert sample(schema) == value


class TestStages:
    def test_every_stage_is_told_as_it_begins(self) -> None:
        seen: list[Stage] = []
        asyncio.run(draft("When a form is submitted, email me", catalogue=catalogue(), progress=seen.append))
        assert seen == [Stage.UNDERSTAND, Stage.SHORTLIST, Stage.DRAFT, Stage.VALIDATE, Stage.DRY_RUN, Stage.EXPLAIN]

    def test_a_change_says_what_is_different_and_how_complex_it_is_now(self) -> None:
        before = drafted("When a form is submitted, save it to the database, then tell #sales")
        assert before.document is not None and before.complexity == "medium" and before.diff == ()
        after = asyncio.run(edit(before.document, "Remove the notification", catalogue=catalogue()))
        assert after.complexity == "simple" and len(after.diff) == 1
