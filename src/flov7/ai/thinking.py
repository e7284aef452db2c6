"""Does what `ai_process` steps say: single nodes by graphs, teams by crews. One for each process."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from flov7.ai.desk import Desk
from flov7.ai.limits import Limits
from flov7.ai.settings import AiSettings
from flov7.ai.tools import bound
from flov7.engine.ledger import Ledger
from flov7.engine.perform import Performer
from flov7.engine.runtime import CallRequest
from flov7.language.catalogue import Catalogue
from flov7.llm.models import Models

TURNS, TEAM_TURNS = 12, 100


class Thinking:
    """Everything that AI steps of one process share."""

    def __init__(
        self, *, models: Models, performer: Performer, ledger: Ledger, catalogue: Catalogue, settings: AiSettings
    ) -> None:
        """`performer` runs the kinds that are tools, under the same `ledger` that records answers."""
        self.models = models
        self.catalogue = catalogue
        self.settings = settings
        self._performer = performer
        self._ledger = ledger
        self.crews = ThreadPoolExecutor(settings.ai_crews, thread_name_prefix="crew")
        self.busy = 0

    def __call__(self, request: CallRequest) -> OneStep:
        """The thinker of one call."""
        return OneStep(self, request)

    def desk(self, request: CallRequest, limits: Limits) -> Desk:
        """A desk for one attempt."""
        return Desk(request, self.models.asks, self._ledger, self._performer, limits)


@dataclass(frozen=True)
class OneStep:
    """Keeps the promises of `primitives.thinking.Thinker` for one call."""

    house: Thinking
    request: CallRequest

    async def think(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """The step's output: the task's fields, and `ai`, what it took."""
        team = bool(task.get("crew") or task.get("agents"))
        desk = self.house.desk(self.request, Limits.of(task["limits"], turns=TEAM_TURNS if team else TURNS))
        self.house.busy += 1
        try:
            value = await (
                self._team(task, desk) if task.get("crew") or task.get("agents") else self._single(task, desk)
            )
        finally:
            self.house.busy -= 1
        return {**value, "ai": desk.took()}

    async def _single(self, task: Mapping[str, Any], desk: Desk) -> dict[str, Any]:
        from flov7.ai.graphs.graph import answered
        from flov7.ai.graphs.job import Job
        from flov7.ai.graphs.tasks import task_of

        made = task_of(task)
        router = self.house.models.router
        model = router.route(made.need, characters=len(made.material), named=task.get("model"))
        job = Job(made, task, model, desk, bound(task["tools"], self.house.catalogue))
        value: dict[str, Any] = await answered(job)
        if (
            made.name == "extract"
            and "values" in made.shape["properties"]
            and not (task.get("schema") or task["fields"])
        ):
            value = {one["name"]: one["value"] for one in value["values"] if one["name"] != "ai"}
        return value

    async def _team(self, task: Mapping[str, Any], desk: Desk) -> dict[str, Any]:
        from flov7.ai.crews.crew import worked

        house = self.house
        return await worked(
            task,
            desk,
            catalogue=house.catalogue,
            router=house.models.router,
            threads=house.crews,
            folder=house.settings.ai_folder,
        )
