"""Events on their way out: what a process that died left is finished by the one that replays the run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from flov7.engine.events import EventType, RunEvent
from flov7.engine.sink import EventSink
from flov7.kit.ids import new_id
from flov7.store import executions
from flov7.store.executions import Execution
from tests.engine.conftest import Bench

TOLD = [EventType.RUN_STARTED, EventType.STEP_STARTED, EventType.STEP_IN_DOUBT, EventType.STEP_RESOLVED]


async def _nobody(workspace_id: str, execution_id: str, events: object) -> None:
    """Nobody watches."""


def facts(workspace_id: str) -> Execution:
    return Execution(
        id=new_id(),
        workspace_id=workspace_id,
        workflow_id="w",
        workflow_version=1,
        plan_digest="d",
        mode="durable",
        status="running",
        trigger="t",
        event_id=new_id(),
        created_at=datetime.now(UTC),
    )


class TestARunThatIsYoung:
    async def test_watchers_are_told_at_once_and_the_store_when_somebody_is_needed(self, bench: Bench) -> None:
        heard: list[int] = []

        async def listen(workspace_id: str, execution_id: str, events: Sequence[dict[str, Any]]) -> None:
            heard.extend(event["n"] for event in events)

        run, sink = facts(bench.workspace_id), EventSink(bench.house.database, publish=listen)
        told = [RunEvent(number=n, type=t.value, at="", step="pay") for n, t in enumerate(TOLD, start=1)]
        sink.open(run)
        for event in told[:2]:
            sink.emit(run.id, event, replayed=False)
        await sink.flush()
        assert (heard, await bench.events(run.id)) == ([1, 2], [])
        sink.emit(run.id, told[2], replayed=False)
        await sink.flush()
        assert heard == [1, 2, 3]
        assert [event["n"] for event in await bench.events(run.id)] == [1, 2, 3]

    async def test_one_that_lasts_is_stored_although_nothing_new_comes(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run, sink = facts(bench.workspace_id), EventSink(bench.house.database, publish=_nobody)
        sink.open(run)
        sink.emit(run.id, RunEvent(number=1, type=EventType.RUN_STARTED.value, at=""), replayed=False)
        await sink.flush()
        assert await bench.events(run.id) == []
        monkeypatch.setattr("flov7.engine.sink.STORE_AFTER", 0.0)
        await sink.flush()
        assert [event["n"] for event in await bench.events(run.id)] == [1]

    async def test_a_process_that_ends_stores_it(self, bench: Bench) -> None:
        run, sink = facts(bench.workspace_id), EventSink(bench.house.database, publish=_nobody)
        sink.open(run)
        sink.emit(run.id, RunEvent(number=1, type=EventType.RUN_STARTED.value, at=""), replayed=False)
        await sink.stop()
        assert [event["n"] for event in await bench.events(run.id)] == [1]


class TestAProcessThatDied:
    async def test_the_next_one_changes_the_status_that_it_left(self, bench: Bench) -> None:
        run = facts(bench.workspace_id)
        told = [RunEvent(number=n, type=t.value, at="", step="pay") for n, t in enumerate(TOLD, start=1)]
        first, second = (EventSink(bench.house.database, publish=_nobody) for _ in range(2))
        first.open(run)
        for event in told[:3]:
            first.emit(run.id, event, replayed=False)
        await first.flush()
        assert await self._status(bench, run) == "in_doubt"
        second.open(run)
        for event in told[:3]:
            second.emit(run.id, event, replayed=True)
        second.emit(run.id, told[3], replayed=False)
        await second.flush()
        assert await self._status(bench, run) == "running"
        assert [event["n"] for event in await bench.events(run.id)] == [1, 2, 3, 4]

    async def _status(self, bench: Bench, run: Execution) -> str:
        async with bench.house.database.workspace(bench.workspace_id) as scope:
            found = await executions.get(scope, run.id)
        assert found is not None
        return found.status
