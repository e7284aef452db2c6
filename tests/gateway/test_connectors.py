"""Connectors made of documents, over the API: import, find, use, correct, remove."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.gateway.conftest import Client, served

ORDERS = [{"id": number} for number in range(5)]


def shop(url: str) -> dict[str, Any]:
    order = {"type": "object", "properties": {"id": {"type": "integer"}, "total": {"type": "number"}}}
    page = [{"name": "page", "in": "query", "schema": {"type": "integer"}},
            {"name": "per_page", "in": "query", "schema": {"type": "integer", "maximum": 2}}]  # fmt: skip
    listed = {"type": "object", "properties": {"orders": {"type": "array", "items": order}}}

    def answer(schema: dict[str, Any]) -> dict[str, Any]:
        return {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}

    body = {"required": True, "content": {"application/json": {"schema": {
        "type": "object", "required": ["total"], "properties": {"total": {"type": "number"}, "note": {"type": "string"}}}}}}  # fmt: skip
    return {
        "openapi": "3.0.3",
        "info": {"title": "Corner Shop API", "version": "2"},
        "servers": [{"url": url}],
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Shop-Key"}}},
        "security": [{"key": []}],
        "paths": {
            "/orders": {
                "get": {"operationId": "listOrders", "summary": "List orders", "parameters": page, "responses": answer(listed)},
                "post": {"operationId": "createOrder", "summary": "Create an order", "requestBody": body, "responses": answer(order)},
            },
            "/orders/{id}/search-like": {
                "post": {"operationId": "recalculate", "summary": "Recalculate an order", "responses": answer(order),
                         "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]},
            },
        },
    }  # fmt: skip


@pytest.fixture
async def peer() -> Any:
    """The shop itself, and its document, on a real socket."""
    seen: list[tuple[str, str, Any]] = []

    async def orders(request: Request) -> Response:
        seen.append((request.method, str(request.url.query), request.headers.get("x-shop-key")))
        if request.headers.get("x-shop-key") != "k3y":
            return JSONResponse({"message": "who are you?"}, status_code=401)
        if request.method == "POST":
            return JSONResponse({"id": 9, **(await request.json())})
        page, size = int(request.query_params.get("page", 1)), int(request.query_params["per_page"])
        return JSONResponse({"orders": ORDERS[(page - 1) * size : page * size]})

    app = Starlette(routes=[Route("/orders", orders, methods=["GET", "POST"])])
    async with served(app) as url:  # type: ignore[arg-type]  # any ASGI application is served alike

        async def document(_: Request) -> Response:
            return JSONResponse(shop(url))

        app.router.routes.append(Route("/openapi.json", document))
        yield url, seen


async def connect(client: Client, url: str, **more: Any) -> dict[str, Any]:
    made = await client.ask("POST", "/connectors", json={"url": f"{url}/openapi.json", **more}, status=201)
    body = {"name": "shop_key", "service": made["name"], "credentials": {"key": "k3y"}}
    await client.ask("POST", "/connections", json=body, status=201)
    return made


class TestADocument:
    async def test_becomes_kinds_that_run(self, client: Client, peer: Any) -> None:
        url, seen = peer
        made = await connect(client, url)
        assert (made["name"], made["operations"], made["takes"], made["ships"]) == (
            "corner_shop",
            3,
            ["api_key"],
            False,
        )
        run = await client.run([
            {"type": "action", "kind": "corner_shop.list_orders", "name": "all", "config": {"limit": 5}},
            {"type": "action", "kind": "corner_shop.create_order", "name": "one",
             "config": {"total": "{{ all.items.length * 1.5 }}"}},
        ])  # fmt: skip
        assert run["status"] == "succeeded", run["error"]
        assert run["output"] == {"id": 9, "total": 7.5}
        assert [query for method, query, _ in seen if method == "GET"] == [
            "per_page=2", "per_page=2&page=2", "per_page=2&page=3",
        ]  # fmt: skip

    async def test_what_a_step_gives_is_checked_against_it(self, client: Client, peer: Any) -> None:
        await connect(client, peer[0])
        checked = await client.ask("POST", "/workflows/validate", json={"document": [
            {"type": "action", "kind": "corner_shop.create_order", "name": "one", "config": {"totl": 1}},
            {"type": "action", "kind": "corner_shop.creat_order", "name": "two"},
        ]})  # fmt: skip
        codes = {(one["code"], one.get("hint")) for one in checked["diagnostics"]}
        assert ("kind.unknown", "`corner_shop.create_order` was meant?") in codes
        assert "config.unknown" in {code for code, _ in codes}

    async def test_a_plan_goes_on_when_the_connector_is_gone(self, client: Client, peer: Any) -> None:
        await connect(client, peer[0])
        live = await client.live([
            {"type": "trigger", "kind": "webhook", "name": "hit", "config": {"url": "/hit"}},
            {"type": "action", "kind": "corner_shop.create_order", "name": "one", "config": {"total": 2},
             "on_error": "fail"},
        ])  # fmt: skip
        await client.ask("DELETE", "/connectors/corner_shop")
        answer = await client.raw("POST", live["address"].removeprefix("http://gateway"), json={})
        run = answer.json()["data"]["execution_id"]
        for _ in range(100):
            found = await client.ask("GET", f"/executions/{run}")
            if found["status"] not in ("queued", "running", "accepted"):
                break
            await asyncio.sleep(0.1)
        assert found["status"] == "succeeded", found

    async def test_is_found_by_words_and_shown_whole(self, client: Client, peer: Any) -> None:
        await connect(client, peer[0])
        found = await client.ask("GET", "/connectors/search", params={"q": "create an order in the corner shop"})
        assert found["items"][0] == {"kind": "corner_shop.create_order", "title": "Create an order", "effect": "write"}
        kind = await client.ask("GET", "/kinds/action/corner_shop.create_order")
        assert kind["inputs"]["required"] == ["total"]
        assert kind["connection"]["services"] == ["corner_shop"]

    async def test_its_effects_can_be_corrected(self, client: Client, peer: Any) -> None:
        await connect(client, peer[0])
        path = "/connectors/corner_shop/operations/recalculate"
        assert (await client.ask("PATCH", path, json={"effect": "read"}))["effect"] == "read"
        assert (await client.ask("GET", "/kinds/action/corner_shop.recalculate"))["effect"] == "read"
        await client.ask("POST", "/connectors", json={"url": f"{peer[0]}/openapi.json", "replace": True}, status=201)
        assert (await client.ask("GET", "/kinds/action/corner_shop.recalculate"))["effect"] == "read"
        assert (await client.ask("PATCH", path, json={"effect": None}))["effect"] == "write"

    async def test_its_connection_sends_the_key_as_the_document_says(self, client: Client, peer: Any) -> None:
        await connect(client, peer[0])
        kept = await client.ask("GET", "/connections/shop_key")
        assert kept["config"] == {"base_url": peer[0], "header": "X-Shop-Key", "prefix": ""}
        run = await client.run([{"type": "action", "kind": "api_call", "name": "a", "connection": "shop_key",
                                 "config": {"url": "/orders", "query": {"per_page": 1}}}])  # fmt: skip
        assert run["output"]["body"] == {"orders": [{"id": 0}]}, run["error"]

    async def test_belongs_to_its_workspace_alone(self, client: Client, stranger: Client, peer: Any) -> None:
        await connect(client, peer[0])
        await stranger.ask("GET", "/connectors/corner_shop", status=404)
        await stranger.ask("GET", "/kinds/action/corner_shop.create_order", status=404)
        names = {one["name"] for one in (await stranger.ask("GET", "/connectors"))["items"]}
        assert "corner_shop" not in names and {"notion", "slack", "github"} <= names

    async def test_can_be_sent_packed(self, client: Client) -> None:
        packed = base64.b64encode(gzip.compress(json.dumps(shop("https://shop.example.com")).encode())).decode()
        made = await client.ask("POST", "/connectors", json={"document_gzip": packed, "name": "mine"}, status=201)
        assert (made["name"], made["base"]) == ("mine", "https://shop.example.com")
        again = await client.ask("POST", "/connectors", json={"document_gzip": packed, "name": "mine"}, status=409)
        assert "--replace" in again["hint"]

    async def test_a_wrong_key_is_said_with_its_mend(self, client: Client, peer: Any) -> None:
        await connect(client, peer[0])
        await client.ask("POST", "/connections/shop_key/rotate", json={"credentials": {"key": "wrong-key"}})
        run = await client.run(
            [{"type": "action", "kind": "corner_shop.create_order", "name": "o", "config": {"total": 1}}]
        )
        assert run["error"]["code"] == "connection.expired"
        assert "flov7 connections rotate shop_key" in run["error"]["hint"]
        assert "wrong-key" not in str(run)


class TestWhatIsNoDocument:
    @pytest.mark.parametrize(
        ("document", "words"),
        [
            ("hello", "no OpenAPI"),
            ({"info": {}}, "neither `openapi` nor `swagger`"),
            ({"openapi": "4.0.0", "paths": {}}, "2.0, 3.0 and 3.1"),
            ({"openapi": "3.0.0", "paths": {}}, "nothing to call"),
            ("openapi: 3.0.0\npaths: {a: [", "YAML"),
            ({"openapi": "3.0.0", "paths": {"/a": {"$ref": "other.yaml#/a"}}}, "other.yaml"),
        ],
    )
    async def test_is_refused_in_words(self, client: Client, document: Any, words: str) -> None:
        error = await client.ask("POST", "/connectors", json={"document": document, "name": "x"}, status=422)
        assert words in error["message"] and error["hint"] is not None

    async def test_private_addresses_are_not_fetched(self, client: Client) -> None:
        body = {"url": "http://169.254.169.254/openapi.json"}
        error = await client.ask("POST", "/connectors", json=body, status=502)
        assert error["code"] == "outside.forbidden"

    async def test_a_name_of_ours_cannot_be_taken(self, client: Client) -> None:
        body = {"document": shop("https://shop.example.com"), "name": "slack"}
        error = await client.ask("POST", "/connectors", json=body, status=422)
        assert "comes with Flov7" in error["message"]
