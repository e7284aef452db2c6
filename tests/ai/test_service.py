"""AI steps inside runs, on real servers: from the document to the answer, over the AI service's own queue."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from flov7.engine.values import RunStatus
from flov7.llm.testing import Request, Scripted, ScriptedModel, ToolCall, scripted_model, stand_in
from flov7.store import effects as stored_effects
from flov7.store import model_calls, workspaces
from flov7.wiring import House, thinking
from tests.engine.conftest import Bench, house  # noqa: F401 - the fixture

MAIL = "The vase arrived broken. I want a refund now."
CLASSIFY = {"task": "classify", "labels": ["refund", "praise"], "input": "{{ text }}"}


def document(config: dict[str, Any] | None = None, *more: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "flow7": "1.0",
        "name": "triage",
        "primitives": [
            {"type": "trigger", "kind": "manual", "name": "start"},
            {"type": "action", "kind": "ai_process", "name": "sort", "config": config or CLASSIFY},
            *more,
        ],
        "output": {"label": "{{ sort.label }}"},
        **fields,
    }


@asynccontextmanager
async def served(house: House, play: Any, **given: Any) -> AsyncIterator[ScriptedModel]:  # noqa: F811
    async with scripted_model(play) as server:
        settings = server.settings(**{"llm_model": "gpt-5.4-mini", "llm_timeout": 20, **given})
        async with thinking(house, models=settings):
            yield server


@pytest_asyncio.fixture(loop_scope="session")
async def bench(house: House) -> Bench:  # noqa: F811
    workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="A test")
    return Bench(house, workspace.id)


class TestARun:
    @pytest.mark.parametrize("mode", ["durable", "express"])
    async def test_a_step_asks_and_its_answer_goes_on(self, bench: Bench, mode: str) -> None:
        async with served(bench.house, stand_in) as server:
            result = await bench.run(document(mode=mode), payload={"text": MAIL})
        assert (result.status, result.output) == (RunStatus.SUCCEEDED, {"label": "refund"})
        assert len(server.requests) == 1

    async def test_what_it_took_is_written_down_by_call_and_by_place(self, bench: Bench) -> None:
        async with served(bench.house, stand_in):
            started = await bench.start(document(), payload={"text": MAIL})
            await bench.finish(started)
        async with bench.house.database.workspace(bench.workspace_id) as scope:
            (call,) = await model_calls.of_execution(scope, started.execution_id)
            rows = await stored_effects.of_execution(scope, started.execution_id)
            totals = await model_calls.totals(scope, by="step")
        assert (call.state, call.step, call.place, call.model) == ("done", "sort", "turn/1", "gpt-5.4-mini")
        assert call.cost > 0 and call.input_tokens > 0
        assert [(row.key.path, row.state, row.attempts) for row in rows] == [
            ("", "recorded", 1),
            ("turn/1/", "recorded", 1),
        ]
        assert [(one["of"], one["calls"]) for one in totals] == [("sort", 1)]

    async def test_a_busy_model_is_asked_again_and_nothing_is_asked_twice(self, bench: Bench) -> None:
        script = [Scripted(calls=(ToolCall("look", {}),)), Scripted(status=500), Scripted(text="Found.")]
        tool = {"kind": "api_call", "name": "look", "config": {"url": "{{ shop }}"}}
        config = {"task": "agent", "input": "x", "tools": [tool]}
        async with served(bench.house, script) as server:
            shop = server.base_url.replace("/v1", "/v1/models")
            body = document(config, output={"text": "{{ sort.text }}"})
            body["primitives"][1]["retry"] = {"max_attempts": 3, "initial": 0.05}
            result = await bench.run(body, payload={"shop": shop})
        assert (result.status, result.output) == (RunStatus.SUCCEEDED, {"text": "Found."})
        assert len(server.requests) == 3

    async def test_a_handler_takes_over_where_the_model_refuses(self, bench: Bench) -> None:
        handler = {"type": "data", "kind": "mapping", "name": "by_hand", "mapping": {"error.code": "why"}}
        body = document(CLASSIFY, handler, output={"why": "{{ why }}"})
        body["primitives"][1]["on_error"] = "by_hand"
        async with served(bench.house, [Scripted(refusal="No.")]):
            result = await bench.run(body, payload={"text": MAIL})
        assert result.output == {"why": "llm.refused"}


class TestBudgets:
    async def test_a_call_that_could_pass_the_runs_budget_is_not_made(self, bench: Bench) -> None:
        async with served(bench.house, stand_in, llm_budget_run=0.000001) as server:
            result = await bench.run(document(), payload={"text": MAIL})
        assert result.status is RunStatus.FAILED and result.error is not None
        assert result.error.code == "llm.budget"
        assert server.requests == []

    async def test_the_workspaces_budget_holds_over_runs(self, bench: Bench) -> None:
        def dear(request: Request) -> Scripted:
            return Scripted(value={"label": "refund", "confidence": 1, "reason": "word " * 2000})

        async with served(bench.house, dear, llm_budget_workspace=0.03) as server:
            ends = [await bench.run(document({**CLASSIFY, "cache": "off"}), payload={"text": MAIL}) for _ in range(4)]
        codes = [None if end.error is None else end.error.code for end in ends]
        assert codes[0] is None and codes[-1] == "llm.budget"
        assert len(server.requests) == codes.count(None)

    async def test_a_plan_with_one_model_refuses_a_second_in_the_same_run(self, bench: Bench) -> None:
        again = {"type": "action", "kind": "ai_process", "name": "again", "config": {**CLASSIFY, "model": "other"}}
        async with served(bench.house, stand_in, llm_plan="base"):
            result = await bench.run(document(CLASSIFY, again), payload={"text": MAIL})
        assert result.error is not None and result.error.code == "llm.too_many_models"


class TestRepeating:
    async def test_an_equal_question_of_the_workspace_costs_nothing(self, bench: Bench) -> None:
        async with served(bench.house, stand_in) as server:
            for _ in range(2):
                assert (await bench.run(document(), payload={"text": MAIL + bench.workspace_id})).output == {
                    "label": "refund"
                }
        assert len(server.requests) == 1

    async def test_a_rerun_from_a_later_step_takes_the_recorded_answer(self, bench: Bench) -> None:
        later = {"type": "data", "kind": "mapping", "name": "told", "mapping": {"sort.label": "said"}}
        async with served(bench.house, stand_in) as server:
            started = await bench.start(document({**CLASSIFY, "cache": "off"}, later), payload={"text": MAIL})
            await bench.finish(started)
            again = await bench.house.engine.rerun(
                bench.workspace_id, started.execution_id, step="told", edits={}, agreed=False
            )
            assert again.started is not None
            result = await bench.house.engine.wait(again.started, workspace_id=bench.workspace_id, seconds=20)
        assert result is not None and result.status is RunStatus.SUCCEEDED
        assert len(server.requests) == 1


class TestTheProcess:
    def test_the_frameworks_load_in_the_ai_service_only_and_there_on_first_use(self) -> None:
        """What gateway, worker and the idle AI service import names neither of them."""
        code = "import sys, flov7.stack.processes, flov7.gateway.app; print([m for m in ('langgraph', 'crewai', 'openai') if m in sys.modules])"
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert said.strip() == "[]"
