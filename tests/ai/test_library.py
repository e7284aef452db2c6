"""The teams that ship: each brought through a real call and CrewAI to a result that is checked by its facts."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from flov7.ai.crews.library import shelf
from flov7.engine.values import RunStatus
from flov7.llm.strict import strict_problems
from flov7.llm.testing import Request, Scripted, ScriptedModel, ToolCall, scripted_model, stand_in
from flov7.llm.tighten import tightened
from flov7.store import workspaces
from flov7.wiring import House, thinking
from tests.engine.conftest import Bench, house  # noqa: F401 - the fixture

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # CrewAI's own
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "research_and_brief": (
        "How many people live in Flensburg?\nTitle: Flensburg",
        {"records": "- 96431 people live there"},
        {"title": "Flensburg"},
    ),
    "support_triage": (
        "From: mia@shop.example\nOrder: A-17\nThe parcel arrived broken, I want a refund!\nPriority: urgent",
        {"customer": "Mia Berg", "since": 2019},
        {"email": "mia@shop.example", "order": "A-17", "category": "refund", "priority": "urgent", "customer": "Mia Berg"},
    ),
    "invoice_check": (
        "Invoice_number: 2026-117\nSupplier: Glas AG\nNet: 100.00\nTax: 19.00\nGross: 119.00 EUR",
        {"order": "PO-9", "ordered": 90.0, "advice": "ask the supplier"},
        {"invoice_number": "2026-117", "supplier": "Glas AG", "net": 100.0, "tax": 19.0, "gross": 119.0, "ordered": 90.0,
         "verdict": "ask"},
    ),
    "incident_review": (
        "- 09:00 the first alert\n- 09:20 the shop is down\n- 10:05 rolled back\nStarted: 09:00\nEnded: 10:05\nSeverity: critical",
        {"change": "deployment 4711 at 08:58"},
        {"started": "09:00", "ended": "10:05", "severity": "critical", "change": "deployment 4711 at 08:58"},
    ),
    "lead_qualification": (
        "Company: Hafen GmbH\nEmail: jo@hafen.example\nBudget: 12000\nQualified: yes",
        {"employees": 240, "trade": "shipping"},
        {"company": "Hafen GmbH", "email": "jo@hafen.example", "budget": 12000.0, "employees": 240, "qualified": True},
    ),
    "contract_comparison": (
        "- clause: 4, before: 30 days, after: 60 days, risk: high\n- clause: 9, before: none, after: 5 %, risk: low\nAdvice: ask",
        {"limit": 45},
        {"advice": "ask", "limit": 45.0},
    ),
}  # fmt: skip


def diligent(request: Request) -> Scripted:
    """Looks everything up once, then tells all that it knows; puts into shape what it is given."""
    if request.schema is not None:
        return stand_in(request)
    if "look_up" in request.tools and "look_up" not in request.called:
        return Scripted(calls=(ToolCall("look_up"),))
    return Scripted(text="\n".join([request.last.partition("<input>")[2].partition("</input>")[0], *request.results]))


@pytest_asyncio.fixture(loop_scope="session")
async def bench(house: House) -> AsyncIterator[Bench]:  # noqa: F811
    workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="A test")
    yield Bench(house, workspace.id)


def document(name: str, text: str, address: str) -> dict[str, Any]:
    tool = {"kind": "api_call", "name": "look_up", "config": {"url": address}, "most": 2}
    config = {"crew": name, "input": text, "tools": [tool], "cache": "off"}
    return {
        "flow7": "1.0",
        "name": name,
        "primitives": [
            {"type": "trigger", "kind": "manual", "name": "start"},
            {"type": "action", "kind": "ai_process", "name": "team", "config": config},
        ],
        "output": "{{ team }}",
    }


class TestTheShelf:
    def test_six_teams_ship_and_each_shape_is_taken_by_strict_models(self) -> None:
        assert set(shelf()) == set(CASES)
        for name, crew in shelf().items():
            assert crew.title and crew.about and crew.takes
            assert crew.schema_ is not None and strict_problems(tightened(crew.schema_)) == [], name

    @pytest.mark.parametrize("name", sorted(CASES))
    async def test_it_works_through_a_real_call_to_the_facts(self, bench: Bench, name: str) -> None:
        text, looked_up, facts = CASES[name]
        async with records(looked_up) as (server, address):
            settings = server.settings(llm_timeout=20, llm_model="gpt-5.4-mini")
            async with thinking(bench.house, models=settings):
                result = await bench.run(document(name, text, address))
        assert result.status is RunStatus.SUCCEEDED, result.error
        assert {key: result.output.get(key) for key in facts} == facts
        used = [turn for turn in result.output["ai"]["turns"] if turn.get("tool") == "look_up"]
        assert used and all(turn["ok"] for turn in used)


class records:  # noqa: N801 - used as a context
    """A model, and a record behind an address that a call can fetch."""

    def __init__(self, value: dict[str, Any]) -> None:
        self._value = value

    async def __aenter__(self) -> tuple[ScriptedModel, str]:
        import asyncio

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            body = json.dumps(self._value).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
            writer.close()

        self._model = scripted_model(diligent)
        server = await self._model.__aenter__()
        self._server = await asyncio.start_server(answer, "127.0.0.1", 0)
        return server, f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/record"

    async def __aexit__(self, *error: Any) -> None:
        self._server.close()
        await self._model.__aexit__(None, None, None)
