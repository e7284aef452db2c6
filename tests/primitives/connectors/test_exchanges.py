"""Every connector that ships: its table is whole, and each exchange happens as its vendor's page says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest

from flov7.language.effects import Effect
from flov7.primitives.connectors import builtin
from flov7.primitives.connectors.access import base_of
from flov7.primitives.connectors.exchanges import (
    Exchange,
    Exchanges,
    answer_of,
    connection_for,
    differences,
    played,
)
from flov7.primitives.connectors.exchanges import exchanges_of as read_exchanges
from flov7.primitives.connectors.operation import Operation
from flov7.primitives.connectors.running import run_operation
from flov7.primitives.declare import Context
from flov7.primitives.outside import Request
from tests.primitives.conftest import HttpServer, Seen

NAMES = sorted(builtin.shelves())


@cache
def exchanges_of(name: str) -> Exchanges:
    return read_exchanges(name)


@pytest.mark.parametrize("name", NAMES)
class TestATable:
    def test_has_at_least_five_operations_and_an_exchange_for_each(self, name: str) -> None:
        connector, shown = builtin.shelves()[name].connector, {one.op for one in exchanges_of(name).exchanges}
        assert len(connector.operations) >= 5
        assert set(connector.operations) - shown == set(), "operations without an exchange"

    def test_is_understood_by_people_and_models(self, name: str) -> None:
        connector = builtin.shelves()[name].connector
        assert connector.about.endswith(".") and connector.docs.startswith("https://")
        for operation, table in connector.operations.items():
            assert table.say, f"{operation} has no sentence that asks for it"
            for field, text in table.take.items():
                assert len(text.split()) > 1, f"{operation}.{field} says nothing"

    def test_holds_together(self, name: str) -> None:
        shelf = builtin.shelves()[name]
        for operation in shelf.connector.operations:
            spec = shelf.get(f"{name}.{operation}")
            assert spec is not None and spec.operation is not None
            called = Operation.model_validate(spec.operation)
            assert called.method != "GET" or spec.effect is Effect.READ
            assert called.items is None or called.paging or not shelf.connector.operations[operation].paging

    def test_cites_pages_and_days(self, name: str) -> None:
        shown = exchanges_of(name)
        for one in shown.exchanges:
            assert urlsplit(one.source).hostname
            assert date(2026, 1, 1) <= date.fromisoformat(one.date or shown.date)


def _cases() -> list[Any]:
    return [
        pytest.param(name, one, id=f"{name}.{one.op}-{number}")
        for name in NAMES
        for number, one in enumerate(exchanges_of(name).exchanges)
    ]


@pytest.mark.parametrize(("name", "exchange"), _cases())
class TestAnExchange:
    async def test_makes_the_exact_request_and_gives_the_output(self, name: str, exchange: Exchange) -> None:
        assert await played(builtin.shelves()[name].connector, exchange, exchanges_of(name)) == []

    async def test_happens_over_a_real_socket(
        self,
        name: str,
        exchange: Exchange,
        serve: Callable[..., Awaitable[HttpServer]],
        context: Callable[..., Context],
    ) -> None:
        shelf, shown = builtin.shelves()[name], exchanges_of(name)
        spec = shelf.get(f"{name}.{exchange.op}")
        assert spec is not None
        operation = Operation.model_validate(spec.operation)
        usual = connection_for(shelf.connector, shown)
        assert usual is not None
        base = urlsplit(base_of(operation.base, {**usual.config, **usual.credential}, connection=name))
        turns = iter(exchange.turns)
        wrong: list[str] = []

        def answer(seen: Seen) -> bytes:
            turn = next(turns)
            url = f"{base.scheme}://{base.netloc}{seen.path}"
            request = Request(method=seen.method, url=url, headers=seen.headers, body=seen.body or None)
            wrong.extend(differences(turn, request))
            said = answer_of(turn, url)
            here = f"http://127.0.0.1:{server.port}"
            headers = {key: text.replace(f"{base.scheme}://{base.netloc}", here) for key, text in said.headers.items()}
            body = said.body.replace(f"{base.scheme}://{base.netloc}".encode(), here.encode())
            lines = "".join(f"{key}: {text}\r\n" for key, text in headers.items())
            head = f"HTTP/1.1 {said.status} X\r\n{lines}content-length: {len(body)}\r\n\r\n"
            return head.encode() + body

        server = await serve(answer)
        local = connection_for(shelf.connector, shown, base_url=f"{server.url}{base.path}")
        given = await run_operation(
            context(connection=local, idempotency_key="key-1", files=Files()), operation, exchange.with_
        )
        assert wrong == []
        assert isinstance(given, dict)


class Files:
    async def read(self, digest: str) -> bytes:
        return b"test file"

    async def keep(self, body: bytes) -> str:
        return "0" * 64
