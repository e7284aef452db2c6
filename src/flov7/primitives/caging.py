"""What a step that runs foreign code sees of the cage: one port, which the room `cage` implements."""

from __future__ import annotations

from typing import Protocol

from flov7.kit.errors import StepRefused
from flov7.primitives.marks import Json


class Caged(Protocol):
    """Runs code without network, without files but its own, within limits; or not at all."""

    async def run(self, code: str, inputs: Json, *, seconds: float | None = None) -> Json:
        """What the code's `run(inputs)` gives. Raises step errors, and Misconfigured `cage.none` without a cage."""
        ...


class NoCage:
    """Where there is none: a connection's test."""

    async def run(self, code: str, inputs: Json, *, seconds: float | None = None) -> Json:
        """Nothing runs."""
        raise StepRefused("No code runs here.", code="cage.none")
