"""The public suites hold, as `make suites` counts them."""

from __future__ import annotations

from pathlib import Path

from tests import suites as outside


class TestThePublicSuites:
    def test_hold_to_the_last_case(self, suites: Path) -> None:
        counts = [outside.json_path(), outside.validate(), outside.webhooks()]
        assert [count.wrong for count in counts] == [(), (), ()]
        assert [count.all for count in counts] == [703, 1298, 1]
        assert str(counts[0]).startswith("703 of 703 JSONPath")
