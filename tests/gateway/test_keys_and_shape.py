"""Who gets in, whose things he sees, and the one shape of every answer."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from flov7.gateway.app import create_app
from flov7.gateway.settings import GatewaySettings
from flov7.kit.errors import Unavailable
from flov7.store import keys
from flov7.wiring import House, gateway_of
from tests.gateway.conftest import MANUAL, Client, hook, new_client

OPEN = {"/health", "/docs", "/docs/start.js", "/docs/{name}", "/metrics", "/openapi.json"}


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path of the description, hooks left out."""
    spec = app.openapi()
    return [
        (method.upper(), path) for path, item in spec["paths"].items() for method in item if path.startswith("/api")
    ]


def assert_shape(response: httpx.Response, *, error: bool) -> dict[str, Any]:
    """The envelope, literally."""
    body = response.json()
    assert set(body) == ({"status", "data", "meta", "error"} if error else {"status", "data", "meta"})
    assert body["status"] == ("error" if error else "success")
    assert set(body["meta"]) == {"timestamp", "request_id", "version"}
    assert body["meta"]["version"] == "v1.0"
    assert re.fullmatch(r"req-[A-Za-z0-9_-]{5,}", body["meta"]["request_id"])
    assert body["meta"]["request_id"] == response.headers["x-request-id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", body["meta"]["timestamp"])
    if error:
        assert body["data"] is None and body["error"]["code"] and body["error"]["message"]
    return body


class TestKeys:
    async def test_nothing_of_the_api_answers_without_a_key(self, http: httpx.AsyncClient, app: FastAPI) -> None:
        found = routes(app)
        assert len(found) > 40
        for method, path in [
            *found,
            ("GET", "/api/v1"),
            ("GET", "/api/v1/nothing/here"),
            ("POST", "/api/v1/workflows/"),
        ]:
            for headers in ({}, {"authorization": "Bearer flov7_wrong"}, {"x-api-key": "nonsense"}):
                response = await http.request(method, path.replace("{", "").replace("}", ""), headers=headers)
                assert response.status_code == 401, (method, path)
                assert_shape(response, error=True)
                assert response.headers["www-authenticate"].startswith("Bearer")

    async def test_both_headers_are_taken(self, client: Client) -> None:
        for headers in ({"authorization": f"bearer {client.key}"}, {"x-api-key": client.key}):
            assert (await client.http.get("/api/v1/workflows", headers=headers)).status_code == 200

    async def test_a_revoked_and_an_expired_key_open_nothing(self, house: House, client: Client) -> None:
        past = datetime.now(UTC) - timedelta(seconds=1)
        async with house.database.workspace(client.workspace_id) as scope:
            revoked, secret = await keys.create(scope, name="r", scopes=["*"], created_by="t")
            await keys.revoke(scope, revoked.id)
            _, expired = await keys.create(scope, name="e", scopes=["*"], created_by="t", expires_at=past)
        for key in (secret, expired):
            response = await client.http.get("/api/v1/workflows", headers={"x-api-key": key})
            assert response.status_code == 401 and response.json()["error"]["code"] == "auth.invalid"

    async def test_a_key_does_only_what_its_scopes_say(self, house: House, http: httpx.AsyncClient) -> None:
        reader = await new_client(house, http, scopes=("*:read",))
        assert await reader.ask("GET", "/workflows")
        error = await reader.ask("POST", "/workflows", json={"document": MANUAL}, status=403)
        assert error["code"] == "auth.forbidden" and error["details"]["needs"] == "workflows:write"
        starter = await new_client(house, http, scopes=("executions:*",))
        await starter.ask("GET", "/connections", status=403)
        await starter.ask("GET", "/executions")


