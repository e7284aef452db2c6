"""Classes of complexity."""

from __future__ import annotations

from typing import Any

import pytest

from flov7.marketplace.complexity import complexity


def flat(count: int) -> list[dict[str, Any]]:
    """So many primitives."""
    return [{"type": "action", "kind": "wait", "name": f"s{at}"} for at in range(count)]


class TestComplexity:
    @pytest.mark.parametrize(
        ("count", "name", "seconds"),
        [(2, "simple", 30), (3, "simple", 30), (4, "medium", 120), (5, "medium", 120), (6, "complex", 300), (9, "complex", 300),
         (10, "enterprise", 600), (30, "enterprise", 600)],
    )  # fmt: skip
    def test_more_primitives_are_more_complex(self, count: int, name: str, seconds: int) -> None:
        found = complexity({"primitives": flat(count)})
        assert (found.value, found.seconds) == (name, seconds)

    @pytest.mark.parametrize(
        "field", [{"then": flat(10)}, {"do": flat(10)}, {"cases": {"a": flat(6), "b": flat(4)}, "default": []}]
    )
    def test_what_nests_counts_too_and_makes_fifteen_advanced(self, field: dict[str, Any]) -> None:
        holder = {"type": "condition", "kind": "if_else", "name": "c", **field}
        assert complexity({"primitives": [*flat(4), holder]}) == "advanced"
