"""What a step that asks models sees of them: one port, which the AI service implements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from flov7.kit.errors import StepRefused
from flov7.primitives.marks import Json


class Thinker(Protocol):
    """Does what an `ai_process` step says, with models, tools and agents."""

    async def think(self, task: Mapping[str, Json]) -> Json:
        """The step's output for its inputs, as plain JSON. Raises step errors, and those of models."""
        ...


class NoThinker:
    """Where no models are: every process but the AI service."""

    async def think(self, task: Mapping[str, Json]) -> Json:
        """There are none here."""
        raise StepRefused(
            "Models are asked by the AI service only, and this is another process.",
            hint="Run `flov7 ai` (or `flov7 up`), and give the workflow the mode `durable`.",
            code="ai.not_here",
        )
