"""The AI service killed with SIGKILL amid crews: no recorded call is repeated, no effect doubled; servers count it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from flov7.engine.values import RunStatus
from flov7.llm.testing import Request, Scripted, ToolCall, scripted_model
from flov7.store import model_calls, workspaces
from flov7.wiring import House, attending, working
from tests.chaos.processes import Ours, free_port, variables
from tests.chaos.receiver import Receiver
from tests.chaos.test_killed_worker import house, settings  # noqa: F401 - the fixtures
from tests.engine.conftest import Bench

LONG = os.environ.get("FLOV7_CHAOS") == "long"
CREWS = 100 if LONG else 4
KILLS = 12 if LONG else 1
TAKES = 0.2
"""Seconds of every call to the model."""
NEEDED = 4
"""Calls of one crew that nobody kills: the payer's two and the teller's one, and one that puts it into shape."""


@dataclass
class Model:
    """A payer who pays once, and a teller; it counts when each question came."""

    asked: list[float] = field(default_factory=list[float])

    def __call__(self, request: Request) -> Scripted:
        self.asked.append(time.monotonic())
        if request.schema is not None:
            return Scripted(value={"paid": True}, delay=TAKES)
        if "Payer" in request.system and "pay" not in request.called:
            return Scripted(calls=(ToolCall("pay"),), delay=TAKES)
        return Scripted(text="It is paid.", delay=TAKES)

    def in_flight(self) -> int:
        """How many are being answered now."""
        return sum(1 for at in self.asked if time.monotonic() - at < TAKES + 0.1)


def document(port: int) -> dict[str, Any]:
    """Two agents, two tasks, one effect."""
    pay = {
        "url": f"http://127.0.0.1:{port}/pay",
        "method": "POST",
        "json": {"what": "{{ order }}"},
        "idempotency": True,
    }
    person = {"goal": "Pay once.", "backstory": "Careful."}
    config = {
        "agents": [
            {"name": "payer", "role": "Payer", **person, "tools": [{"kind": "api_call", "name": "pay", "config": pay}]},
            {"name": "teller", "role": "Teller", **person},
        ],
        "tasks": [
            {"name": "paying", "description": "Pay the order.", "expected": "Done.", "agent": "payer"},
            {"name": "telling", "description": "Tell it.", "expected": "Words.", "agent": "teller", "context": ["paying"]},
        ],
        "schema": {"type": "object", "properties": {"paid": {"type": "boolean"}}, "required": ["paid"]},
        "cache": "off",
    }  # fmt: skip
    return {
        "name": "crews",
        "primitives": [
            {"type": "trigger", "kind": "api", "name": "go"},
            {"type": "action", "kind": "ai_process", "name": "team", "config": config,
             "retry": {"max_attempts": 20, "initial": 0.1, "maximum": 0.5}},
        ],
        "output": "{{ team.paid }}",
    }  # fmt: skip


@asynccontextmanager
async def served(house: House, base_url: str) -> AsyncIterator[Ours]:  # noqa: F811
    """`flov7 ai` as a process of its own."""
    port = free_port()
    environment = variables(
        house.settings,
        FLOV7_AI_PORT=str(port),
        FLOV7_LLM_BASE_URL=base_url,
        FLOV7_LLM_PLAN="premium",
        FLOV7_LLM_TIMEOUT="20",
    )
    process = Ours("ai", port=port, environment=environment)
    await process.start()
    try:
        yield process
    finally:
        await process.kill()


@pytest.mark.chaos
@pytest.mark.timeout(1500 if LONG else 240)
class TestKilledCrews:
    async def test_only_what_was_in_flight_is_paid_twice_and_no_effect_is_doubled(self, house: House) -> None:  # noqa: F811
        workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="A test")
        bench, model, lost = Bench(house, workspace.id), Model(), 0
        async with (
            Receiver(honours_keys=True, hold=0.02) as receiver,
            scripted_model(model) as server,
            working(house),
            attending(house),
            served(house, server.base_url) as process,
        ):
            request = await bench.save(document(receiver.port))
            started = [
                await house.engine.start(request.model_copy(update={"payload": {"order": f"order-{n}"}}))
                for n in range(CREWS)
            ]
            for _ in range(KILLS):
                before = len(model.asked)
                while len(model.asked) < before + 2 and len(model.asked) < CREWS * NEEDED:
                    await asyncio.sleep(0.02)
                await process.kill()
                lost += model.in_flight()
                await process.start()
            ends = await asyncio.gather(*(bench.finish(one, seconds=1200 if LONG else 200) for one in started))
        assert [end.status for end in ends] == [RunStatus.SUCCEEDED] * CREWS, [end.error for end in ends]
        assert [end.output for end in ends] == [True] * CREWS
        assert receiver.effects == {f"order-{n}": 1 for n in range(CREWS)}
        assert lost > 0
        assert CREWS * NEEDED <= len(model.asked) <= CREWS * NEEDED + lost
        async with house.database.workspace(workspace.id) as scope:
            calls = [call for one in started for call in await model_calls.of_execution(scope, one.execution_id)]
        assert len([call for call in calls if call.state == "done"]) == CREWS * NEEDED
        shown = [call for call in calls if call.state == "open"]  # lost with their process
        assert len(shown) >= len(model.asked) - CREWS * NEEDED
