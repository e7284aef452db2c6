"""A small shop and a real mail server on 127.0.0.1, which log everything that reaches them.

    python examples/orders/receivers.py FOLDER

Writes `FOLDER/receivers.json` (`{"shop": port, "mail": port}`) when both listen, and every effect as one line of
`FOLDER/effects.jsonl`. The shop takes any request; one that changes something is done once for each
`Idempotency-Key`, and a repetition gets the first answer. Mail to an address at `refused.example` is refused.

The next effect can be held: it is taken and logged, and its answer is kept back until released, as by a receiver
that is slow at a bad moment.

    POST /_/hold      hold the next effect, at either server
    GET  /_/held      {"held": null | effect}
    POST /_/release   answer it
    GET  /_/effects   all effects so far, in order
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

LONGEST_HOLD = 60.0


class Log:
    """Every effect in the order in which it came, and the one whose answer is held."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.effects: list[dict[str, Any]] = []
        self.held: dict[str, Any] | None = None
        self._armed = False
        self._released = asyncio.Event()

    def hold(self) -> None:
        """Hold the next effect's answer."""
        self._armed, self.held = True, None
        self._released.clear()

    def release(self) -> None:
        """Let the answer go."""
        self._armed, self.held = False, None
        self._released.set()

    async def take(self, **effect: Any) -> None:
        """An effect happened here; returns when it may be answered."""
        entry = {"at": datetime.now(UTC).isoformat(), **effect}
        self.effects.append(entry)
        with self._file.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        if self._armed:
            self._armed, self.held = False, entry
            try:
                await asyncio.wait_for(self._released.wait(), LONGEST_HOLD)
            except TimeoutError:
                self.held = None


class Shop:
    """HTTP by hand: one request a connection, which is all that is needed here."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._answers: dict[str, dict[str, Any]] = {}

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            status, body = await self._answer(*await _request(reader))
            text = json.dumps(body).encode()
            head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n"
            writer.write(head.encode() + b"connection: close\r\n\r\n" + text)
            await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # whoever asked is gone
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        match method, path:
            case "POST", "/_/hold":
                return 200, self._log.hold()
            case "POST", "/_/release":
                return 200, self._log.release()
            case "GET", "/_/held":
                return 200, {"held": self._log.held}
            case "GET", "/_/effects":
                return 200, self._log.effects
            case "GET" | "HEAD", _:
                return 200, {"path": path, "items": [{"id": 1, "name": "lamp"}, {"id": 2, "name": "bulb"}]}
            case _:
                return await self._changed(method, path, headers, body)

    async def _changed(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        key = headers.get("idempotency-key")
        if key is not None and key in self._answers:
            return 200, self._answers[key]
        answer = {"done": True, "number": len(self._log.effects) + 1}
        if key is not None:
            self._answers[key] = answer
        shown = body.decode(errors="replace")
        await self._log.take(server="shop", what=f"{method} {path}", key=key, body=shown)
        return 200, answer


class Mail:
    """The mail server's handler."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse whom this example refuses."""
        if address.endswith("@refused.example"):
            return "550 5.1.1 nobody here has that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the message."""
        message = message_from_bytes(envelope.content or b"")
        text = str(message.get_payload())[:500]
        facts = {"subject": message["subject"], "id": message["message-id"], "text": text}
        await self._log.take(
            server="mail", what=f"mail to {', '.join(envelope.rcpt_tos)}", to=envelope.rcpt_tos, **facts
        )
        return "250 2.0.0 taken"


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return method, path, headers, await reader.readexactly(int(headers.get("content-length", "0")))


async def main(folder: Path) -> None:
    """Serve until ended."""
    log = Log(folder / "effects.jsonl")
    shop = await asyncio.start_server(Shop(log), "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    mail = await loop.create_server(lambda: SMTP(Mail(log), hostname="shop.example"), "127.0.0.1", 0)
    ports = {"shop": shop.sockets[0].getsockname()[1], "mail": mail.sockets[0].getsockname()[1]}
    fresh = folder / ".receivers.json"
    fresh.write_text(json.dumps(ports))
    fresh.replace(folder / "receivers.json")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
