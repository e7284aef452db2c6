"""The product document's five examples, as one workflow, on Temporal, with a Gmail that takes only what Google's has."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.gateway.conftest import Client
from tests.google.gmail_peer import TOKEN, GmailPeer, gmail_peer

DATA = Path(__file__).parents[1] / "data"
ACTIONS = [
    {"type": "action", "kind": "email_send", "name": "send_welcome_email", "config": {"to": "{{user.email}}", "template": "welcome"}},
    {"type": "action", "kind": "email_send", "name": "send_verification_email", "config": {"to": "{{ user_email }}", "template": "verify"}},
]  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def peer() -> AsyncIterator[GmailPeer]:
    async with gmail_peer() as started:
        yield started


def example(name: str) -> dict[str, Any]:
    """One of the five, character for character."""
    found: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text())
    return found


async def prepared(client: Client, peer: GmailPeer) -> list[dict[str, Any]]:
    for name in ("welcome", "verify", "welcome_email"):
        template = {"name": name, "subject": f"{name} for {{{{ user.email }}}}", "text": "Hello."}
        await client.ask("POST", "/message-templates", json=template, status=201)
    connection = {
        "name": "gmail_connection", "service": "gmail", "config": {"base_url": peer.url},
        "credentials": {"type": "oauth", "access_token": TOKEN},
    }  # fmt: skip
    await client.ask("POST", "/connections", json=connection, status=201)
    order = ("webhook_trigger", "user_mapping", "gmail_connection", "user_verification")
    return [*(example(name) for name in order), *ACTIONS, example("send_email")]


class TestTheFiveExamples:
    @pytest.mark.parametrize(
        ("status", "template"), [("active", "welcome"), ("new", "verify")], ids=["welcome", "verification"]
    )
    async def test_run_on_temporal_on_either_side(
        self, client: Client, peer: GmailPeer, status: str, template: str
    ) -> None:
        document = await prepared(client, peer)
        payload = {"email": "ann@example.com", "name": "Ann", "user": {"email": "ann@example.com", "status": status}}
        run = await client.run(document, input=payload)
        assert run["status"] == "succeeded", run["error"]
        kept = await client.ask("GET", f"/executions/{run['execution_id']}")
        assert kept["mode"] == "durable"
        assert [mail["Subject"] for mail in peer.sent] == [
            f"{template} for ann@example.com", "welcome_email for ann@example.com",
        ]  # fmt: skip
        assert {mail["To"] for mail in peer.sent} == {"ann@example.com"}
        assert peer.calls == ["gmail.users.messages.send"] * 2
        assert peer.wrong == []

    async def test_a_quota_that_is_used_up_is_waited_for(self, client: Client, peer: GmailPeer) -> None:
        document = await prepared(client, peer)
        peer.failures = 1
        run = await client.run(
            document, input={"email": "a@b.co", "name": "A", "user": {"email": "a@b.co", "status": "new"}}
        )
        assert run["status"] == "succeeded", run["error"]
        assert len(peer.sent) == 2 and len(peer.calls) == 3


class TestTheConnectorsOperations:
    async def test_search_label_and_send(self, client: Client, peer: GmailPeer) -> None:
        await prepared(client, peer)
        found = await client.ask("POST", "/connections/gmail_connection/test")
        assert found["ok"] is True, found
        run = await client.run([
            {"type": "action", "kind": "gmail.search", "name": "unread", "connection": "gmail_connection",
             "config": {"q": "is:unread", "limit": 5}},
            {"type": "action", "kind": "gmail.label", "name": "mark", "connection": "gmail_connection",
             "config": {"id": "{{ unread.items[0].id }}", "addLabelIds": ["Label_1"]}},
            {"type": "action", "kind": "gmail.send", "name": "tell", "connection": "gmail_connection",
             "config": {"to": ["ann@example.com", "Bob <bob@example.com>"], "subject": "Grüße", "text": "Hallo"}},
        ])  # fmt: skip
        assert run["status"] == "succeeded", run["error"]
        assert run["output"]["id"] == "m1"
        assert peer.wrong == []
        assert peer.sent[0]["To"] == "ann@example.com, Bob <bob@example.com>"
        assert peer.sent[0].get_payload(decode=True) == b"Hallo\r\n"

    async def test_a_token_that_does_not_hold_says_how_to_mend_it(self, client: Client, peer: GmailPeer) -> None:
        await prepared(client, peer)
        body = {"credentials": {"type": "oauth", "access_token": "ya29.old-and-gone"}}
        await client.ask("POST", "/connections/gmail_connection/rotate", json=body)
        told = await client.ask("POST", "/connections/gmail_connection/test")
        assert told["ok"] is False and "flov7 connections login gmail_connection" in told["hint"]
        assert "ya29" not in str(told)
