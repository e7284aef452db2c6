"""Connectors at the command line: shown, graded, begun, read from a document."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Command

DOCUMENT = {
    "openapi": "3.0.3", "info": {"title": "Corner Shop", "version": "1"}, "servers": [{"url": "https://api.shop.com"}],
    "components": {"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
    "paths": {"/orders": {"get": {"operationId": "listOrders", "summary": "List orders"},
                          "post": {"operationId": "createOrder", "summary": "Create an order"}}},
}  # fmt: skip


class TestKinds:
    def test_shows_all_operations_of_a_connector(self, flov7: Command) -> None:
        said = flov7("kinds", "slack")
        assert said.code == 0
        assert "action/slack.post" in said.out and "action/slack.channels" in said.out and "Post a message" in said.out

    def test_shows_one_operation_with_what_it_takes(self, flov7: Command) -> None:
        said = flov7("kinds", "slack.post")
        assert said.code == 0 and "channel" in said.out and "needed" in said.out and "slack.update" not in said.out

    def test_lists_connectors_below_the_kinds(self, flov7: Command) -> None:
        said = flov7("kinds")
        assert "api_call" in said.out and "google_sheets" in said.out

    def test_a_name_that_is_nearly_one_is_suggested(self, flov7: Command) -> None:
        said = flov7("kinds", "api_cal")
        assert said.code == 1 and "api_call" in said.err


class TestCheck:
    def test_grades_a_connector_by_playing_its_exchanges(self, flov7: Command) -> None:
        said = flov7("kinds", "check", "notion", "--json")
        assert said.code == 0
        grades = said.json
        assert isinstance(grades, list) and len(grades) == 10
        assert {one["grade"] for one in grades} == {"A"}
        marks = {mark["name"]: mark["ok"] for mark in grades[0]["marks"]}
        assert marks["tested"] is True and marks["tried"] is None

    def test_says_of_every_connector_what_it_was_compared_with(self, flov7: Command) -> None:
        said = flov7("connectors", "check", "--json")
        assert said.code == 0
        found = {one["connector"]: one for one in said.json}  # type: ignore[attr-defined]  # a list
        compared = [one for one in found.values() if one["against"] and one["operations"] >= 5]
        assert len(compared) >= 40
        assert found["whatsapp"]["against"] == "" and "msgraph" in found["outlook"]["against"]
        assert all(one["wrong"] == [] for one in found.values())
        assert "of 47 are compared" in flov7("connectors", "check").out

    def test_grades_lower_what_was_not_compared(self, flov7: Command) -> None:
        said = flov7("kinds", "check", "whatsapp", "--json")
        assert said.code == 1
        assert {one["grade"] for one in said.json} == {"B"}  # type: ignore[attr-defined]  # a list

    def test_grades_every_kind(self, flov7: Command) -> None:
        said = flov7("kinds", "check", "--json")
        grades = {one["kind"]: one for one in said.json}  # type: ignore[attr-defined]  # a list
        assert said.code == 0 and "action/api_call" in grades
        effect = next(mark for mark in grades["action/api_call"]["marks"] if mark["name"] == "effect")
        assert effect["ok"] is True

    def test_of_what_is_not_there_says_so(self, flov7: Command) -> None:
        said = flov7("kinds", "check", "carrier_pigeon")
        assert said.code == 1 and "carrier_pigeon" in said.err


class TestConnect:
    def test_reads_a_file_without_a_server_and_shows_what_it_becomes(self, flov7: Command) -> None:
        Path("shop.json").write_text(json.dumps(DOCUMENT))
        said = flov7("connect", "shop.json", "--dry-run")
        assert said.code == 0
        assert "corner_shop.list_orders" in said.out and "corner_shop.create_order" in said.out
        assert "read" in said.out and "write" in said.out and "--service corner_shop" in said.out

    def test_gives_whole_kinds_as_json(self, flov7: Command) -> None:
        Path("shop.json").write_text(json.dumps(DOCUMENT))
        said = flov7("connect", "shop.json", "--dry-run", "--json", "--name", "shop")
        found = said.json
        assert isinstance(found, dict)
        assert found["about"]["base"] == "https://api.shop.com"
        assert [one["name"] for one in found["kinds"]] == ["shop.list_orders", "shop.create_order"]

    def test_a_file_that_is_no_document_is_refused_with_the_mend(self, flov7: Command) -> None:
        Path("no.json").write_text("{}")
        said = flov7("connect", "no.json", "--dry-run")
        assert said.code == 1 and "neither `openapi` nor `swagger`" in said.err
        assert flov7("connect", "nowhere.json", "--dry-run").code == 1


class TestNew:
    def test_a_connector_that_is_begun_plays_as_it_is(self, flov7: Command) -> None:
        from flov7.primitives.connectors import builtin
        from flov7.primitives.connectors.exchanges import exchanges_of, played_all

        folder = Path("src/flov7/primitives").absolute()
        folder.mkdir(parents=True)
        said = flov7("new", "connector", "acme_crm")
        assert said.code == 0 and "flov7 kinds check acme_crm" in said.out
        connectors = folder / "connectors"
        table = builtin.load(connectors / "acme_crm" / "connector.yaml")
        assert set(table.operations) == {"create_thing", "list_things"}
        assert played_all(table, exchanges_of("acme_crm", folder=connectors)) == {}
        assert flov7("new", "connector", "acme_crm").code == 1
