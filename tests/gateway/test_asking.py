"""A question goes out by mail or to a browser, and the person answers it from there, without an account."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from cryptography.hazmat.primitives.asymmetric import ec

from tests.browser import Browser, text
from tests.gateway.conftest import Client
from tests.gateway.test_executions import ended, waiting
from tests.listen.programs import free_port


class Mailbox(Message):
    """Keeps what comes."""

    def __init__(self) -> None:
        super().__init__(EmailMessage)
        self.mails: list[EmailMessage] = []

    def handle_message(self, message: Any) -> None:
        """Keep it."""
        self.mails.append(message)


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    """A real mail server on a free port."""
    kept = Mailbox()
    controller = Controller(kept, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield kept, controller.port
    controller.stop()


ASKS = {
    "primitives": [
        {"type": "trigger", "kind": "api", "name": "called"},
        {
            "type": "action",
            "kind": "wait",
            "name": "approval",
            "config": {"for": "approval", "ask": "Pay {{ amount }}?", "channel": "office", "to": "eve@shop.example"},
        },
    ],
    "output": {"decision": "{{ approval.decision }}", "by": "{{ approval.by }}"},
}


async def test_an_approval_by_mail(client: Client, mailbox: tuple[Mailbox, int]) -> None:
    kept, port = mailbox
    config = {"host": "127.0.0.1", "port": port, "security": "none", "from": "flov7@shop.example"}
    body = {"name": "office", "service": "smtp", "config": config, "credentials": {}}
    await client.ask("POST", "/connections", json=body, status=201)
    run_path, _ = await waiting(client, ASKS, input={"amount": 7})
    mail = kept.mails[0]
    assert (mail["to"], mail["subject"]) == ("eve@shop.example", "Pay 7?")
    parts = {
        part.get_content_type(): part.get_payload(decode=True).decode()
        for part in mail.walk()
        if not part.is_multipart()
    }
    address = re.search(r"Approve or reject: (\S+)", parts["text/plain"])
    assert address is not None, parts
    assert address[1] in parts["text/html"].replace("&amp;", "&")
    browser = {"accept": "text/html"}
    path = address[1][address[1].index("/hooks/") :]
    page = await client.http.get(path, headers=browser)
    assert "Pay 7?" in page.text
    answered = await client.http.post(path, headers=browser, data={"decision": "approved"})
    assert answered.status_code == 200, answered.text
    assert (await ended(client, run_path))["output"] == {"decision": "approved", "by": "eve@shop.example"}
    assert len(kept.mails) == 1


async def test_an_approval_in_a_browser(client: Client) -> None:
    pushed: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pushed.append(await reader.readexactly(int(head.lower().partition("content-length:")[2].split("\r\n")[0])))
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    service = await asyncio.start_server(take, "127.0.0.1", 0)
    browser = Browser(f"http://127.0.0.1:{service.sockets[0].getsockname()[1]}/push")
    key = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big")
    config = {"from": "flov7@shop.example", "to": browser.subscription}
    body = {"name": "office", "service": "webpush", "config": config, "credentials": {"secret": text(key)}}
    await client.ask("POST", "/connections", json=body, status=201)
    asks = {**ASKS, "primitives": [ASKS["primitives"][0], {**ASKS["primitives"][1]}]}
    asks["primitives"][1]["config"] = {"for": "approval", "ask": "Pay {{ amount }}?", "channel": "office"}
    run_path, _ = await waiting(client, asks, input={"amount": 7})
    told = browser.read(pushed[0])
    assert told["body"] == "Pay 7?"
    address = told["actions"][0]["navigate"]
    path = address[address.index("/hooks/") :]
    answered = await client.http.post(path, headers={"accept": "text/html"}, data={"decision": "rejected"})
    assert answered.status_code == 200, answered.text
    await ended(client, run_path)
    assert len(pushed) == 1
    service.close()
    await service.wait_closed()
