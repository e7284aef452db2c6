"""Addresses by which people answer a step that waits, without an account: a page with what is asked and two buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Link:
    """An address, and what stands on its button."""

    label: str
    url: str


class Links(Protocol):
    """The addresses for one run."""

    async def of(self, step: str, *, wants: str, who: str = "") -> Sequence[Link]:
        """The addresses for a step that waits for an `approval`, an `answer` or a `callback`, made for `who`."""
        ...


class NoLinks:
    """Where nobody waits."""

    async def of(self, step: str, *, wants: str, who: str = "") -> Sequence[Link]:
        """None."""
        return ()
