"""Turns of a conversation: answers to questions, additions, a new beginning."""

from __future__ import annotations

import json
from typing import Any

from flov7.generation.conversations import Conversations, Reply, answers
from flov7.generation.draft import Question
from flov7.generation.generate import draft
from flov7.generation.model.drafter import ModelDrafter
from flov7.language.library import Library
from flov7.llm.client import ModelClient
from flov7.llm.testing import Scripted, scripted_model
from flov7.primitives.registry import catalogue
from tests.generation.outline import outline

FIRST = "When a parcel is delivered, email the recipient"


async def talk(*texts: str) -> list[Reply]:
    """A whole conversation, each turn knowing only what was said before, as the gateway keeps it."""
    said: list[dict[str, Any]] = []
    replies: list[Reply] = []
    for text in texts:
        reply = await Conversations(catalogue=catalogue()).reply(said, text)
        said += [{"role": "user", "text": text, "document": None}]
        said += [{"role": "assistant", "text": reply.text, "document": reply.document}]
        replies.append(reply)
    return replies


def about(reply: Reply) -> list[str]:
    """The keys of what is asked about the workflow itself."""
    return [one.key for one in reply.draft.questions if one.key != "alerts"]


class TestWhoIsTold:
    async def test_a_draft_that_changes_something_outside_asks_who_is_told_when_it_fails(self) -> None:
        first, second = await talk(FIRST, "parcel.contact")
        assert [one.key for one in first.draft.questions][-1] == "alerts" and first.draft.told == ()
        assert "nobody is told yet" in second.text

    async def test_the_answer_is_kept_and_changes_no_step(self) -> None:
        _, second, third = await talk(FIRST, "parcel.contact", "tell night@acme.test when it fails")
        assert third.document == second.document
        assert third.draft.told == ("night@acme.test",) and third.details["alerts"] == "night@acme.test"
        assert "night@acme.test will hear of it" in third.text

    async def test_a_workspace_that_tells_someone_is_not_asked(self) -> None:
        made = await draft(FIRST, catalogue=catalogue(), library=Library(told=("ops@acme.test",), default_mail=True))
        assert made.told == ("ops@acme.test",) and "alerts" not in [one.key for one in made.questions]

    async def test_a_failure_that_the_document_handles_needs_nobody(self) -> None:
        made = await draft(
            "When a parcel arrives, email ann@acme.test and tell #parcels if that fails", catalogue=catalogue()
        )
        assert "alerts" not in [one.key for one in made.questions]


class TestAnswers:
    async def test_the_address_is_answered_in_a_sentence(self) -> None:
        first, second = await talk(FIRST, "The recipient's address is parcel.to.mail")
        assert len(about(first)) == 1
        assert outline(second.document) == "webhook; email(parcel.to.mail)"
        assert about(second) == []
        assert second.text.startswith("Noted.")

    async def test_a_bare_answer_goes_to_the_only_question(self) -> None:
        _, second = await talk(FIRST, "parcel.contact")
        assert outline(second.document) == "webhook; email(parcel.contact)"

    async def test_yes_takes_what_was_suggested(self) -> None:
        _, second = await talk(FIRST, "yes")
        assert outline(second.document) == "webhook; email(parcel.recipient.email)"
        assert about(second) == []

    async def test_several_are_answered_by_their_numbers(self) -> None:
        first, second = await talk("Email the list every day", "1. 07:30\n2. list@acme.test")
        assert len(about(first)) == 2
        assert outline(second.document) == "schedule(30 7 * * *); email(list@acme.test)"

    async def test_what_starts_it_is_answered_in_words(self) -> None:
        _, second = await talk("Email ann@acme.test", "every day at 10:00")
        assert outline(second.document) == "schedule(0 10 * * *); email(ann@acme.test)"

    async def test_answers_stay_when_more_is_said_later(self) -> None:
        *_, last = await talk(FIRST, "parcel.contact", "and tell #parcels if that fails")
        assert outline(last.document) == "webhook; email(parcel.contact) !tell(parcels)"

    def test_an_answer_to_nothing_that_was_asked_is_none(self) -> None:
        asked = [Question(key="a.to", text="Where is the e-mail address of the buyer?", suggestions=("x",))]
        assert answers("also call https://acme.test", asked) == {}
        assert answers("the buyer's e-mail is `buyer.mail`", asked) == {"a.to": "buyer.mail"}


class TestWithAModel:
    async def test_it_gets_all_that_was_said_and_the_document_so_far(self) -> None:
        kept = {"flow7": "1.0", "name": "kept", "primitives": []}
        said = [{"role": "user", "text": "Wenn ein Paket kommt, melde es"}, {"role": "assistant", "document": kept}]
        async with scripted_model([Scripted(refusal="No.")]) as server:
            client = ModelClient(server.settings())
            talking = Conversations(catalogue=catalogue(), drafter=ModelDrafter(client))
            reply = await talking.reply(said, "an #lager")
            await client.close()
        asked = json.loads(server.requests[0].messages[1]["content"])
        assert asked == {"request": "Wenn ein Paket kommt, melde es. an #lager", "document_so_far": kept}
        assert reply.questions or reply.document


class TestChanges:
    async def test_more_steps_come_after_the_others(self) -> None:
        _, second = await talk(
            "When a parcel is delivered, email kim@acme.test", "then wait 2 days and call https://acme.test/x"
        )
        assert outline(second.document) == "webhook; email(kim@acme.test); wait 2d; GET https://acme.test/x"
        assert second.text.startswith("Changed.")

    async def test_starting_over_forgets_what_was_said(self) -> None:
        _, second = await talk(FIRST, "Start over: every day at 9 call https://acme.test/x")
        assert outline(second.document) == "schedule(0 9 * * *); GET https://acme.test/x"

    async def test_after_a_sentence_that_was_no_request_the_next_one_counts(self) -> None:
        first, second = await talk("hello there", FIRST)
        assert first.document is None
        assert first.questions
        assert outline(second.document) == "webhook; email(parcel.recipient.email)"
