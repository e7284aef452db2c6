"""Teams: those that a step describes, and those that ship, in YAML, one file each in `shelf/`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flov7.kit.errors import Misconfigured, StepRefused
from flov7.language.diagnostics import Report
from flov7.language.reading import read_text
from flov7.primitives.actions.ai_process import Agent, TeamTask

SHELF = Path(__file__).with_name("shelf")


class Crew(BaseModel):
    """A team: who is in it, what they do, in which order, and the shape of what comes out."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    title: str = ""
    about: str = ""
    takes: str = Field(default="", description="What stands in `input`.")
    agents: list[Agent]
    tasks: list[TeamTask]
    process: Literal["sequential", "hierarchical"] = "sequential"
    planning: bool = False
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")

    @property
    def needs_lead(self) -> bool:
        """Whether somebody stands above the agents."""
        return self.planning or self.process == "hierarchical"


@lru_cache(maxsize=1)
def shelf() -> Mapping[str, Crew]:
    """The teams that ship, by name. Raises Misconfigured where a file does not hold."""
    made: dict[str, Crew] = {}
    for path in sorted(SHELF.glob("*.yaml")):
        report = Report()
        value = read_text(path.read_text(encoding="utf-8"), report)
        if report.has_errors:
            raise Misconfigured(f"The crew {path.name} cannot be read: {report.diagnostics[0].message}")
        made[path.stem] = Crew.model_validate(value)
    return made


def crew_of(inputs: Mapping[str, Any]) -> Crew:
    """The team that a step means. Raises StepRefused for one that is not there, and for tasks that nobody does."""
    name = inputs.get("crew")
    if name is not None:
        found = shelf().get(name)
        if found is None:
            raise StepRefused(
                f"There is no crew `{name}`.",
                hint=f"There are {', '.join(shelf())}; or describe your own with `agents` and `tasks`.",
                code="ai.no_crew",
            )
        crew = found.model_copy(update=_own(inputs))
    else:
        given = {key: inputs[key] for key in ("agents", "tasks", "process", "planning")}
        crew = Crew.model_validate({**given, "schema": inputs.get("schema")})
    _check(crew)
    return crew


def _own(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a step changes of a shipped team: its schema, and the tools of each agent by `tools`."""
    changed: dict[str, Any] = {}
    if inputs.get("schema"):
        changed["schema_"] = inputs["schema"]
    return changed


def _check(crew: Crew) -> None:
    agents, before = {agent.name for agent in crew.agents}, set[str]()
    for task in crew.tasks:
        if task.agent is None and crew.process == "sequential":
            raise _wrong(f"Nobody does the task `{task.name}`.", "Name its `agent`, or make the process hierarchical.")
        if task.agent is not None and task.agent not in agents:
            raise _wrong(f"The task `{task.name}` names the agent `{task.agent}`, who is not in the team.", "")
        if missing := [name for name in task.context if name not in before]:
            raise _wrong(f"The task `{task.name}` needs `{missing[0]}`, which does not stand above it.", "")
        before.add(task.name)


def _wrong(message: str, hint: str) -> StepRefused:
    return StepRefused(
        message, hint=hint or f"Mend the step's {'agents' if 'agent' in message else 'tasks'}.", code="ai.crew"
    )
