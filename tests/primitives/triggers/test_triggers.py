"""What triggers, waits and sub-workflows take, and how they explain what they do not."""

from __future__ import annotations

from typing import Any

import pytest

from flov7.kit.errors import StepRefused
from flov7.primitives.registry import registry


def read(key: str, **inputs: Any) -> Any:
    type_, _, name = key.partition("/")
    return registry().runner(type_, name).read({key.rstrip("_"): value for key, value in inputs.items()})


class TestSchedule:
    @pytest.mark.parametrize(
        "inputs",
        [
            {"cron": "0 9 * * 1-5"}, {"cron": "*/5 * * * *", "time_zone": "Europe/Berlin"}, {"every": "5m"}, {"every": "PT1H"},
            {"at": "09:00", "days": ["mon", "fri"]}, {"at": "2027-01-31T09:00:00+01:00"}, {"cron": "0 0 L * *", "overlap": "buffer_one"},
        ],
    )  # fmt: skip
    def test_takes_times(self, inputs: dict[str, Any]) -> None:
        assert read("trigger/schedule", **inputs)

    @pytest.mark.parametrize(
        ("inputs", "said"),
        [
            ({}, "exactly one of `cron`, `every`, `at`; here: none"),
            ({"cron": "0 9 * * *", "every": "1h"}, "here: cron and every"),
            ({"cron": "0 9 * *"}, "has 4"),
            ({"cron": "0 25 * * *"}, "no cron line that ever comes"),
            ({"cron": "0 0 30 2 *"}, "no cron line that ever comes"),
            ({"every": "often"}, "no duration"),
            ({"at": "25:00"}, "neither a time like"),
            ({"at": "2027-01-31T09:00", "days": ["mon"]}, "`days` goes with a time of day"),
            ({"every": "1h", "time_zone": "Mars/Olympus"}, "no time zone `Mars/Olympus`"),
            ({"every": "1h", "time_zone": "../../etc/passwd"}, "no time zone"),
            ({"every": "1h", "overlap": "explode"}, "overlap"),
        ],
    )
    def test_explains_what_is_no_time(self, inputs: dict[str, Any], said: str) -> None:
        with pytest.raises(StepRefused, match=said):
            read("trigger/schedule", **inputs)


class TestWebhook:
    @pytest.mark.parametrize(
        "inputs",
        [{"url": "/api/webhook"}, {"url": "/orders", "method": "GET", "respond": "result"},
         {"url": "/o", "auth": "signature", "secret": "shop_hook"}, {"url": "/o", "digest": "5m"}],
    )  # fmt: skip
    def test_takes_what_a_sender_needs(self, inputs: dict[str, Any]) -> None:
        assert read("trigger/webhook", **inputs)

    @pytest.mark.parametrize(
        ("inputs", "said"),
        [
            ({"url": "orders"}, "url"),
            ({"url": "/a b"}, "url"),
            ({"url": "https://x.example/o"}, "url"),
            ({"url": "/o", "auth": "token"}, "needs `secret`"),
            ({"url": "/o", "method": "FETCH"}, "method"),
        ],
    )
    def test_explains_what_does_not_go(self, inputs: dict[str, Any], said: str) -> None:
        with pytest.raises(StepRefused, match=said):
            read("trigger/webhook", **inputs)


class TestWait:
    @pytest.mark.parametrize(
        "inputs",
        [{"for_": "time", "duration": "2d"}, {"for_": "date", "until": "2027-01-31"}, {"for_": "callback"},
         {"for_": "approval", "ask": "Ship?", "timeout": "2d"}, {"for_": "answer", "ask": "Which size?", "fields": {"type": "object"}}],
    )  # fmt: skip
    def test_takes_each_thing_to_wait_for(self, inputs: dict[str, Any]) -> None:
        assert read("action/wait", **inputs)

    @pytest.mark.parametrize(
        ("inputs", "said"),
        [
            ({"for_": "time"}, "waiting for time needs `duration`"),
            ({"for_": "date"}, "needs `until`"),
            ({"for_": "answer"}, "needs `ask`"),
            ({"for_": "luck"}, "for"),
            ({"for_": "time", "duration": "soon"}, "no duration"),
            ({}, "`for`"),
        ],
    )
    def test_explains_what_is_missing(self, inputs: dict[str, Any], said: str) -> None:
        with pytest.raises(StepRefused, match=said):
            read("action/wait", **inputs)


class TestCustom:
    def test_calls_a_workflow(self) -> None:
        assert read("action/custom", workflow="refund", inputs={"order": 1}).wait is True

    def test_takes_code(self) -> None:
        assert read("action/custom", code="def run(inputs): return 1").workflow is None

    @pytest.mark.parametrize("inputs", [{}, {"code": "def run(inputs): return 1", "workflow": "refund"}])
    def test_takes_one_of_both(self, inputs: dict[str, Any]) -> None:
        with pytest.raises(StepRefused, match="name the `workflow` to call, or give the `code`"):
            read("action/custom", **inputs)


class TestStartsWithoutSettings:
    @pytest.mark.parametrize("key", ["trigger/manual", "trigger/api"])
    def test_need_none(self, key: str) -> None:
        assert read(key)


class TestWhatAScheduleMeans:
    @pytest.mark.parametrize(
        ("inputs", "cron", "once"),
        [
            ({"cron": "0 9 * * 1-5"}, "0 9 * * 1-5", None),
            ({"at": "9:05"}, "5 9 * * *", None),
            ({"at": "09:00", "days": ["mon", "sun"]}, "0 9 * * 1,0", None),
            ({"every": "5m"}, None, None),
            ({"at": "2027-01-31T09:00", "time_zone": "Europe/Berlin"}, None, "2027-01-31T09:00:00+01:00"),
            ({"at": "2027-07-31T09:00Z", "time_zone": "Europe/Berlin"}, None, "2027-07-31T11:00:00+02:00"),
        ],
    )
    def test_is_a_cron_line_or_one_moment(self, inputs: dict[str, Any], cron: str | None, once: str | None) -> None:
        found = read("trigger/schedule", **inputs)
        assert found.as_cron() == cron
        assert (found.once() and found.once().isoformat()) == once
