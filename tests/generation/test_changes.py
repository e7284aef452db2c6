"""Changes in words to workflows of built-in kinds, and conversations that change, go back and answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flov7.generation.conversations import Conversations, Reply
from flov7.generation.draft import Draft
from flov7.generation.generate import draft, edit
from flov7.primitives.registry import catalogue

SENTENCE = "When a form is submitted, save it to the database, then tell #sales"


def drafted() -> dict[str, Any]:
    """The document that is changed."""
    made = asyncio.run(draft(SENTENCE, catalogue=catalogue()))
    assert made.document is not None
    return made.document


def changed(text: str) -> Draft:
    """That document after a change."""
    return asyncio.run(edit(drafted(), text, catalogue=catalogue()))


def steps(document: dict[str, Any] | None) -> list[str]:
    """The kinds of all steps, in their sequence."""
    assert document is not None
    return [one["kind"] for one in document["primitives"] if one["type"] not in ("trigger", "connection")]


class TestChanges:
    @pytest.mark.parametrize(("text", "kinds"), [
        ("Before saving, wait for approval", ["wait", "db_query", "notification"]),
        ("Remove the notification", ["db_query"]),
        ("Do not save it", ["notification"]),
        ("Email boss@acme.test instead of telling sales", ["db_query", "email_send"]),
        ("At the end, tell #ops", ["db_query", "notification", "notification"]),
        ("If the form's total is over 100, tell #ops", ["db_query", "notification", "if_else"]),
        ("Replace the last step with an email to boss@acme.test", ["db_query", "email_send"]),
        ("Move the notification before the first step", ["notification", "db_query"]),
    ])  # fmt: skip
    def test_only_what_is_spoken_of_changes(self, text: str, kinds: list[str]) -> None:
        before, after = drafted(), changed(text)
        assert steps(after.document) == kinds
        assert after.is_valid and after.diff
        left = {one["name"]: one for one in before["primitives"]}
        assert after.document is not None
        for one in after.document["primitives"]:
            assert left.get(one["name"], one) == one

    @pytest.mark.parametrize("text", ["Remove the invoice", "Do not call the service", "x", "…"])
    def test_what_changes_nothing_is_asked_about(self, text: str) -> None:
        after = changed(text)
        assert after.document == drafted() and after.questions and after.diff == ()


class TestContradictions:
    def test_what_is_asked_for_and_ruled_out_is_asked_about(self) -> None:
        made = asyncio.run(
            draft("When a form comes in, email boss@acme.test and do not email boss@acme.test", catalogue=catalogue())
        )
        assert any("as well" in one.text for one in made.questions)

    def test_what_is_only_ruled_out_is_not(self) -> None:
        made = asyncio.run(
            draft("When a form comes in, email boss@acme.test and do not call the service", catalogue=catalogue())
        )
        assert made.is_finished


def talk(*texts: str) -> list[Reply]:
    """The replies of a conversation, of which nothing is kept but the turns."""
    turns: list[dict[str, Any]] = []
    replies: list[Reply] = []
    for text in texts:
        reply = asyncio.run(Conversations(catalogue=catalogue()).reply(list(turns), text))
        turns += [{"role": "user", "text": text}, {"role": "assistant", "text": reply.text, "document": reply.document}]
        replies.append(reply)
    return replies


class TestConversations:
    def test_a_change_and_the_way_back(self) -> None:
        first, second, third = talk(SENTENCE, "Remove the notification", "undo")
        assert steps(second.document) == ["db_query"] and second.details["diff"] == [
            "`tell_sales` (action, notification) is gone."
        ]
        assert third.document == first.document

    def test_a_change_of_a_change(self) -> None:
        *_, last = talk(SENTENCE, "Before saving, wait for approval", "Remove the notification")
        assert steps(last.document) == ["wait", "db_query"]

    def test_what_people_see_beside_the_document(self) -> None:
        (reply,) = talk("When a form is submitted, email the boss")
        seen = reply.details
        assert seen["complexity"] == "simple" and seen["open"][0]["suggestions"] and 0 < seen["confidence"] < 1
        assert seen["dry_run"]["passed"] and seen["manifest"] and seen["drafter"] == "offline"
