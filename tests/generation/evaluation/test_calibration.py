"""Trust in confidence: the curve, its error, and how well right ones stand apart from wrong ones."""

from __future__ import annotations

import pytest

from flov7.generation.evaluation.calibration import auroc, calibration_error, curve, report


class TestCalibration:
    def test_who_says_what_is_true_has_no_error(self) -> None:
        said = [(0.75, True), (0.75, True), (0.75, True), (0.75, False)]
        assert calibration_error(said) == 0.0
        assert curve(said) == [{"from": 0.6, "to": 0.8, "cases": 4, "said": 0.75, "right": 0.75}]

    def test_who_is_sure_and_wrong_has_all_of_it(self) -> None:
        assert calibration_error([(1.0, False), (1.0, False)]) == 1.0

    @pytest.mark.parametrize(("said", "found"), [
        ([(0.9, True), (0.2, False)], 1.0), ([(0.2, True), (0.9, False)], 0.0), ([(0.5, True), (0.5, False)], 0.5),
        ([(0.9, True)], None), ([], None),
    ])  # fmt: skip
    def test_right_ones_should_be_surer(self, said: list[tuple[float, bool]], found: float | None) -> None:
        assert auroc(said) == found

    def test_without_cases_there_is_nothing_to_say(self) -> None:
        assert report([]) == {"ece": None, "auroc": None, "curve": []}
