"""A team's work from a step's inputs to its output: build the crew, run it, put its result into a shape."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from flov7.ai.crews.library import Crew, crew_of
from flov7.ai.crews.quiet import crewai
from flov7.ai.crews.team import Stopped, Team
from flov7.ai.desk import Desk
from flov7.ai.graphs.job import Job
from flov7.ai.graphs.tasks import Task, material
from flov7.ai.tools import BoundTool, bound
from flov7.kit.errors import StepFailed
from flov7.language.catalogue import Catalogue
from flov7.llm.routing import Need, Router
from flov7.primitives.actions.ai_process import Agent

MANAGER, PLANNER = "manager", "planner"


async def worked(
    inputs: Mapping[str, Any], desk: Desk, *, catalogue: Catalogue, router: Router, threads: Executor, folder: str
) -> dict[str, Any]:
    """The step's output: `text`, the result of each task, and your schema's fields. Raises step errors."""
    crew = crew_of(inputs)
    models = {agent.name: router.route(Need.SIMPLE, named=agent.model or inputs.get("model")) for agent in crew.agents}
    lead = router.route(Need.STRONG, named=inputs.get("model"))
    router.check([*models.values(), *([lead] if crew.needs_lead else [])])
    tools = {
        agent.name: bound([*(one.model_dump() for one in agent.tools), *inputs["tools"]], catalogue)
        for agent in crew.agents
    }
    loop = asyncio.get_running_loop()
    team = Team(desk, loop)
    work = loop.run_in_executor(threads, _kickoff, crew, team, models, lead, tools, inputs, folder)
    try:
        results = await asyncio.shield(work)
    except asyncio.CancelledError as error:
        team.end(error)
        raise
    except Stopped as error:
        raise team.why or StepFailed("The crew was ended.") from error
    text = results[crew.tasks[-1].name]
    made: dict[str, Any] = {"text": text, "results": results}
    if crew.schema_:
        made |= await _shaped(
            crew, results, inputs, desk, model=lead if crew.needs_lead else next(iter(models.values()))
        )
    return made


def _kickoff(
    crew: Crew,
    team: Team,
    models: Mapping[str, str],
    lead: str,
    tools: Mapping[str, Mapping[str, BoundTool]],
    inputs: Mapping[str, Any],
    folder: str,
) -> dict[str, str]:
    """Run the crew, in a thread of its own; the result of each task by its name."""
    package = crewai(folder)
    from flov7.ai.crews.adapters import DeskModel

    asking = {
        "temperature": inputs["temperature"],
        "seed": inputs["seed"],
        "caching": inputs["cache"],
        "hidden": frozenset(inputs["hide"]),
    }

    def model(name: str) -> Any:
        named = dict(tools.get(name, {}))
        return DeskModel.of(team, name, model=models.get(name, lead), tools=named, asking=asking)

    agents = {one.name: _agent(package, one, team, model(one.name), tools[one.name]) for one in crew.agents}
    tasks: dict[str, Any] = {}
    about = f"\n\nWhat it is about:\n{material(inputs['input'])}" if inputs.get("input") is not None else ""
    for one in crew.tasks:
        tasks[one.name] = package.Task(
            description=f"{one.description}{about}",
            expected_output=one.expected,
            agent=agents[one.agent] if one.agent else None,
            context=[tasks[name] for name in one.context] or None,
        )
    more: dict[str, Any] = {"manager_llm": model(MANAGER)} if crew.process == "hierarchical" else {}
    if crew.planning:
        more |= {"planning": True, "planning_llm": model(PLANNER)}
    package.Crew(
        agents=list(agents.values()),
        tasks=list(tasks.values()),
        process=package.Process(crew.process),
        verbose=False,
        memory=False,
        cache=False,
        tracing=False,
        **more,
    ).kickoff()
    return {name: str(task.output.raw) if task.output is not None else "" for name, task in tasks.items()}


def _agent(package: Any, agent: Agent, team: Team, model: Any, tools: Mapping[str, BoundTool]) -> Any:
    from flov7.ai.crews.adapters import DeskTool

    return package.Agent(
        role=agent.role,
        goal=agent.goal,
        backstory=agent.backstory or agent.role,
        llm=model,
        tools=[DeskTool.of(team, agent.name, tool) for tool in tools.values()],
        allow_delegation=agent.delegates,
        max_retry_limit=0,
        max_iter=max(2, team.desk.limits.turns),
        verbose=False,
    )


async def _shaped(
    crew: Crew, results: Mapping[str, str], inputs: Mapping[str, Any], desk: Desk, *, model: str
) -> dict[str, Any]:
    """The team's results in the shape that was asked for: one more question, mended like any other."""
    from flov7.ai.graphs.graph import answered

    rules = "Put what the team found into the asked-for shape. Take everything from their results; make nothing up."
    assert crew.schema_ is not None
    told = "\n\n".join(f"## {name}\n{text}" for name, text in results.items())
    task = Task("aggregate", rules, material(told), crew.schema_, Need.SIMPLE)
    value: dict[str, Any] = await answered(Job(task, inputs, model, desk, {}))
    return value
