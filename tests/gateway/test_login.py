"""Allowing a connection by OAuth, against a real provider: browser, device, client; and tokens that end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest_asyncio

from flov7.engine.connections import StoredConnections
from flov7.language.plan import Credential
from flov7.store import connections as stored
from flov7.wiring import House
from tests.gateway.conftest import Client
from tests.oauth.provider import CLIENT, SECRET, Provider, running

# oauthlib refuses to speak plain HTTP but where it is told that it is being tested.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
SECRETS = {"client_id": CLIENT, "client_secret": SECRET}


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> AsyncIterator[Provider]:
    async with running(Provider()) as started:
        yield started


async def add(client: Client, provider: Provider, **config: Any) -> None:
    body = {
        "name": "crm", "service": "oauth", "credentials": SECRETS,
        "config": {"issuer": provider.url, "base_url": provider.url, "test_path": "/me", "scopes": ["read"], **config},
    }  # fmt: skip
    await client.ask("POST", "/connections", json=body, status=201)


async def allow(client: Client, provider: Provider) -> httpx.Response:
    """As a person does: open the address, agree, be sent back."""
    begun = await client.ask("POST", "/connections/crm/login")
    async with httpx.AsyncClient() as browser:
        agreed = await browser.get(begun["address"])
    back = urlsplit(agreed.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == provider.redirect == begun["redirect"]
    return await client.http.get(f"{back.path}?{back.query}")


class TestInABrowser:
    async def test_is_allowed_and_tested_and_no_token_ever_comes_out(self, client: Client, provider: Provider) -> None:
        await add(client, provider)
        before = await client.ask("POST", "/connections/crm/test")
        assert before["ok"] is False and "flov7 connections login crm" in before["hint"]
        page = await allow(client, provider)
        assert page.status_code == 200 and "crm is allowed" in page.text
        assert (await client.ask("POST", "/connections/crm/test"))["ok"] is True
        shown = str(await client.ask("GET", "/connections/crm"))
        assert not any(token in shown for token in provider.tokens)

    async def test_the_code_is_bound_to_a_verifier_that_only_we_know(self, client: Client, provider: Provider) -> None:
        await add(client, provider)
        begun = await client.ask("POST", "/connections/crm/login")
        asked = parse_qs(urlsplit(begun["address"]).query)
        assert asked["code_challenge_method"] == ["S256"] and len(asked["code_challenge"][0]) == 43
        await allow(client, provider)
        assert len(provider.asked[-1]["code_verifier"]) >= 43
        assert provider.asked[-1]["code_verifier"] not in begun["address"]

    async def test_a_state_opens_once(self, client: Client, provider: Provider) -> None:
        await add(client, provider)
        begun = await client.ask("POST", "/connections/crm/login")
        async with httpx.AsyncClient() as browser:
            back = (await browser.get(begun["address"])).headers["location"]
        query = urlsplit(back).query
        assert (await client.http.get(f"/oauth/callback?{query}")).status_code == 200
        again = await client.http.get(f"/oauth/callback?{query}")
        assert again.status_code == 410 and "Begin again" in again.text

    async def test_a_state_of_another_workspace_opens_nothing(
        self, client: Client, stranger: Client, provider: Provider
    ) -> None:
        await add(client, provider)
        begun = await client.ask("POST", "/connections/crm/login")
        state = parse_qs(urlsplit(begun["address"]).query)["state"][0]
        forged = state.replace(client.workspace_id, stranger.workspace_id)
        answer = await client.http.get("/oauth/callback", params={"state": forged, "code": "stolen"})
        assert answer.status_code == 410

    async def test_dies_with_the_key_that_began_it(self, client: Client, provider: Provider) -> None:
        await add(client, provider)
        begun = await client.ask("POST", "/connections/crm/login")
        async with httpx.AsyncClient() as browser:
            back = urlsplit((await browser.get(begun["address"])).headers["location"])
        keys = (await client.ask("GET", "/keys"))["items"]
        await client.ask("DELETE", f"/keys/{keys[0]['id']}")
        answer = await client.http.get(f"/oauth/callback?{back.query}")
        assert answer.status_code == 403 and "key" in answer.text

    async def test_a_person_who_says_no_is_told_so(self, client: Client, provider: Provider) -> None:
        await add(client, provider)
        begun = await client.ask("POST", "/connections/crm/login")
        state = parse_qs(urlsplit(begun["address"]).query)["state"][0]
        answer = await client.http.get("/oauth/callback", params={"state": state, "error": "access_denied<script>"})
        assert answer.status_code == 422
        assert "access_denied&lt;script&gt;" in answer.text

    async def test_a_wrong_client_secret_is_said_in_words(self, client: Client, provider: Provider) -> None:
        await add(client, provider)
        await client.ask("POST", "/connections/crm/rotate", json={"credentials": {**SECRETS, "client_secret": "no"}})
        page = await allow(client, provider)
        assert page.status_code == 502 and "client_secret" in page.text

    async def test_what_is_no_oauth_has_nothing_to_allow(self, client: Client) -> None:
        body = {"name": "plain", "service": "api_key", "credentials": {"key": "k"}}
        await client.ask("POST", "/connections", json=body, status=201)
        error = await client.ask("POST", "/connections/plain/login", status=422)
        assert error["code"] == "login.not_oauth"


class TestWithoutABrowser:
    async def test_a_device_waits_until_the_person_has_agreed(self, client: Client, provider: Provider) -> None:
        await add(client, provider, grant="device")
        begun = await client.ask("POST", "/connections/crm/login")
        assert (begun["mode"], begun["code"]) == ("device", "WDJB-MJHT")
        path = f"/connections/crm/login/{begun['login']}"
        assert await client.ask("POST", path) == {"allowed": False}
        provider.devices = dict.fromkeys(provider.devices, True)
        assert await client.ask("POST", path) == {"allowed": True}
        assert (await client.ask("POST", "/connections/crm/test"))["ok"] is True
        await client.ask("POST", path, status=410)

    async def test_a_client_of_its_own_needs_nobody(self, client: Client, provider: Provider) -> None:
        await add(client, provider, grant="client_credentials")
        assert (await client.ask("POST", "/connections/crm/login"))["mode"] == "done"
        assert (await client.ask("POST", "/connections/crm/test"))["ok"] is True


class TestTokensThatEnd:
    async def opened(self, client: Client, house: House) -> str:
        kept = StoredConnections(house.database, outside=house.network)
        credential = Credential(name="crm", kind="", service="", secret="crm")
        return str((await kept.open(client.workspace_id, credential)).credential["access_token"])

    async def test_are_renewed_once_for_all_that_wait(self, client: Client, provider: Provider, house: House) -> None:
        provider.lasts, provider.slow = 30, 0.2  # 30 s count as ended: a token is renewed a minute early
        await add(client, provider)
        await allow(client, provider)
        provider.lasts = 3600
        tokens = await asyncio.gather(*(self.opened(client, house) for _ in range(20)))
        assert len(set(tokens)) == 1 and provider.refreshed == 1
        assert not provider.stolen

    async def test_are_renewed_once_by_two_processes(self, client: Client, provider: Provider, house: House) -> None:
        provider.lasts, provider.slow = 30, 0.3
        await add(client, provider)
        await allow(client, provider)
        provider.lasts = 3600
        credential = Credential(name="crm", kind="", service="", secret="crm")
        processes = [StoredConnections(house.database, outside=house.network) for _ in range(2)]
        opened = await asyncio.gather(*(one.open(client.workspace_id, credential) for one in processes))
        assert len({one.credential["access_token"] for one in opened}) == 1
        assert provider.refreshed == 1 and not provider.stolen

    async def test_are_kept_sealed(self, client: Client, provider: Provider, house: House) -> None:
        await add(client, provider)
        await allow(client, provider)
        async with house.database.workspace(client.workspace_id) as scope:
            from flov7.store import tables

            row = await scope.row(scope.select(tables.secrets))
            assert row is not None
            assert not any(token.encode() in bytes(row["body"]) for token in provider.tokens)
            assert (await stored.secret(scope, "crm"))["client_secret"] == SECRET

    async def test_a_step_whose_token_was_taken_back_gets_a_new_one(self, client: Client, provider: Provider) -> None:
        await add(client, provider)
        await allow(client, provider)
        document = await connector(client, provider)
        assert (await client.run(document))["status"] == "succeeded"
        provider.revoke_all()
        run = await client.run(document)
        assert (run["status"], run["output"]) == ("succeeded", {"name": "Ada"})
        assert provider.refreshed == 1

    async def test_where_nothing_renews_it_the_error_says_how_to_allow_it_again(
        self, client: Client, provider: Provider
    ) -> None:
        await add(client, provider)
        await allow(client, provider)
        document = await connector(client, provider)
        provider.revoke_all()
        provider.refuse_refresh = True
        run = await client.run(document)
        assert run["status"] == "failed"
        assert run["error"]["code"] == "connection.expired"
        assert "flov7 connections login crm" in run["error"]["hint"]
        assert "token" not in run["error"]["message"].lower() or not any(t in str(run) for t in provider.refresh)


async def connector(client: Client, provider: Provider) -> list[dict[str, Any]]:
    """A connector of the provider's own small API, and a document that asks it."""
    description = {
        "openapi": "3.1.0",
        "info": {"title": "People", "version": "1"},
        "servers": [{"url": provider.url}],
        "components": {"securitySchemes": {"login": {"type": "oauth2", "flows": {"authorizationCode": {
            "authorizationUrl": f"{provider.url}/authorize", "tokenUrl": f"{provider.url}/token",
            "scopes": {"read": "See."}}}}}},
        "security": [{"login": ["read"]}],
        "paths": {"/me": {"get": {"operationId": "getMe", "summary": "Who am I", "responses": {"200": {
            "description": "ok", "content": {"application/json": {"schema": {"type": "object", "properties": {
                "name": {"type": "string"}}}}}}}}}},
    }  # fmt: skip
    made = await client.ask("POST", "/connectors", json={"document": description, "name": "people"}, status=201)
    assert made["takes"] == ["oauth"]
    return [
        {"type": "connection", "name": "crm", "service": "people", "credentials": {"type": "oauth"}},
        {"type": "action", "kind": "people.get_me", "name": "me", "connection": "crm"},
    ]
