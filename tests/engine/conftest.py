"""A whole engine on real servers: PostgreSQL, Valkey and Temporal, with a worker in this process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from flov7.cache.settings import CacheSettings
from flov7.engine.settings import EngineSettings
from flov7.engine.start import Started, StartRequest
from flov7.engine.values import RunResult
from flov7.language.front import check_value
from flov7.language.library import Library
from flov7.store import events as stored_events
from flov7.store import executions, plans, workflows, workspaces
from flov7.store.executions import Execution
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, attending, open_house, working


@dataclass
class Bench:
    """Runs documents on a house, each in a workspace of its own where asked."""

    house: House
    workspace_id: str

    async def save(self, document: dict[str, Any], *, library: Library | None = None) -> StartRequest:
        """Keep a document as a workflow and make the request that starts it."""
        checked = check_value(document, self.house.registry.catalogue(), library=library or Library(), strict=True)
        assert checked.plan is not None, checked.diagnostics
        async with self.house.database.workspace(self.workspace_id) as scope:
            name = f"{document.get('name', 'w') if isinstance(document, dict) else 'w'}_{os.urandom(4).hex()}"
            workflow = await workflows.create(scope, name=name, document={"d": 1}, owner="test")
            digest = await plans.put(scope, checked.plan.to_bytes())
        return StartRequest(
            workspace_id=self.workspace_id,
            workflow_id=workflow.id,
            version=1,
            plan_digest=digest,
            mode=checked.plan.mode,
            trigger=checked.plan.parts[0].triggers[0].name,
        )

    async def start(self, document: Any, *, payload: Any = None, **more: Any) -> Started:
        """Start one run."""
        request = await self.save(document)
        return await self.house.engine.start(request.model_copy(update={"payload": payload, **more}))

    async def finish(self, started: Started, *, seconds: float = 30.0) -> RunResult:
        """Wait for its end."""
        result = await self.house.engine.wait(started, workspace_id=self.workspace_id, seconds=seconds)
        assert result is not None, "the run did not end in time"
        return result

    async def run(self, document: Any, *, payload: Any = None, **more: Any) -> RunResult:
        """Start one run and wait for its end."""
        return await self.finish(await self.start(document, payload=payload, **more))

    async def stored(self, execution_id: str) -> Execution:
        """The run as it is stored."""
        async with self.house.database.workspace(self.workspace_id) as scope:
            found = await executions.get(scope, execution_id)
        assert found is not None
        return found

    async def events(self, execution_id: str) -> list[dict[str, Any]]:
        """All its events."""
        async with self.house.database.workspace(self.workspace_id) as scope:
            return await stored_events.read(scope, execution_id)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(store_settings: StoreSettings, redis_url: str, temporal_address: str) -> AsyncIterator[House]:
    """The house with a worker and an attendant in this process."""
    settings = AllSettings(
        store=store_settings,
        cache=CacheSettings.load(redis_url=redis_url),
        engine=EngineSettings.load(
            temporal_address=temporal_address,
            task_queue=f"q{os.urandom(4).hex()}",
            allow_hosts="127.0.0.1,localhost",
            lease_seconds=3,
        ),
    )
    async with open_house(settings) as house, working(house), attending(house):
        yield house


@pytest_asyncio.fixture(loop_scope="session")
async def bench(house: House) -> Bench:
    """A workspace of the test's own in that house."""
    workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="A test")
    return Bench(house, workspace.id)
