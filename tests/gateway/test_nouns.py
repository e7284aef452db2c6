"""Connections, message templates, kinds and conversations over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from flov7.gateway.parts import Gateway
from flov7.store import workflows
from tests.gateway.conftest import MANUAL, Client


@asynccontextmanager
async def service(*, password: str) -> AsyncGenerator[str, None]:
    """A small HTTP server that wants a password; its address."""
    import base64

    wanted = base64.b64encode(f"u:{password}".encode())

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        status = b"200 OK" if wanted in head else b"401 Unauthorized"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class TestConnections:
    async def test_one_is_added_tested_rotated_and_removed(self, client: Client) -> None:
        async with service(password="new-password") as address:
            made = await client.ask(
                "POST",
                "/connections",
                json={
                    "name": "shop",
                    "service": "rest",
                    "config": {"base_url": address},
                    "credentials": {"username": "u", "password": "old-password"},
                },
                status=201,
            )
            assert (made["kind"], made["credentials_type"], made["test_passed"]) == ("api", "basic", None)
            bad = await client.ask("POST", "/connections/shop/test")
            assert not bad["ok"] and "401" in bad["message"]
            new = {"credentials": {"username": "u", "password": "new-password"}}
            await client.ask("POST", "/connections/shop/rotate", json=new)
            assert (await client.ask("POST", "/connections/shop/test"))["ok"]
        shown = await client.ask("GET", "/connections/shop")
        assert shown["test_passed"] and shown["tested_at"]
        await client.ask("DELETE", "/connections/shop")
        await client.ask("GET", "/connections/shop", status=404)

    @pytest.mark.parametrize(
        ("body", "where"),
        [
            ({"service": "api", "config": {"base_url": "ftp://x"}}, "/config/base_url"),
            ({"service": "api", "config": {"nonsense": 1}}, "/config/nonsense"),
            ({"service": "api_key", "credentials": {}}, "/credentials/key"),
        ],
    )
    async def test_what_does_not_fit_its_kind_is_refused_with_the_place(
        self, client: Client, body: dict[str, Any], where: str
    ) -> None:
        error = await client.ask("POST", "/connections", json={"name": "x", **body}, status=422)
        assert where in [one["where"] for one in error["fields"]]

    async def test_a_service_that_is_not_there_is_refused(self, client: Client) -> None:
        for name in ("carrier_pigeon", "mqtt5"):
            error = await client.ask("POST", "/connections", json={"name": "x", "service": name}, status=422)
            assert error["code"] == "connection.service" and "smtp" in error["hint"]


class TestMessageTemplates:
    async def test_versions_are_kept_and_the_newest_is_current(self, client: Client) -> None:
        first = {"name": "welcome_email", "subject": "Hi {{ name }}", "text": "Welcome."}
        await client.ask("POST", "/message-templates", json=first, status=201)
        saved = await client.ask("PUT", "/message-templates/welcome_email", json={"subject": "Hello", "text": "New."})
        assert (saved["number"], saved["current_version"], saved["subject"]) == (2, 2, "Hello")
        old = await client.ask("GET", "/message-templates/welcome_email", params={"version": 1})
        assert old["subject"] == "Hi {{ name }}"
        both = await client.ask("GET", "/message-templates/welcome_email/versions")
        assert [one["number"] for one in both["items"]] == [2, 1]
        await client.ask("DELETE", "/message-templates/welcome_email")
        assert (await client.ask("GET", "/message-templates"))["items"] == []

    async def test_a_text_that_cannot_be_read_is_refused_with_its_place(self, client: Client) -> None:
        body = {"name": "x", "text": "{{ 1 + }}", "subject": "{{ [ }}", "inputs": {"type": 7}}
        error = await client.ask("POST", "/message-templates", json=body, status=422)
        assert [one["where"] for one in error["fields"]] == ["/subject", "/text", "/inputs"]

    async def test_a_workflow_finds_it_by_its_name(self, client: Client) -> None:
        mail = {
            "type": "action",
            "kind": "email_send",
            "name": "hail",
            "config": {"template": "welcome_email", "to": "{{ to }}"},
        }
        document = {"primitives": [MANUAL["primitives"][0], mail]}
        before = await client.ask("POST", "/workflows/validate", json={"document": document})
        assert "template.unknown" in {one["code"] for one in before["diagnostics"]}
        await client.ask(
            "POST", "/message-templates", json={"name": "welcome_email", "subject": "s", "text": "t"}, status=201
        )
        after = await client.ask("POST", "/workflows/validate", json={"document": document})
        assert "template.unknown" not in {one["code"] for one in after["diagnostics"]}


class TestKinds:
    async def test_all_are_listed_and_each_can_be_read(self, client: Client) -> None:
        found = (await client.ask("GET", "/kinds"))["items"]
        assert {"api_call", "webhook", "if_else", "mapping", "gmail"} <= {one["name"] for one in found}
        assert next(one for one in found if one["name"] == "ai_process")["built"]
        triggers = (await client.ask("GET", "/kinds", params={"type": "trigger"}))["items"]
        assert {one["type"] for one in triggers} == {"trigger"}
        for one in found:
            kind = await client.ask("GET", f"/kinds/{one['type']}/{one['name']}")
            assert kind["inputs"]["type"] == "object" and bool(kind["docs"]) == one["built"]
        await client.ask("GET", "/kinds/action/nonsense", status=404)


@dataclass
class _Draft:
    text: str
    document: dict[str, Any] | None = None
    questions: Sequence[str] = ()
    details: dict[str, Any] = field(default_factory=dict)


@dataclass
class Parrot:
    """A drafter that asks once, then drafts; it notes what it was told."""

    heard: list[tuple[Sequence[dict[str, Any]], str]] = field(default_factory=list)

    async def reply(
        self, conversation: Sequence[dict[str, Any]], text: str, *, library: Any = None, progress: Any = None
    ) -> _Draft:
        """Ask first, then give the adder."""
        self.heard.append((conversation, text))
        if not conversation:
            return _Draft("One thing first.", questions=["Add what?"])
        return _Draft("Here it is.", document={**MANUAL, "name": "spoken"})


class TestConversations:
    async def test_a_sentence_is_asked_about_drafted_and_saved(self, client: Client, gateway: Gateway) -> None:
        usual = gateway.drafter
        parrot = gateway.drafter = Parrot()
        try:
            made = await client.ask("POST", "/conversations", json={"text": "Add one to it"}, status=201)
            assert made["state"] == "asking" and made["messages"][1]["questions"] == ["Add what?"]
            path = f"/conversations/{made['id']}"
            assert (await client.ask("POST", f"{path}/save", status=409))["code"] == "conversation.no_draft"
            drafted = await client.ask("POST", f"{path}/messages", json={"text": "The number"})
            assert drafted["state"] == "drafted" and drafted["messages"][3]["document"]["name"] == "spoken"
            assert [one["text"] for one in parrot.heard[1][0]] == ["Add one to it", "One thing first."]
            saved = await client.ask("POST", f"{path}/save", status=201)
            assert saved["name"] == "spoken" and saved["current_version"] == 1
            assert (await client.ask("POST", f"{path}/save", status=201))["id"] == saved["id"]
            read = await client.ask("GET", path)
            assert (read["state"], read["workflow_id"], len(read["messages"])) == ("saved", saved["id"], 4)
            assert [one["id"] for one in (await client.ask("GET", "/conversations"))["items"]] == [made["id"]]
        finally:
            gateway.drafter = usual

    async def test_without_a_drafter_it_says_what_else_there_is(self, client: Client, gateway: Gateway) -> None:
        usual, gateway.drafter = gateway.drafter, None
        try:
            error = await client.ask("POST", "/conversations", json={"text": "Do it"}, status=503)
        finally:
            gateway.drafter = usual
        assert error["code"] == "generation.missing" and "/workflows" in error["hint"]
        assert (await client.ask("GET", "/conversations"))["items"] == []

    async def test_a_sentence_becomes_a_workflow_that_can_go_live(self, client: Client) -> None:
        sentence = "When an order comes in, if its total is over 1000, wait for approval."
        made = await client.ask("POST", "/conversations", json={"text": sentence}, status=201)
        assert made["messages"][1]["document"] is not None, made
        saved = await client.ask("POST", f"/conversations/{made['id']}/save", json={"name": "from_words"}, status=201)
        live = await client.ask("POST", f"/workflows/{saved['id']}/activate")
        assert live["workflow"]["status"] == "active" and live["triggers"][0]["address"]

    async def test_who_is_told_of_failures_is_kept_with_the_workflow(self, client: Client, gateway: Gateway) -> None:
        sentence = "When a parcel arrives, post it to https://acme.test/parcels"
        made = await client.ask("POST", "/conversations", json={"text": sentence}, status=201)
        assert "told when a run fails" in made["messages"][1]["questions"][-1]
        path = f"/conversations/{made['id']}"
        await client.ask("POST", f"{path}/messages", json={"text": "tell night@acme.test when it fails"})
        saved = await client.ask("POST", f"{path}/save", status=201)
        async with gateway.database.workspace(client.workspace_id) as scope:
            kept = await workflows.get(scope, saved["id"])
        assert kept.settings["alerts"] == {"email": ["night@acme.test"]}


class TestWorkspace:
    async def test_mail_and_alerts_are_set_and_removed(self, client: Client) -> None:
        assert (await client.ask("GET", "/workspace"))["slug"] == client.slug
        mail = {
            "name": "mail",
            "service": "smtp",
            "config": {"host": "localhost"},
            "credentials": {"username": "u", "password": "p"},
        }
        await client.ask("POST", "/connections", json=mail, status=201)
        await client.ask("POST", "/connections", json={"name": "shop", "service": "api"}, status=201)
        alerts = {"email": ["ops@example.com"], "webhook": None}
        changed = await client.ask("PATCH", "/workspace", json={"default_mail": "mail", "alerts": alerts})
        assert (changed["default_mail"], changed["alerts"]) == ("mail", alerts)
        assert (await client.ask("PATCH", "/workspace", json={"default_mail": "shop"}, status=422))[
            "code"
        ] == "workspace.no_mail"
        await client.ask("PATCH", "/workspace", json={"default_mail": "nobody"}, status=404)
        changed = await client.ask("PATCH", "/workspace", json={"alerts": None})
        assert (changed["default_mail"], changed["alerts"]) == ("mail", None)

    async def test_who_did_what_is_kept(self, client: Client) -> None:
        made = await client.create(MANUAL)
        await client.ask("DELETE", f"/workflows/{made['id']}")
        found = (await client.ask("GET", "/audit", params={"target": made["id"]}))["items"]
        assert [(one["who"], one["what"]) for one in found] == [
            ("key:tests", "workflow.archive"),
            ("key:tests", "workflow.create"),
        ]
        assert all(one["request_id"].startswith("req-") for one in found)


class TestKeyRoutes:
    async def test_a_key_is_shown_once_works_and_is_revoked_at_once(self, client: Client) -> None:
        made = await client.ask("POST", "/keys", json={"name": "reader", "scopes": ["*:read"]}, status=201)
        mine = {"x-api-key": made["key"]}
        assert (await client.http.get("/api/v1/workflows", headers=mine)).status_code == 200
        listed = (await client.ask("GET", "/keys"))["items"]
        assert [one["name"] for one in listed] == ["tests", "reader"] and "key" not in listed[1]
        assert made["key"].startswith(listed[1]["prefix"])
        await client.ask("DELETE", f"/keys/{made['id']}")
        assert (await client.http.get("/api/v1/workflows", headers=mine)).status_code == 401

    async def test_nobody_gives_more_than_he_has(self, client: Client) -> None:
        made = await client.ask("POST", "/keys", json={"name": "k", "scopes": ["keys:*", "workflows:read"]}, status=201)
        mine = {"x-api-key": made["key"]}
        for scopes, status in (
            (["workflows:read"], 201),
            (["keys:write"], 201),
            (["workflows:write"], 403),
            (["*"], 403),
            (["*:read"], 403),
            (["nonsense"], 422),
        ):
            response = await client.http.post("/api/v1/keys", headers=mine, json={"name": "x", "scopes": scopes})
            assert response.status_code == status, (scopes, response.text)
