"""Testing a connection to any service that ships: whole, refused, incomplete; each with words that mend it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from flov7.primitives.connectors import builtin
from flov7.primitives.connectors.exchanges import connection_for, exchanges_of
from flov7.primitives.declare import Context
from flov7.primitives.registry import registry
from tests.primitives.conftest import HttpServer

NAMES = sorted(builtin.shelves())


@pytest.fixture
def tested(
    serve: Callable[..., Awaitable[HttpServer]], context: Callable[..., Context], reply: Any
) -> Callable[..., Awaitable[Any]]:
    """`await tested("notion", 200, {...})`: the test of its connection, where the service answers so."""

    async def run(name: str, status: int, body: Any, **credential: Any) -> Any:
        server = await serve(lambda _: reply(status, body))
        made = connection_for(builtin.shelves()[name].connector, exchanges_of(name), base_url=server.url)
        assert made is not None
        if credential:
            object.__setattr__(made, "credential", credential)
        runner = registry().runner("connection", made.kind)
        return await runner.check(context(connection=made))

    return run


@pytest.mark.parametrize("name", NAMES)
class TestAConnection:
    async def test_that_holds_says_so(self, tested: Any, name: str) -> None:
        found = await tested(name, 200, {"ok": True})
        assert found.ok, found
        assert builtin.shelves()[name].title in found.message

    async def test_that_is_refused_says_how_to_mend_it(self, tested: Any, name: str) -> None:
        if not builtin.shelves()[name].connector.test:
            return  # nothing is asked, so nothing can be refused; the next case is what its test finds
        found = await tested(name, 401, {"message": "no"})
        assert not found.ok
        assert "flov7 connections" in found.hint

    async def test_that_is_not_whole_says_what_is_missing(self, tested: Any, name: str) -> None:
        if "{" in builtin.shelves()[name].connector.base and not builtin.shelves()[name].connector.settings:
            return  # its secret is part of the address, in whose place the test has another
        found = await tested(name, 200, {"ok": True}, client_id="an-id", type="x")
        assert not found.ok
        assert "`" in found.message or "allowed" in found.message
        assert found.hint
