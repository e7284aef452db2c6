"""The command line drafts with the model that the settings name, shows where it is, and answers for nobody who is there."""

from __future__ import annotations

import asyncio

import pytest

from flov7.cli.demo.drafting import drafted
from flov7.cli.drafting import changed, said, took
from flov7.generation.draft import Cost
from flov7.generation.generate import Stage
from flov7.llm.testing import Scripted, scripted_model
from tests.generation.test_drafters import GOOD, SENTENCE


class TestWithAModel:
    async def test_the_model_of_the_settings_is_asked_and_each_stage_is_told(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[Stage] = []
        async with scripted_model([Scripted(value=GOOD)]) as server:
            monkeypatch.setenv("FLOV7_LLM_BASE_URL", server.base_url)
            made = await asyncio.to_thread(said, SENTENCE, progress=told.append)
        assert len(server.requests) == 1 and made.drafter != "offline" and made.cost.calls == 1
        assert told[:3] == [Stage.UNDERSTAND, Stage.SHORTLIST, Stage.DRAFT] and told[-1] is Stage.EXPLAIN
        assert (took(made.cost) or "").startswith("1 call, ")

    async def test_a_change_asks_it_as_well(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with scripted_model([Scripted(value=GOOD)]) as server:
            monkeypatch.setenv("FLOV7_LLM_BASE_URL", server.base_url)
            document = {"primitives": [{"type": "trigger", "kind": "manual", "name": "start"}]}
            made = await asyncio.to_thread(changed, document, "tell #help at the end")
        assert len(server.requests) == 1 and made.drafter != "offline"

    async def test_one_that_fails_gives_way_with_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with scripted_model([Scripted(status=400)]) as server:
            monkeypatch.setenv("FLOV7_LLM_BASE_URL", server.base_url)
            made = await asyncio.to_thread(said, SENTENCE)
        assert made.drafter == "offline" and made.is_valid and "made without it" in made.explanation

    def test_without_a_model_nothing_is_said_of_cost(self) -> None:
        assert took(Cost(seconds=0.01)) is None


class TestTheDemosTalk:
    async def test_where_nobody_is_there_the_suggested_answer_is_taken_and_said(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = await drafted("When a form comes in, send a fax to the office")
        caught = capsys.readouterr()
        told = " ".join((caught.out + caught.err).split())
        assert "There is no kind for faxes" in told and "Nobody is here to ask, so it is: send an e-mail." in told
        assert [one["kind"] for one in made.body["primitives"]] == ["webhook", "email_send"]

    async def test_accounts_elsewhere_are_stood_in_for(self) -> None:
        made = await drafted("When a form comes in, add the person to HubSpot")
        assert [one["kind"] for one in made.body["primitives"]] == ["webhook", "api_call"]
        assert "hubspot.example" in str(made.body)