class TestOtherWorkspaces:
    async def test_ids_of_another_workspace_are_not_there_on_any_route(
        self, client: Client, stranger: Client, app: FastAPI
    ) -> None:
        """Each route with an id in it, walked with ids that exist, next door."""
        workflow = await client.live(hook("/next-door"))
        done = await client.run(MANUAL, input={"a": 1})
        await client.ask(
            "POST",
            "/connections",
            json={"name": "theirs", "service": "api_key", "credentials": {"key": "k"}},
            status=201,
        )
        await client.ask("POST", "/message-templates", json={"name": "theirs", "text": "x"}, status=201)
        theirs = await client.ask("POST", "/files", status=201, content=b"theirs")
        template = {"slug": "theirs", "title": "Theirs", "area": "sales", "prompt": "When called.", "document": MANUAL}
        await client.ask("POST", "/templates", json=template, status=201)
        ids = {"file": theirs["file"], "slug": "theirs", "operation": "get",  "login": "01a20552-3415-738a-8b65-e55143543326", "workflow": workflow["id"], "execution": done["execution_id"], "name": "theirs", "number": "1", "trigger": "t", "key": "01a20552-3415-738a-8b65-e55143543326",
               "conversation": "01a20552-3415-738a-8b65-e55143543326"}  # fmt: skip
        bodies = {
            "/approve": {"step": "s"}, "/answer": {"step": "s", "answer": 1}, "/callback": {"step": "s"}, "/run": {"input": {"a": 1}},
            "/resolve": {"step": "s", "verdict": "fail"}, "/rerun": {"step": "sum"}, "/diff": {"document": MANUAL},
            "/rotate": {"credentials": {"key": "k"}}, "/messages": {"text": "x"}, "/use": {}, "/review": {"accept": True}, "/rating": {"stars": 5},
        }  # fmt: skip
        walked = 0
        for method, path in routes(app):
            if "{" not in path or "/kinds/" in path:
                continue
            address = re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], path)
            tail = "/" + path.rsplit("/", 1)[1]
            body = (
                {"version": 1, "accept": True}
                if path.endswith("/nodes/{name}/review")
                else bodies.get(
                    tail,
                    {"document": MANUAL}
                    if method == "PUT" and "workflows" in path
                    else {"value": 1}
                    if "/state/" in path
                    else {"text": "x"}
                    if method == "PUT"
                    else None,
                )
            )
            query = {"from": 1} if tail == "/diff" and method == "GET" else None
            mine = {"json": body} if body is not None else {}
            if method == "PATCH":
                mine = {"json": {"description": "taken over"}}
            response = await stranger.raw(method, address, params=query, **mine)
            assert response.status_code == 404, (method, path, response.text)
            assert_shape(response, error=True)
            walked += 1
        assert walked >= 35
        assert (await client.ask("GET", f"/workflows/{workflow['id']}"))["status"] == "active"
        assert (await client.ask("GET", "/connections"))["items"][0]["name"] == "theirs"

    async def test_lists_show_the_own_workspace_only(self, client: Client, stranger: Client) -> None:
        await client.run(MANUAL, input={"a": 1})
        for path in ("/workflows", "/executions", "/connections", "/message-templates", "/conversations"):
            assert (await stranger.ask("GET", path))["items"] == []


class TestTheShape:
    async def test_good_and_bad_answers_have_it(self, client: Client) -> None:
        assert_shape(await client.raw("GET", "/workflows"), error=False)
        for method, path, more, status, code in (
            ("GET", "/nothing", {}, 404, "request.no_route"),
            ("DELETE", "/workflows", {}, 405, "request.method"),
            ("GET", "/workflows/none", {}, 404, "request.not_found"),
            ("POST", "/workflows", {"content": b"{"}, 400, "json.invalid"),
            ("POST", "/workflows", {"json": {}}, 422, "request.invalid"),
            ("POST", "/workflows", {"json": {"document": MANUAL, "nonsense": 1}}, 422, "request.invalid"),
            ("POST", "/workflows", {"content": b"x" * 300_000}, 413, "request.too_large"),
        ):  # fmt: skip
            headers = {"content-type": "application/json"}
            response = await client.raw(method, path, headers=headers, **more)
            assert response.status_code == status, (path, response.text)
            assert assert_shape(response, error=True)["error"]["code"] == code

    async def test_addresses_with_a_slash_at_the_end_are_the_same(self, client: Client) -> None:
        assert (await client.raw("GET", "/workflows/")).status_code == 200

    async def test_a_request_id_of_ones_own_is_kept_and_nonsense_is_not(self, client: Client) -> None:
        kept = await client.raw("GET", "/workflows", headers={"x-request-id": "req-mine-12345"})
        assert kept.json()["meta"]["request_id"] == "req-mine-12345"
        other = await client.raw("GET", "/workflows", headers={"x-request-id": "x" * 500})
        assert other.json()["meta"]["request_id"] != "x" * 500

    async def test_a_body_without_an_announced_length_is_limited_too(self, client: Client) -> None:
        async def pieces() -> Any:
            for _ in range(30):
                yield b"x" * 10_000

        assert (await client.raw("POST", "/workflows", content=pieces())).status_code == 413

    async def test_what_nobody_foresaw_is_500_without_our_insides(self, house: House, client: Client) -> None:
        gateway = gateway_of(house, settings=GatewaySettings.load())
        app = create_app(gateway)

        class Broken:
            async def health(self) -> None:
                raise RuntimeError("password=hunter22")

        gateway.engine = Broken()  # type: ignore[assignment]  # any failure that nobody foresaw
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as http:
            response = await http.get("/health")
        assert response.status_code == 500
        body = assert_shape(response, error=True)
        assert body["error"]["code"] == "internal" and "hunter22" not in response.text

    async def test_without_the_database_it_is_503_with_retry_after(self, house: House, client: Client) -> None:
        class Gone:
            vault = house.database.vault

            def __getattr__(self, name: str) -> Any:
                raise Unavailable("The database does not answer.", retry_after=2.0)

        gateway = gateway_of(house, settings=GatewaySettings.load())
        app = create_app(gateway)
        gateway.database = Gone()  # type: ignore[assignment]  # a database that went away
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as http:
            for path in ("/api/v1/workflows", f"/hooks/{client.slug}/orders/x"):
                response = await http.post(path, headers={"x-api-key": client.key}, json={})
                assert response.status_code == 503 and response.headers["retry-after"] == "2"
                assert assert_shape(response, error=True)["error"]["code"] == "service.unavailable"


