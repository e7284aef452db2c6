"""Durations: both ways to write one, and what somebody who wrote it wrongly is told."""

from __future__ import annotations

import pytest

from flov7.kit import durations
from flov7.kit.errors import Invalid


class TestSeconds:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("30s", 30), ("5m", 300), ("2h", 7200), ("2d", 172_800), ("1w", 604_800), ("250ms", 0.25), ("1h30m", 5400),
            (" 10S ", 10), ("PT5M", 300), ("P2DT12H", 216_000), ("P1W", 604_800), ("PT0.5S", 0.5), ("PT1,5M", 90),
        ],
    )  # fmt: skip
    def test_reads(self, written: str, meant: float) -> None:
        assert durations.seconds(written) == pytest.approx(meant)
        assert durations.is_duration(written)

    @pytest.mark.parametrize("written", ["", "5", "m", "5 minutes", "-5m", "P", "PT", "P1DT", "5mm", "1e9s"])
    def test_refuses_and_says_how_to_write_it(self, written: str) -> None:
        assert not durations.is_duration(written)
        with pytest.raises(Invalid) as caught:
            durations.seconds(written)
        assert "30s" in caught.value.hint

    def test_a_bare_number_is_asked_for_its_unit(self) -> None:
        with pytest.raises(Invalid) as caught:
            durations.seconds("5")
        assert "5s is seconds" in caught.value.hint

    def test_months_are_refused_for_their_length(self) -> None:
        with pytest.raises(Invalid) as caught:
            durations.seconds("P1M")
        assert "months differ" in caught.value.hint

    def test_more_than_a_century_is_refused(self) -> None:
        with pytest.raises(Invalid, match="100 years"):
            durations.seconds("40000d")


class TestText:
    @pytest.mark.parametrize("value", [0, 0.25, 1, 90, 3600, 90_061.5, 172_800])
    def test_is_read_back_as_the_same(self, value: float) -> None:
        assert durations.seconds(durations.text(value)) == pytest.approx(value)

    def test_is_short(self) -> None:
        assert durations.text(5400) == "1h30m"
