"""Ways of saying a request, as the plain clauses that they become."""

from __future__ import annotations

import pytest

from flov7.generation.offline.phrasing import plain

SAID = {
    "new bid in our shop -> archive it": "When new bid in our shop arrives, then archive it",
    "paper form -> sheet row": "When paper form arrives, then add a sheet row",
    "Could you please send ann@acme.test the list": "send ann@acme.test the list",
    "I want a workflow that posts the news": "post the news",
    "Let an AI decide if it is spam, then store it.": "ask AI to decide whether it is spam, then store it.",
    "Make a form where a visitor enters the address of a page. Download the page.": (
        "When a web form with the address of a page is submitted. Download the page."
    ),
    "An endpoint that takes a number and returns its root": "When a number is received over HTTP, return its root",
    "Tag support tickets and store them": "When support tickets arrive, tag it and store them",
    "Create one card per guest": "for each guest create a card",
    "When a bill is over 5, pay it; all others get a note": "When a bill is over 5, pay it; otherwise send them a note",
    "send me the notes at 7am": "Every day at 7am, send me the notes",
    "When a file is moved to Done, tell #x": "When a file changes and its status is 'Done', tell #x",
    "We have two lists. Merge them, newest first.": "Merge them, sort them by date descending.",
}


class TestWaysOfSaying:
    @pytest.mark.parametrize("text", SAID)
    def test_it_becomes_plain_clauses(self, text: str) -> None:
        assert plain(text) == SAID[text]

    @pytest.mark.parametrize(
        "text",
        [
            "When a form is submitted, save it to the database, then e-mail the sender.",
            "Every day at 9 get https://acme.test/a and post it to https://acme.test/b",
            "If a parcel is late, tell #parcels",
        ],
    )
    def test_what_is_plain_already_stays(self, text: str) -> None:
        assert plain(text) == text

    def test_a_list_of_ways_becomes_one_step(self) -> None:
        assert plain("Route claims: small ones go to Ann, large ones to Bob, everything else to the pool.") == (
            'When claims arrive, route "" "small ones => Ann | large ones => Bob | everything else => the pool".'
        )
