"""The classes of complexity of the product document: how many primitives, and whether they nest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

NESTED = ("then", "else", "do", "default")


class Complexity(StrEnum):
    """Simple first."""

    SIMPLE = "simple"
    MEDIUM = "medium"
    COMPLEX = "complex"
    ENTERPRISE = "enterprise"
    ADVANCED = "advanced"

    @property
    def seconds(self) -> int:
        """How long making one may take, by the product document's table."""
        return {"simple": 30, "medium": 120, "complex": 300, "enterprise": 600, "advanced": 900}[self.value]


def complexity(document: Mapping[str, Any]) -> Complexity:
    """2 to 3 primitives are simple, up to 5 medium, up to 9 complex, more enterprise; 15 with nesting are advanced."""
    count = sum(1 for _ in primitives(document.get("primitives", [])))
    nests = any(
        isinstance(one.get(field), list) for one in primitives(document.get("primitives", [])) for field in NESTED
    )
    if count >= 15 and nests:
        return Complexity.ADVANCED
    if count >= 10:
        return Complexity.ENTERPRISE
    if count > 5:
        return Complexity.COMPLEX
    return Complexity.MEDIUM if count > 3 else Complexity.SIMPLE


def primitives(items: Any) -> Iterator[dict[str, Any]]:
    """All primitives of a list and of what nests in it, each before what it holds."""
    for one in items if isinstance(items, list) else []:
        if not isinstance(one, dict):
            continue
        yield one
        for field in NESTED:
            yield from primitives(one.get(field))
        cases = one.get("cases")
        for side in cases.values() if isinstance(cases, dict) else ():
            yield from primitives(side)
