"""Teams on CrewAI: sequential, hierarchical, planned; tools, shapes, records by place, and the ways to fail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flov7.engine.ledger import MemoryLedger
from flov7.engine.perform import InDoubt
from flov7.kit.errors import FlowError, StepRefused, StepTimedOut
from flov7.llm.testing import Request, Scripted, ToolCall
from tests.ai.conftest import thinking

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # CrewAI's own
LOOK = {"kind": "api_call", "name": "look_up", "config": {"url": "https://shop.example/orders", "method": "GET"}}
PAY = {"kind": "api_call", "name": "pay_back", "config": {"url": "https://shop.example/refunds", "method": "POST"}}


def team(*, tools: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """Two agents, two tasks."""
    agent = {"goal": "Be right.", "backstory": "Careful."}
    return {
        "agents": [
            {"name": "reader", "role": "Reader of letters", **agent, "tools": tools or []},
            {"name": "writer", "role": "Writer of answers", **agent},
        ],
        "tasks": [
            {"name": "reading", "description": "Read it.", "expected": "What it says.", "agent": "reader"},
            {"name": "writing", "description": "Answer it.", "expected": "An answer.", "agent": "writer",
             "context": ["reading"]},
        ],
        "input": "Where is order 7?",
        **more,
    }  # fmt: skip


def play(request: Request) -> Scripted:
    """A reader who looks up, and pays where he can; a writer who tells what the reader found."""
    if "Reader of letters" in request.system:
        left = [name for name in request.tools if name in ("look_up", "pay_back") and name not in request.called]
        if left:
            return Scripted(calls=(ToolCall(left[0], {}),))
        return Scripted(text=f"Found: {'; '.join(request.results)}")
    if request.schema is not None:
        return Scripted(value={"order": "7", "state": "shipped"})
    return Scripted(text=f"Dear customer. {'Found: ' in request.text}")


SHAPE = {
    "type": "object",
    "required": ["order", "state"],
    "properties": {"order": {"type": "string"}, "state": {"type": "string"}},
}


class TestWork:
    async def test_tasks_follow_one_another_and_results_are_handed_on(self) -> None:
        async with thinking(play, tool=lambda call: {"state": "shipped"}) as bench:
            made = await bench.run(**team(tools=[LOOK]))
        assert "shipped" in made["results"]["reading"]
        assert made["text"] == made["results"]["writing"] == "Dear customer. True"
        assert len(bench.server.requests) == 3
        assert [call.inputs["method"] for call in bench.done] == ["GET"]

    async def test_what_each_agent_took_is_told(self) -> None:
        async with thinking(play) as bench:
            made = await bench.run(**team(tools=[LOOK]))
        by = {
            agent: [turn["place"] for turn in made["ai"]["turns"] if turn["agent"] == agent]
            for agent in ("reader", "writer")
        }
        assert by == {"reader": ["reader/1", "reader/tool/1", "reader/2"], "writer": ["writer/1"]}
        assert made["ai"]["calls"] == 3
        assert made["ai"]["tokens"] == sum(turn.get("tokens", 0) for turn in made["ai"]["turns"]) > 0

    async def test_the_result_is_put_into_the_shape_and_mended(self) -> None:
        answers = iter([{"order": 7}, {"order": "7", "state": "shipped"}])

        def shaping(request: Request) -> Scripted:
            return Scripted(value=next(answers)) if request.schema is not None else play(request)

        async with thinking(shaping) as bench:
            made = await bench.run(**team(schema=SHAPE))
        assert (made["order"], made["state"]) == ("7", "shipped")
        assert "does not hold" in bench.server.requests[-1].last

    async def test_each_agent_has_its_model_and_two_are_the_most(self) -> None:
        config = team()
        config["agents"][0]["model"] = "strong"
        async with thinking(play) as bench:
            await bench.run(**config)
            assert [one.model for one in bench.server.requests] == ["strong", "cheap"]
            config["agents"][0]["model"], config["agents"][1]["model"] = "second", "third"
            config["process"] = "hierarchical"
            with pytest.raises(StepRefused) as caught:
                await bench.run(execution_id="r2", **config)
        assert caught.value.error_code == "llm.too_many_models"

    async def test_in_a_hierarchy_the_manager_hands_work_to_the_team(self) -> None:
        def managed(request: Request) -> Scripted:
            if "Reader of letters" in request.system or "Writer of answers" in request.system:
                return Scripted(text="Order 7 is shipped.")
            if "delegate_work_to_coworker" in request.tools and not request.called:
                given = {"task": "Read it", "context": "Order 7", "coworker": "Reader of letters"}
                return Scripted(calls=(ToolCall("delegate_work_to_coworker", given),))
            return Scripted(text=f"Done: {'; '.join(request.results)}")

        config = team(process="hierarchical")
        for task in config["tasks"]:
            task.pop("agent")
        async with thinking(managed) as bench:
            made = await bench.run(**config)
        assert "Order 7 is shipped." in made["results"]["reading"]
        agents = [turn["agent"] for turn in made["ai"]["turns"]]
        assert agents[:3] == ["manager", "reader", "manager"]

    async def test_a_team_plans_first_where_it_is_asked_to(self) -> None:
        def planned(request: Request) -> Scripted:
            if request.schema is not None:
                plans = [{"task_number": n, "task": "x", "plan": "Look twice."} for n in (1, 2)]
                return Scripted(value={"list_of_plans_per_task": plans})
            return play(request)

        async with thinking(planned) as bench:
            made = await bench.run(**team(planning=True))
        assert made["ai"]["turns"][0]["agent"] == "planner"
        assert any("Look twice." in one.text for one in bench.server.requests[1:])


class TestFailing:
    async def test_a_refusing_model_ends_the_crew_at_once(self) -> None:
        async with thinking([Scripted(refusal="No.")]) as bench:
            with pytest.raises(FlowError, match="will not answer"):
                await bench.run(**team())
        assert len(bench.server.requests) == 1

    async def test_the_limit_of_turns_ends_the_crew(self) -> None:
        async with thinking([Scripted(calls=(ToolCall("look_up", {}),))]) as bench:
            with pytest.raises(StepRefused) as caught:
                await bench.run(**team(tools=[{**LOOK, "most": 50}], limits={"turns": 4}))
        assert caught.value.error_code in ("ai.limit_turns", "ai.forbidden_tool")
        assert len(bench.server.requests) <= 5

    async def test_a_team_that_does_not_hold_is_refused_before_anything_is_asked(self) -> None:
        for change, said in (
            ({"crew": "acrobats", "agents": None, "tasks": None}, "no crew `acrobats`"),
            ({"tasks": [{"name": "a", "description": "d", "expected": "e", "agent": "nobody"}]}, "not in the team"),
            ({"tasks": [{"name": "a", "description": "d", "expected": "e", "agent": "reader", "context": ["b"]}]}, "`b`"),
        ):  # fmt: skip
            async with thinking(play) as bench:
                with pytest.raises(StepRefused, match=said):
                    await bench.run(**{**team(), **change})
            assert bench.server.requests == []

    async def test_a_payment_whose_end_nobody_saw_is_put_to_a_person(self) -> None:
        def lost(call: Any) -> Any:
            raise StepTimedOut("No answer.")

        async with thinking(play, tool=lost) as bench:
            for _ in range(2):
                with pytest.raises(InDoubt):
                    await bench.run(**team(tools=[PAY]))
        assert len(bench.done) == 1


class TestRecords:
    async def test_a_crew_that_was_killed_goes_on_and_repeats_only_what_was_in_flight(self) -> None:
        ledger, config = MemoryLedger(), team(tools=[LOOK, PAY])

        def slow_writer(request: Request) -> Scripted:
            made = play(request)
            return Scripted(text=made.text, delay=5) if "Writer of answers" in request.system else made

        async with thinking(slow_writer, ledger=ledger) as bench:
            task = asyncio.ensure_future(bench.run(**config))
            while len(bench.server.requests) < 4 and not task.done():
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert [call.inputs["method"] for call in bench.done] == ["GET", "POST"]
        async with thinking(play, ledger=ledger) as bench:
            made = await bench.run(**config)
            again = await bench.run(**config)
        assert made["text"] == again["text"] == "Dear customer. True"
        assert len(bench.server.requests) == 1  # the writer, who was in flight
        assert [call.inputs["method"] for call in bench.done] == ["GET", "GET"]  # reading twice does no harm
        assert sum(1 for turn in made["ai"]["turns"] if turn.get("known")) == 3
