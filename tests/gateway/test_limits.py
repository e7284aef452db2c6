"""How often a key may ask: a burst, then a steady rate; counted for all gateways; hooks are never turned away."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from flov7.cache.connecting import Cache
from flov7.cache.settings import CacheSettings
from flov7.cache.turns import AccountTurns
from flov7.gateway.app import create_app
from flov7.gateway.limits import KeyLimit
from flov7.gateway.settings import GatewaySettings
from flov7.wiring import House, gateway_of
from tests.gateway.conftest import Client, hook, new_client

RATE = 1.0
AT_ONCE = 10


@pytest_asyncio.fixture(loop_scope="session")
async def doors(house: House) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two gateways on one house that let a key ask once a second."""
    settings = GatewaySettings.load(public_url="http://gateway", rate_limit=RATE)
    apps = [create_app(gateway_of(house, settings=settings)) for _ in range(2)]
    async with apps[0].router.lifespan_context(apps[0]), apps[1].router.lifespan_context(apps[1]):
        yield [httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") for app in apps]


class TestAKeyThatAsksTooOften:
    async def test_is_told_when_to_come_again_whichever_gateway_it_asks(
        self, house: House, doors: list[httpx.AsyncClient]
    ) -> None:
        client = await new_client(house, doors[0])
        headers = {"authorization": f"Bearer {client.key}"}
        answers = [await doors[n % 2].get("/api/v1/kinds", headers=headers) for n in range(AT_ONCE + 4)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert 1 <= len(refused) <= 4, [answer.status_code for answer in answers]
        assert [answer.status_code for answer in answers[:AT_ONCE]] == [200] * AT_ONCE
        error = refused[0].json()["error"]
        assert error["code"] == "request.too_many" and "Retry-After" in error["hint"]
        assert 1 <= int(refused[0].headers["retry-after"]) <= 3
        await asyncio.sleep(int(refused[0].headers["retry-after"]))
        assert (await doors[0].get("/api/v1/kinds", headers=headers)).status_code == 200

    async def test_does_not_spend_what_another_key_may_ask(self, house: House, doors: list[httpx.AsyncClient]) -> None:
        busy, quiet = await new_client(house, doors[0]), await new_client(house, doors[0])
        for _ in range(AT_ONCE + 4):
            await busy.raw("GET", "/kinds")
        assert (await busy.raw("GET", "/kinds")).status_code == 429
        assert (await quiet.raw("GET", "/kinds")).status_code == 200

    async def test_hooks_are_not_counted(self, house: House, doors: list[httpx.AsyncClient]) -> None:
        client: Client = await new_client(house, doors[0])
        live = await client.live(hook(f"/limits/{client.slug}"))
        for _ in range(AT_ONCE * 2):
            assert (await doors[0].post(live["address"], json={})).status_code < 300

    async def test_nobody_is_turned_away_while_redis_is_gone(self) -> None:
        cache = Cache(CacheSettings.load(redis_url="redis://127.0.0.1:1", redis_prefix=f"t{os.urandom(4).hex()}:"))
        limit = KeyLimit(AccountTurns(cache), per_second=RATE)
        for _ in range(AT_ONCE * 3):
            await limit.check("k")
        await cache.close()
