"""One house for all scenarios of a module, with the outside replaced by a recorder."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from flov7.cache.settings import CacheSettings
from flov7.engine.settings import EngineSettings
from flov7.store.settings import StoreSettings
from flov7.wiring import AllSettings, House, attending, open_house, working
from tests.scenarios.recorder import Recorder


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    """The outside."""
    return Recorder()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    store_settings: StoreSettings, redis_url: str, temporal_address: str, recorder: Recorder
) -> AsyncIterator[House]:
    """PostgreSQL, Valkey and Temporal, a worker and an attendant in this process."""
    settings = AllSettings(
        store=store_settings,
        cache=CacheSettings.load(redis_url=redis_url),
        engine=EngineSettings.load(temporal_address=temporal_address, task_queue=f"s{os.urandom(4).hex()}"),
    )
    async with open_house(settings, calls=recorder) as house, working(house), attending(house):
        yield house
