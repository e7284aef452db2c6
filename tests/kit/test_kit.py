"""Ids, clock, pages, redaction and settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import field_validator

from flov7.kit import clock, ids, paging, redaction
from flov7.kit.errors import Invalid, Misconfigured
from flov7.kit.settings import Environment, Settings


class TestIds:
    def test_sort_in_the_order_they_were_made(self) -> None:
        made = [ids.new_id() for _ in range(10_000)]
        assert made == sorted(made)
        assert len(set(made)) == len(made)

    def test_are_uuids_of_version_7_that_know_their_time(self) -> None:
        made = ids.new_id()
        assert made[14] == "7"
        assert made[19] in "89ab"
        when = ids.made_at(made)
        assert when is not None
        assert abs(datetime.now(UTC) - when) < timedelta(seconds=5)
        assert ids.made_at("7") is None

    def test_a_request_id_of_the_callers_is_taken_only_in_our_form(self) -> None:
        assert ids.is_request_id(ids.request_id())
        assert not ids.is_request_id("req-1\nforged")
        assert not ids.is_request_id("x" * 10)


class TestClock:
    def test_a_manual_clock_moves_only_when_told(self) -> None:
        manual = clock.ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        manual.move(90)
        assert manual.monotonic() == 90
        assert clock.utc_text(manual.now()) == "2026-01-01T00:01:30.000Z"


class TestPaging:
    def test_walks_every_row_once(self) -> None:
        rows = list(range(7))
        seen: list[int] = []
        cursor: str | None = None
        while True:
            start = 0 if cursor is None else int(str(paging.decode(cursor, kinds=[int])[0])) + 1
            page = paging.page(rows[start : start + 4], size=3, key=lambda row: (row,))
            seen += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == rows

    def test_a_moment_survives_the_cursor(self) -> None:
        moment = datetime(2026, 5, 4, 3, 2, 1, 123456, tzinfo=UTC)
        assert paging.decode(paging.encode((moment, "x")), kinds=[datetime, str]) == (moment, "x")

    @pytest.mark.parametrize("cursor", ["", "!", "AAAA", paging.encode((1,)), paging.encode(("a", "b", "c"))])
    def test_a_foreign_cursor_is_refused(self, cursor: str) -> None:
        with pytest.raises(Invalid, match="cursor"):
            paging.decode(cursor, kinds=[datetime, str])

    def test_the_size_has_an_end(self) -> None:
        assert paging.limit(None) == 50
        with pytest.raises(Invalid):
            paging.limit(201)


class TestRedaction:
    @pytest.mark.parametrize(
        "line",
        [
            "Authorization: Bearer abcdef123456789", "postgresql://me:hunter22@db/x", "sk-abcdefghijklmnop1234",
            "GET /?api_key=hunter2222&x=1", "whsec_abcdefghijklmnop", "AKIAABCDEFGHIJKLMNOP",
        ],
    )  # fmt: skip
    def test_a_text_that_looks_like_a_secret(self, line: str) -> None:
        assert redaction.MASK in redaction.text(line)
        assert "hunter" not in redaction.text(line)

    def test_an_innocent_text_is_left_alone(self) -> None:
        line = "Order 17 of http://shop.example:8080/a@b was paid at 12:30; task-1 tokenized."
        assert redaction.text(line) == line

    def test_fields_by_name_at_any_depth(self) -> None:
        value = {"user": "ann", "db": [{"password": "x", "api_key": "y", "tokens": 5, "secret_name": "mail"}]}
        assert redaction.redact(value) == {
            "user": "ann",
            "db": [{"password": "***", "api_key": "***", "tokens": 5, "secret_name": "mail"}],
        }

    def test_known_values_wherever_they_stand(self) -> None:
        assert redaction.redact({"note": "it is s3same!"}, known=["s3same"]) == {"note": "it is ***!"}


class Example(Settings):
    example_limit: int = 5

    @field_validator("example_limit")
    @classmethod
    def positive(cls, value: int) -> int:
        if value < 1:
            raise ValueError("must be at least 1")
        return value


class TestSettings:
    def test_come_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FLOV7_EXAMPLE_LIMIT", "9")
        monkeypatch.setenv("FLOV7_ENVIRONMENT", "production")
        settings = Example.load()
        assert settings.example_limit == 9
        assert settings.environment is Environment.PRODUCTION
        assert Example.variables()["FLOV7_EXAMPLE_LIMIT"] == "example_limit"

    @pytest.mark.parametrize(("value", "words"), [("many", "integer"), ("0", "at least 1")])
    def test_an_error_names_the_variable(self, monkeypatch: pytest.MonkeyPatch, value: str, words: str) -> None:
        monkeypatch.setenv("FLOV7_EXAMPLE_LIMIT", value)
        with pytest.raises(Misconfigured, match="FLOV7_EXAMPLE_LIMIT") as caught:
            Example.load()
        assert words in caught.value.message

    def test_production_refuses_debug(self) -> None:
        with pytest.raises(Misconfigured, match="FLOV7_DEBUG"):
            Example.load(environment="production", debug=True)
