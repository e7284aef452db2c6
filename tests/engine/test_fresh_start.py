"""Long histories: a run continues afresh, and nothing of it is lost or done again."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from flov7.cache.settings import CacheSettings
from flov7.engine.runtimes.temporal.jobs import workflow_id
from flov7.engine.settings import EngineSettings
from flov7.stack.embedded import EmbeddedTemporal, Home
from flov7.store import workspaces
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, attending, open_house, working
from tests.chaos.receiver import Receiver
from tests.engine.conftest import Bench


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(store_settings: StoreSettings, redis_url: str, tmp_path_factory: Any) -> AsyncIterator[House]:
    """A house on a Temporal server that finds histories long soon."""
    home = Home(tmp_path_factory.mktemp("fresh"))
    server = EmbeddedTemporal(
        home, port=0, headless=True, dynamic_config={"limit.historyCount.suggestContinueAsNew": "40"}
    )
    server.start()
    settings = AllSettings(
        store=store_settings,
        cache=CacheSettings.load(redis_url=redis_url),
        engine=EngineSettings.load(
            temporal_address=server.address, task_queue=f"f{os.urandom(4).hex()}", allow_hosts="127.0.0.1"
        ),
    )
    async with open_house(settings) as opened, working(opened), attending(opened):
        yield opened
    server.stop()


async def test_a_long_loop_continues_afresh_and_every_effect_happens_once(house: House) -> None:
    workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="Long")
    bench = Bench(house, workspace.id)
    async with Receiver(honours_keys=False, hold=0.0) as receiver:
        config = {"url": f"http://127.0.0.1:{receiver.port}/x", "method": "POST", "json": {"what": "{{ item }}"}}
        write = {"type": "action", "kind": "api_call", "name": "send", "config": config}
        over = {"type": "condition", "kind": "loop", "name": "all", "over": "range(0, 36)", "do": [write],
                "collect": "send.status", "concurrency": 3}  # fmt: skip
        started = await bench.start(
            [over, {"type": "data", "kind": "mapping", "name": "m", "mapping": {"len(all)": "n"}}]
        )
        result = await bench.finish(started, seconds=60)
    assert result.status == "succeeded", result
    assert result.output == {"n": 36}
    assert dict(receiver.effects) == dict.fromkeys(range(36), 1)
    numbers = [event["n"] for event in await bench.events(started.execution_id)]
    assert numbers == list(range(1, len(numbers) + 1))
    client = await house.link.client()
    described = await client.get_workflow_handle(workflow_id(workspace.id, started.execution_id)).describe()
    assert described.history_length < 200, "it never continued afresh"
    assert described.raw_description.workflow_execution_info.first_run_id != described.run_id
