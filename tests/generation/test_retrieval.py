"""Templates that a sentence asks for."""

from __future__ import annotations

import asyncio

from flov7.generation.draft import Draft
from flov7.generation.generate import draft
from flov7.generation.retrieval import nearest
from flov7.marketplace.builtin import builtin
from flov7.primitives.registry import catalogue

SENTENCE = (
    "When a flight is cancelled, find the bookings, rebook every traveller or offer a refund with approval over 800, "
    "book hotels for those stranded, text and mail them, settle with partners and report to #trust"
)


def made(sentence: str, *, templates: bool = True) -> Draft:
    """The draft, with or without templates."""
    return asyncio.run(draft(sentence, catalogue=catalogue(), templates=None if templates else {}))


class TestRetrieval:
    def test_a_sentence_near_a_template_becomes_it_with_what_was_said_set(self) -> None:
        one = made(SENTENCE)
        assert one.is_valid and any("trip-disruption" in note for note in one.notes)
        assert (
            "trust" in str(one.document)
            and "fare > 800" in str(one.document)
            and one.dry_run is not None
            and one.dry_run.passed
        )
        assert [question.key for question in one.questions] == ["template.url", "alerts"]

    def test_without_templates_the_words_alone_count(self) -> None:
        assert not any("template" in note for note in made(SENTENCE, templates=False).notes)

    def test_what_the_words_say_wholly_is_not_replaced(self) -> None:
        one = made("When an invoice is paid, tell #billing that it is paid.")
        assert not any("template" in note for note in one.notes)

    def test_a_sentence_of_something_else_finds_none(self) -> None:
        assert nearest("Water the plants on the balcony", builtin()) is None
