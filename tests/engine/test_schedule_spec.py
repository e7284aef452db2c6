"""What a schedule trigger becomes at Temporal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flov7.engine.schedules import schedule_spec
from flov7.kit.errors import Invalid


class TestASchedule:
    def test_by_cron_keeps_its_line_and_zone(self) -> None:
        spec = schedule_spec({"cron": "0 9 * * 1-5", "time_zone": "Europe/Berlin", "jitter": "30s"})
        assert (spec.cron_expressions, spec.time_zone_name) == (["0 9 * * 1-5"], "Europe/Berlin")
        assert spec.jitter == timedelta(seconds=30)

    def test_at_a_time_of_day_is_a_cron_line(self) -> None:
        assert schedule_spec({"at": "09:05", "days": ["mon", "fri"]}).cron_expressions == ["5 9 * * 1,5"]

    def test_every_so_often_is_an_interval(self) -> None:
        assert [one.every for one in schedule_spec({"every": "90m"}).intervals] == [timedelta(minutes=90)]

    def test_at_one_moment_is_in_its_zone(self) -> None:
        (once,) = schedule_spec({"at": "2027-07-31T09:00Z", "time_zone": "Europe/Berlin"}).calendars
        assert [once.year[0].start, once.month[0].start, once.day_of_month[0].start] == [2027, 7, 31]
        assert [once.hour[0].start, once.minute[0].start] == [11, 0]

    @pytest.mark.parametrize(
        "config", [{}, {"cron": "0 25 * * *"}, {"every": "1h", "cron": "0 9 * * *"}, {"at": "noon"}]
    )
    def test_that_never_comes_is_refused_in_words(self, config: dict[str, Any]) -> None:
        with pytest.raises(Invalid, match="The schedule does not hold") as refused:
            schedule_spec(config)
        assert refused.value.hint
