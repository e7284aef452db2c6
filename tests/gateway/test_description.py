"""OpenAPI, the page, health and metrics."""

from __future__ import annotations

from typing import Any

import httpx
import jsonschema
from fastapi import FastAPI

from flov7.gateway import openapi
from flov7.gateway.app import create_app
from flov7.gateway.settings import GatewaySettings
from flov7.kit.errors import Unavailable
from flov7.wiring import House, gateway_of
from tests.gateway.conftest import Client

METHODS = ("get", "put", "post", "patch", "delete")


def operations(spec: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """All operations."""
    return [
        (path, method, one) for path, item in spec["paths"].items() for method, one in item.items() if method in METHODS
    ]


class TestOpenApi:
    async def test_every_body_has_an_example_that_fits_its_schema(self, http: httpx.AsyncClient) -> None:
        spec = (await http.get("/openapi.json")).json()
        checked = 0
        for path, method, operation in operations(spec):
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                content = body.get("content", {}).get("application/json")
                if content is None:
                    continue
                assert content.get("example") is not None, (path, method)
                schema = {**content.get("schema", {}), "components": spec["components"]}
                jsonschema.Draft202012Validator(schema).validate(content["example"])
                checked += 1
        assert checked > 100

    async def test_every_operation_has_words_a_tag_and_its_own_id(self, http: httpx.AsyncClient) -> None:
        spec = (await http.get("/openapi.json")).json()
        found = operations(spec)
        for path, method, operation in found:
            assert operation["summary"] and operation["tags"], (path, method)
            assert operation.get("description"), (path, method)
            for parameter in operation.get("parameters", []):
                assert parameter.get("description"), (path, method, parameter["name"])
        assert len({operation["operationId"] for _, _, operation in found}) == len(found)
        assert {tag for _, _, one in found for tag in one["tags"]} == {tag["name"] for tag in spec["tags"]}

    async def test_keys_are_asked_for_wherever_they_are_needed(self, http: httpx.AsyncClient) -> None:
        spec = (await http.get("/openapi.json")).json()
        for path, _, operation in operations(spec):
            assert ("security" in operation) == path.startswith("/api/v1"), path
        posts = [one for path, method, one in operations(spec) if method == "post" and path.startswith("/api/v1")]
        assert all(any(p["name"] == "Idempotency-Key" for p in one["parameters"]) for one in posts)

    async def test_create_bodies_of_the_description_are_taken_as_they_are(
        self, client: Client, http: httpx.AsyncClient
    ) -> None:
        spec = (await http.get("/openapi.json")).json()
        for path in ("/workflows", "/message-templates", "/workflows/validate"):
            body = spec["paths"][f"/api/v1{path}"]["post"]["requestBody"]["content"]["application/json"]["example"]
            response = await client.raw("POST", path, json=body)
            assert response.status_code in (200, 201), (path, response.text)

    def test_an_example_prefers_what_the_schema_says(self) -> None:
        schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"type": "null"}}}
        assert openapi.example(schema, {}) == {"a": 1}


class TestThePage:
    async def test_it_needs_nothing_from_elsewhere(self, http: httpx.AsyncClient) -> None:
        page = await http.get("/docs")
        assert page.status_code == 200 and "http" not in page.text.replace("<!doctype html>", "").replace(
            "http-equiv", ""
        )
        for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js"):
            assert (await http.get(f"/docs/{name}")).status_code == 200
        assert (await http.get("/docs/__init__.py")).status_code == 404


class TestHealth:
    async def test_it_names_each_peer(self, http: httpx.AsyncClient) -> None:
        body = (await http.get("/health")).json()
        peers = body["data"]["peers"]
        assert body["status"] == "success" and {"database", "redis", "temporal"} <= set(peers)
        assert all(peer["ok"] and peer["detail"] for peer in peers.values()), peers

    async def test_it_says_what_is_away(self, house: House) -> None:
        async def gone() -> None:
            raise Unavailable("Redis does not answer.")

        gateway = gateway_of(house, settings=GatewaySettings.load())
        gateway.probes = {"redis": gone}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(gateway)), base_url="http://x") as http:
            body = (await http.get("/health")).json()
        assert body["data"]["state"] == "degraded"
        assert body["data"]["peers"]["redis"] == {"ok": False, "detail": "Redis does not answer."}

    async def test_hosts_that_are_left_alone_are_counted_and_not_named(self, house: House) -> None:
        gateway = gateway_of(house, settings=GatewaySettings.load())
        gateway.circuits = lambda: {"shop.internal": "open", "mail.internal": "closed"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(gateway)), base_url="http://x") as http:
            response = await http.get("/health")
        outside = response.json()["data"]["peers"]["outside"]
        assert outside["breaker"] == "open" and outside["detail"].startswith("1 ")
        assert "shop.internal" not in response.text

    async def test_without_the_database_it_is_503(self, house: House) -> None:
        async def gone() -> None:
            raise Unavailable("The database does not answer.")

        gateway = gateway_of(house, settings=GatewaySettings.load())
        gateway.probes = {"database": gone}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(gateway)), base_url="http://x") as http:
            response = await http.get("/health")
        assert response.status_code == 503 and response.headers["retry-after"]
        assert "database" in response.json()["error"]["message"]

    async def test_metrics_count_requests_by_their_pattern(self, client: Client, app: FastAPI) -> None:
        await client.ask("GET", "/workflows")
        await client.ask("GET", "/workflows/nobody", status=404)
        text = (await client.http.get("/metrics")).text
        assert 'route="/api/v1/workflows"' in text and 'route="/api/v1/workflows/{workflow}"' in text
        assert "nobody" not in text
