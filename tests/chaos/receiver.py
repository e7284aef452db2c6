"""The other side: an HTTP server that holds each request for a while and keeps its own log of what it did."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Receiver:
    """`effects` counts what was done, by key or by body; `holding` is how many requests are open now.

    While it is `failing` it does what is asked and answers 500 all the same.
    """

    honours_keys: bool
    hold: float = 0.05
    effects: Counter[str] = field(default_factory=Counter[str])
    requests: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    holding: int = 0
    port: int = 0
    failing: bool = False
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Receiver:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                await self._do(lines[0], headers, body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _do(self, line: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
        what = json.loads(body)["what"]
        key = headers.get("idempotency-key", "") if self.honours_keys else ""
        self.requests.append((what, headers.get("idempotency-key", "")))
        if not key or key not in self._seen(key):
            self.effects[what] += 1
        self._keys.add(key)
        self.holding += 1
        try:
            await asyncio.sleep(self.hold)
        finally:
            self.holding -= 1
        answer = b'{"ok": true}'
        writer.write(
            b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            % (b"500 Oh" if self.failing else b"200 OK", len(answer), answer)
        )
        await writer.drain()

    _keys: set[str] = field(default_factory=set[str])

    def _seen(self, key: str) -> set[str]:
        return self._keys if key else set()
