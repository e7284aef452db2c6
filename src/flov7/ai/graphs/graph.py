"""The graph of an AI node: ask, use tools, check, mend, until the answer fits or nothing more is allowed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph

from flov7.ai.graphs.job import Job
from flov7.kit.errors import StepRefused
from flov7.llm.answers import Answer


class State(TypedDict):
    """What goes from node to node."""

    job: Job
    turns: list[dict[str, Any]]
    number: int
    mends: int
    answer: Answer | None
    value: Any
    wrong: list[str]


async def answered(job: Job) -> Any:
    """The task's value. Raises step errors: unfit after all mends, a limit, a tool that may not be used."""
    begin = State(job=job, turns=job.first(), number=0, mends=0, answer=None, value=None, wrong=[])
    most = 4 * job.desk.limits.turns + 20
    ended = await graph().ainvoke(begin, {"recursion_limit": most})
    return ended["value"]


@lru_cache(maxsize=1)
def graph() -> Any:
    """The graph, compiled once: all tasks are asked by it, with their own words, shape and checks."""
    made = StateGraph(State)
    made.add_node("ask", _ask)
    made.add_node("use_tools", _use_tools)
    made.add_node("check", _check)
    made.add_node("mend", _mend)
    made.add_edge(START, "ask")
    made.add_conditional_edges("ask", _after_asking)
    made.add_edge("use_tools", "ask")
    made.add_conditional_edges("check", _after_checking)
    made.add_edge("mend", "ask")
    return made.compile()


async def _ask(state: State) -> dict[str, Any]:
    number = state["number"] + 1
    answer = await state["job"].ask(number, state["turns"])
    return {"number": number, "answer": answer, "turns": [*state["turns"], answer.as_turn()]}


def _after_asking(state: State) -> Literal["use_tools", "check"]:
    answer = state["answer"]
    return "use_tools" if answer is not None and answer.wishes else "check"


async def _use_tools(state: State) -> dict[str, Any]:
    """One after another, in the order in which the model asked: so each has the same place in every attempt."""
    job, answer = state["job"], state["answer"]
    assert answer is not None
    results: list[dict[str, Any]] = []
    for at, wish in enumerate(answer.wishes, start=1):
        used = await job.desk.use(f"tool/{state['number']}/{at}", wish, job.tools)
        results.append({"role": "tool", "tool_call_id": wish.id, "content": used.text})
    return {"turns": [*state["turns"], *results]}


async def _check(state: State) -> dict[str, Any]:
    answer = state["answer"]
    assert answer is not None
    value, wrong = state["job"].read(answer)
    return {"value": value, "wrong": wrong}


def _after_checking(state: State) -> str:
    return "mend" if state["wrong"] else END


async def _mend(state: State) -> dict[str, Any]:
    """Send the answer back with what was wrong. Raises StepRefused where that was done often enough."""
    most = state["job"].inputs["mends"]
    if state["mends"] >= most:
        raise StepRefused(
            f"The model's answer did not fit after {most + 1} tries: {'; '.join(state['wrong'][:3])}.",
            hint="Say in `instructions` what is wanted, choose a stronger `model`, or let a person do it (`on_error`).",
            code="ai.unfit",
            details={"wrong": state["wrong"]},
        )
    words = "Your answer does not hold. Mend this, and give the whole answer again:\n- " + "\n- ".join(state["wrong"])
    return {"mends": state["mends"] + 1, "turns": [*state["turns"], {"role": "user", "content": words}]}
