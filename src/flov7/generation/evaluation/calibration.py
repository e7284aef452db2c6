"""How far what was said of how sure it is can be trusted: expected calibration error, AUROC, the curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Said = tuple[float, bool]
"""How sure it said it was, and whether it was right."""
_BINS = 5


def curve(said: Sequence[Said], *, bins: int = _BINS) -> list[dict[str, Any]]:
    """For bins of equal width: how many, how sure on average, how often right; empty bins are left out."""
    found: list[dict[str, Any]] = []
    for at in range(bins):
        low, high = at / bins, (at + 1) / bins
        here = [one for one in said if low <= one[0] < high or (at == bins - 1 and one[0] == 1.0)]
        if here:
            found.append(
                {
                    "from": round(low, 2),
                    "to": round(high, 2),
                    "cases": len(here),
                    "said": round(sum(sure for sure, _ in here) / len(here), 4),
                    "right": round(sum(right for _, right in here) / len(here), 4),
                }
            )
    return found


def calibration_error(said: Sequence[Said], *, bins: int = _BINS) -> float | None:
    """The mean distance between said and right, weighted by cases; None without cases."""
    if not said:
        return None
    return round(sum(abs(one["said"] - one["right"]) * one["cases"] for one in curve(said, bins=bins)) / len(said), 4)


def auroc(said: Sequence[Said]) -> float | None:
    """How often a right one is surer than a wrong one, ties counting half; None where all are right, or none is."""
    right = [sure for sure, good in said if good]
    wrong = [sure for sure, good in said if not good]
    if not right or not wrong:
        return None
    won = sum((a > b) + 0.5 * (a == b) for a in right for b in wrong)
    return round(won / (len(right) * len(wrong)), 4)


def report(said: Sequence[Said]) -> dict[str, Any]:
    """All three."""
    return {"ece": calibration_error(said), "auroc": auroc(said), "curve": curve(said)}
