"""What a workflow remembers between runs, as a kind sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from flov7.kit.errors import StepRefused
from flov7.primitives.marks import Json

Change = Callable[[Json | None], tuple[Json, Json]]
"""The value so far (None: there is none) to the new value and what the caller gets."""


class Memory(Protocol):
    """Values by name, of one workflow or of the whole workspace."""

    async def get(self, name: str, *, shared: bool) -> Json | None:
        """The value, or None."""
        ...

    async def change(self, name: str, *, shared: bool, call: str, by: Change) -> Json:
        """Change it under a lock, once for each `call`; a repetition gets the first answer."""
        ...


class NoMemory:
    """Where nothing is remembered: a connection's test."""

    async def get(self, name: str, *, shared: bool) -> Json | None:
        """Nothing."""
        return None

    async def change(self, name: str, *, shared: bool, call: str, by: Change) -> Json:
        """There is no place."""
        raise StepRefused("Nothing can be kept here.", code="state.no_place")