class TestTheLog:
    async def test_every_request_leaves_one_line_with_its_ids(self, client: Client, logged: io.StringIO) -> None:
        done = await client.run(MANUAL, input={"a": 1})
        request = (await client.raw("GET", f"/executions/{done['execution_id']}")).json()["meta"]["request_id"]
        lines = [json.loads(line) for line in logged.getvalue().splitlines()]
        (line,) = [one for one in lines if one.get("request_id") == request]
        assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/executions/{execution}", 200)
        assert line["run_id"] == done["execution_id"] and line["workspace_id"] == client.workspace_id
        assert line["workflow_id"] and line["user_id"] and line["ms"] >= 0

    async def test_a_hooks_token_is_not_in_it(self, client: Client, logged: io.StringIO) -> None:
        live = await client.live(hook("/logged"))
        await client.http.post(live["address"], json={"order": {"total": 1}})
        assert live["address"].rsplit("/", 1)[1] not in logged.getvalue()
        assert '"route":"/hooks/{workspace}/{path}"' in logged.getvalue()


class TestIdempotency:
    async def test_a_repeated_post_makes_one_thing_and_gives_one_answer(self, client: Client) -> None:
        key = {"idempotency-key": "create-1"}
        first = await client.raw("POST", "/workflows", json={"document": MANUAL}, headers=key)
        second = await client.raw("POST", "/workflows", json={"document": MANUAL}, headers=key)
        assert first.status_code == second.status_code == 201 and first.content == second.content
        assert first.headers["location"] == second.headers["location"]
        assert len((await client.ask("GET", "/workflows"))["items"]) == 1
        other = await client.raw("POST", "/workflows", json={"document": hook("/x")}, headers=key)
        assert other.status_code == 409

    async def test_the_same_key_of_another_workspace_is_another_one(self, client: Client, stranger: Client) -> None:
        key = {"idempotency-key": "shared"}
        for one in (client, stranger):
            response = await one.raw("POST", "/workflows", json={"document": MANUAL}, headers=key)
            assert response.status_code == 201 and "idempotent-replayed" not in response.headers

    async def test_another_api_key_does_not_get_the_answer(self, client: Client) -> None:
        key = {"idempotency-key": "mine"}
        body = {"name": "reader", "scopes": ["*:read"]}
        made = await client.raw("POST", "/keys", json=body, headers=key)
        reader = {**key, "x-api-key": made.json()["data"]["key"]}
        response = await client.http.post("/api/v1/keys", json=body, headers=reader)
        assert response.status_code == 403

    @pytest.mark.parametrize("key", [" ", "x" * 300])
    async def test_a_senseless_key_is_refused(self, client: Client, key: str) -> None:
        response = await client.raw("POST", "/workflows", json={"document": MANUAL}, headers={"idempotency-key": key})
        assert response.status_code == 422


class TestSecrets:
    SECRET = "Tr0ub4dor-and-3-horses"

    async def test_a_secret_goes_in_and_never_comes_out(self, client: Client, logged: io.StringIO) -> None:
        heard: list[str] = []

        async def say(method: str, path: str, **more: Any) -> httpx.Response:
            response = await client.raw(method, path, **more)
            heard.append(response.text + json.dumps(dict(response.headers)))
            return response

        good = {"type": "basic", "username": "u", "password": self.SECRET}
        config = {"base_url": "http://127.0.0.1:9"}
        made = await say(
            "POST", "/connections", json={"name": "shop", "service": "api", "config": config, "credentials": good}
        )
        assert made.status_code == 201
        key = {"idempotency-key": "secret-1"}
        for _ in range(2):
            await say("POST", "/connections/shop/rotate", json={"credentials": good}, headers=key)
        await say("GET", "/connections")
        await say("GET", "/connections/shop")
        tested = await say("POST", "/connections/shop/test")
        assert tested.json()["data"]["ok"] is False
        for wrong in (
            {"name": "x", "service": "api", "credentials": {"type": self.SECRET}},
            {"name": "x", "service": "api", "credentials": {"password": [self.SECRET]}},
            {"name": "x", "service": "api", "credentials": self.SECRET},
            {"name": "x", "service": "api_key", "credentials": {"key": "", "token": self.SECRET}},
            {"name": "shop", "service": "api", "credentials": good},
        ):
            assert (await say("POST", "/connections", json=wrong)).status_code in (409, 422)
        await say("DELETE", "/connections/shop")
        assert '"route":"/api/v1/connections"' in logged.getvalue()
        for text in (*heard, logged.getvalue()):
            assert self.SECRET not in text
