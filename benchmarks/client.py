"""A small HTTP client on one connection that is kept: what a busy client costs must not hide what the server does."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any


class Connection:
    """One connection to `127.0.0.1:port`; one request at a time."""

    def __init__(self, port: int, *, key: str | None = None) -> None:
        self._port = port
        self._auth = f"authorization: Bearer {key}\r\n" if key else ""
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Connection:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON body of the answer."""
        sent = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"{self._auth}content-length: {len(sent)}\r\n\r\n"
        )
        self._writer.write(head.encode() + sent)
        answered = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = answered.split("\r\n")
        length = next(int(line[15:]) for line in lines if line.lower().startswith("content-length:"))
        found = await self._reader.readexactly(length)
        return int(lines[0].split(" ", 2)[1]), json.loads(found) if found else None
