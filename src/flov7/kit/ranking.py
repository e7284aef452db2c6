"""BM25: how much a word of a search says for a text that holds it."""

from __future__ import annotations

import math

K = 1.2
"""How soon a word said often stops counting more."""


def rarity(total: int, holding: int) -> float:
    """How much a word says by being in only `holding` of `total` texts."""
    return math.log(1 + (total - holding + 0.5) / (holding + 0.5))


def weight(often: float, *, length: float, b: float, k: float = K) -> float:
    """How much a word says by standing `often` times in a text of `length` (1 is the mean); `b` is what length counts."""
    return often * (k + 1) / (often + k * (1 - b + b * length))
