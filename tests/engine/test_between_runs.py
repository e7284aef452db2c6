"""What a workflow keeps between its runs, and files between its steps, durable and express."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.engine.conftest import Bench

COUNTS = [
    {"type": "action", "kind": "state", "name": "count", "config": {"operation": "add", "name": "runs"}},
    {
        "type": "action",
        "kind": "state",
        "name": "fresh",
        "config": {"operation": "fresh", "name": "orders", "value": "{{ orders }}", "key": "id"},
    },
]


class TestState:
    @pytest.mark.parametrize("mode", ["durable", "express"])
    async def test_is_there_for_the_next_run(self, bench: Bench, mode: str) -> None:
        document = {"mode": mode, "name": "c", "primitives": COUNTS, "output": "{{ [count.value, fresh.value] }}"}
        request = await bench.save(document)
        told: list[Any] = []
        for orders in ([{"id": 1}, {"id": 2}], [{"id": 2}, {"id": 3}]):
            started = await bench.house.engine.start(request.model_copy(update={"payload": {"orders": orders}}))
            told.append((await bench.finish(started)).output)
        assert told == [[1, [{"id": 1}, {"id": 2}]], [2, [{"id": 3}]]]

    async def test_of_many_runs_at_once_loses_no_change(self, bench: Bench) -> None:
        request = await bench.save({"name": "c", "primitives": COUNTS[:1]})
        runs = await asyncio.gather(*(bench.house.engine.start(request) for _ in range(20)))
        told = [(await bench.finish(run)).output["value"] for run in runs]
        assert sorted(told) == list(range(1, 21))


class TestFiles:
    async def test_travel_between_steps_by_reference(self, bench: Bench) -> None:
        body = b"\x00\xff" * 500
        sent: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")), 0
            )
            if head.startswith(b"POST"):
                sent.append(await reader.readexactly(length))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.png"
        steps = [
            {"type": "action", "kind": "api_call", "name": "got", "config": {"url": url, "parse": "file"}},
            {
                "type": "action",
                "kind": "api_call",
                "name": "put",
                "config": {"url": url, "method": "POST", "body": "{{ got.body }}", "parse": "file"},
            },
        ]
        result = await bench.run(steps)
        server.close()
        assert result.status == "succeeded", result.error
        assert sent == [body]
        assert (result.output["body"]["name"], result.output["body"]["size"]) == ("a.png", len(body))
