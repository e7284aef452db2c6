"""A question goes out by mail, and the person answers it from the mail, without an account."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

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
