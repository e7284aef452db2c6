"""The explanation: plain words, everything that happens, everything that is not sure."""

from __future__ import annotations

from flov7.generation.draft import Draft
from flov7.generation.generate import draft
from flov7.language.catalogue import Catalogue
from flov7.primitives.registry import catalogue


async def explained(sentence: str) -> Draft:
    return await draft(sentence, catalogue=catalogue())


class TestExplanations:
    async def test_times_days_and_zone_are_said(self) -> None:
        made = await explained("On weekdays at 8:30 in Berlin time call https://acme.test/x")
        assert "It starts on mon, tue, wed, thu, fri at 08:30 (Europe/Berlin)." in made.explanation
        assert "GET https://acme.test/x." in made.explanation

    async def test_both_sides_of_a_condition_are_under_it(self) -> None:
        said = "When a lead is added, if its score is over 70 tell #sales, otherwise wait 2 days"
        lines = (await explained(said)).explanation.splitlines()
        assert lines[1] == "- If lead.score is over 70:"
        assert lines[2].startswith("  - Tell sales")
        assert lines[3:5] == ["  Otherwise:", "  - Wait 2d."]

    async def test_handlers_stand_with_the_step_that_they_handle(self) -> None:
        made = await explained("When a lead is added, email ann@acme.test, and tell #help if that fails")
        assert "  If that fails: Tell help: “[error.primitive] failed: [error.message]”." in made.explanation
        assert "{{" not in made.explanation

    async def test_attempts_and_a_condition_on_the_trigger_are_said(self) -> None:
        made = await explained(
            "When a lead is added and its score is over 70, post it to https://acme.test/x, retry 2 times"
        )
        assert "but only where lead.score is over 70." in made.explanation
        assert "At most 3 attempts." in made.explanation

    async def test_what_is_open_and_what_was_decided_is_listed(self) -> None:
        made = await explained("When a lead is added, email the owner")
        assert "? Where is the e-mail address of the owner?" in made.explanation
        assert "are mine: change them as you like" in made.explanation
        assert made.questions[0].suggestions[0] == "lead.owner.email"

    async def test_the_manifest_has_a_line_for_each_step_that_touches_the_outside(self) -> None:
        made = await explained("Every hour get https://acme.test/a, sort the rows by price, delete https://acme.test/b")
        assert made.manifest == (
            "get_a: only reads (GET https://acme.test/a)",
            "delete_b: changes something that nobody can take back (DELETE https://acme.test/b)",
        )


class TestWhatIsNotThere:
    async def test_a_kind_that_is_not_built_is_told_with_the_nearest_that_is(self) -> None:
        known = catalogue()
        away = known.kinds["action/ai_process"].model_copy(update={"built": False})
        without = Catalogue(kinds={**known.kinds, "action/ai_process": away})
        made = await draft("When a lead is added, summarize its notes and tell #sales", catalogue=without)
        assert "cannot run here yet" in made.explanation
        assert "API call" in made.explanation
        assert made.confidence < 0.8

    async def test_another_language_is_asked_about_politely(self) -> None:
        made = await explained("Wenn eine Rechnung kommt, schicke sie an die Buchhaltung")
        assert made.document is None
        assert "I understand English only" in made.explanation

    async def test_words_without_a_step_are_asked_about_and_change_nothing(self) -> None:
        made = await explained("When a lead is added, the moon is blue, tell #sales")
        assert made.document is not None
        assert [one["kind"] for one in made.document["primitives"]] == ["webhook", "notification"]

    async def test_more_than_is_read_at_once_is_said(self) -> None:
        made = await explained("tell #sales and " * 1000)
        assert made.document is None
        assert "4,000 characters" in made.explanation
