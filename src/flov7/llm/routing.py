"""Which model is asked: by what is to be done, and by how many models the plan has."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from flov7.kit.errors import StepRefused
from flov7.llm.settings import LlmSettings

LONG = 12_000
"""Characters of input from which a simple task is no simple one any more."""


class Need(StrEnum):
    """How much a task asks of a model."""

    SIMPLE = "simple"
    STRONG = "strong"


class Router:
    """The models of one installation: one on `base`, two on `premium`. Routing picks among them."""

    def __init__(self, settings: LlmSettings) -> None:
        self._cheap = settings.llm_model
        self._strong = settings.llm_strong_model
        self._plan = settings.llm_plan

    @property
    def most(self) -> int:
        """How many distinct models a run may use."""
        return 1 if self._plan == "base" else 2

    def route(self, need: Need, *, characters: int = 0, named: str | None = None) -> str:
        """The model for a task: the one that is named, else the strong one where it is needed and there are two."""
        if named:
            return named
        hard = need is Need.STRONG or characters > LONG
        return self._strong if hard and self.most > 1 else self._cheap

    def check(self, models: Iterable[str]) -> None:
        """Raises StepRefused (`llm.too_many_models`) where a step, its agents included, names more than there may be."""
        distinct = sorted(set(models))
        if len(distinct) > self.most:
            raise StepRefused(
                f"This step uses {len(distinct)} models ({', '.join(distinct)}), and the {self._plan} plan has "
                f"{self.most}.",
                hint="Leave `model` out, so that one is chosen, or name the same one everywhere.",
                code="llm.too_many_models",
            )
