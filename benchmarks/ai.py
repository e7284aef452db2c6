"""What AI steps add: a node over the bare call, a crew over bare CrewAI, a known answer, fifty at once, memory.

The model is the scripted server: it answers at once (the crew's after 100 ms), so what is measured is ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from benchmarks.durable import bench_house
from flov7.ai.book import StoredBook
from flov7.ai.crews.quiet import crewai
from flov7.ai.settings import AiSettings
from flov7.ai.thinking import Thinking
from flov7.cache.answers import Answers
from flov7.engine.ledger import StoredLedger
from flov7.engine.runtime import CallRequest
from flov7.language.catalogue import Queue
from flov7.language.effects import Effect
from flov7.llm.answers import Account, Ask
from flov7.llm.models import models_of
from flov7.llm.testing import Request, Scripted, scripted_model
from flov7.primitives.actions.ai_process import Inputs
from flov7.store import workspaces
from flov7.wiring import House

RESULTS = Path(__file__).parent / "results" / "ai.json"
CREW_CALL = 0.1
PEOPLE = ("Reader", "Writer")


def play(request: Request) -> Scripted:
    """Labels at once; agents after a while."""
    if request.schema is not None:
        return Scripted(value={"label": "a", "confidence": 1, "reason": "so"})
    return Scripted(text="Done.", delay=CREW_CALL if "Your personal goal" in request.text else 0)


async def timed(one: Callable[[int], Awaitable[Any]], *, times: int, warm: int = 3) -> float:
    """The median of seconds, after some that are not counted."""
    took: list[float] = []
    for n in range(warm + times):
        began = time.perf_counter()
        await one(n)
        took.append(time.perf_counter() - began)
    return statistics.median(took[warm:])


def request(workspace_id: str, config: dict[str, Any], number: int) -> tuple[CallRequest, dict[str, Any]]:
    """A call of one AI step, in a run of its own."""
    inputs = Inputs.model_validate({"cache": "off", **config}).model_dump(by_alias=True)
    made = CallRequest(
        execution_id=f"bench{os.urandom(4).hex()}{number}", workspace_id=workspace_id, step="ask", key="ask",
        type="action", kind="ai_process", inputs=inputs, effect=Effect.IDEMPOTENT, timeout=120, queue=Queue.AI,
    )  # fmt: skip
    return made, inputs


def crew() -> dict[str, Any]:
    """Two agents, four tasks."""
    agents = [{"name": who.lower(), "role": who, "goal": "Be right.", "backstory": "Careful."} for who in PEOPLE]
    tasks = [
        {"name": f"task{n}", "description": "Do it.", "expected": "Words.", "agent": PEOPLE[n % 2].lower()}
        for n in range(4)
    ]
    return {"agents": agents, "tasks": tasks, "input": None}


def bare_crew(base_url: str) -> None:
    """The same team on CrewAI alone."""
    package = crewai()

    def model() -> Any:
        return package.LLM(model="openai/gpt-5.4-mini", base_url=base_url, api_key="none")

    agents = [
        package.Agent(role=who, goal="Be right.", backstory="Careful.", llm=model(), verbose=False) for who in PEOPLE
    ]
    tasks = [package.Task(description="Do it.", expected_output="Words.", agent=agents[n % 2]) for n in range(4)]
    package.Crew(agents=agents, tasks=tasks, verbose=False, memory=False, cache=False, tracing=False).kickoff()


async def measured(house: House) -> dict[str, float]:
    """All figures: milliseconds, megabytes, ratios."""
    workspace = await workspaces.create(house.database, slug=f"b-{os.urandom(4).hex()}", title="Bench")
    async with scripted_model(play) as server:
        settings = server.settings(llm_model="gpt-5.4-mini", llm_timeout=60)
        memory = Answers(house.cache, kind="bench")
        models = models_of(settings, memory=memory, book=StoredBook(house.database, most_models=9))
        ledger = StoredLedger(house.database.effects)
        thinks = Thinking(
            models=models, performer=house.performer, ledger=ledger, catalogue=house.registry.catalogue(),
            settings=AiSettings.load(),
        )  # fmt: skip

        async def node(number: int, config: dict[str, Any] | None = None) -> None:
            made, inputs = request(
                workspace.id, config or {"task": "classify", "labels": ["a", "b"], "input": "x"}, number
            )
            await thinks(made).think(inputs)

        ask = Ask(turns=({"role": "user", "content": "x"},), model="gpt-5.4-mini", schema=_SHAPE)
        bare = await timed(lambda _: models.client.ask(ask), times=50)
        ours = await timed(node, times=50)
        known = replace(ask, account=Account(workspace.id), caching="exact")
        hit = await timed(lambda _: models.asks.ask(known), times=50)
        began = time.perf_counter()
        await asyncio.gather(*(node(n) for n in range(50)))
        fifty = time.perf_counter() - began
        before = psutil.Process().memory_info().rss / 2**20
        team = await timed(lambda n: node(n, crew()), times=5, warm=1)
        alone = await timed(lambda _: asyncio.to_thread(bare_crew, server.base_url), times=5, warm=1)
        after = psutil.Process().memory_info().rss / 2**20
        await models.close()
    return {
        "bare_call_ms": round(bare * 1000, 2),
        "node_ms": round(ours * 1000, 2),
        "node_adds_ms": round((ours - bare) * 1000, 2),
        "cache_hit_ms": round(hit * 1000, 2),
        "fifty_nodes_at_once_s": round(fifty, 3),
        "crew_s": round(team, 3),
        "bare_crew_s": round(alone, 3),
        "crew_ratio": round(team / alone, 3),
        "memory_before_crews_mb": round(before),
        "memory_with_crews_mb": round(after),
    }


_SHAPE = {
    "type": "object",
    "properties": {"label": {"type": "string"}, "confidence": {"type": "number"}, "reason": {"type": "string"}},
    "required": ["label", "confidence", "reason"],
    "additionalProperties": False,
}
AIMS = {"node_adds_ms": 25.0, "cache_hit_ms": 3.0, "crew_ratio": 1.15}


async def main() -> None:
    """Measure, print, keep."""
    warnings.simplefilter("ignore")
    async with bench_house() as house:
        figures = await measured(house)
    for name, value in figures.items():
        aim = f"   (aim: at most {AIMS[name]:g})" if name in AIMS else ""
        print(f"{name:26} {value:10g}{aim}")
    RESULTS.write_text(json.dumps({"figures": figures, "aims": AIMS}, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
