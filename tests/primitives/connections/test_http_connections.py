"""Testing a connection says what is wrong and how to mend it, and never shows the secret."""

from __future__ import annotations

from typing import Any

import pytest

from flov7.primitives.declare import ConnectionValue
from flov7.primitives.registry import registry

Serve = Any
Reply = Any
Make = Any


async def check(context: Make, found: ConnectionValue) -> Any:
    return await registry().runner("connection", found.kind).check(context(connection=found))


class TestAnApi:
    @pytest.mark.parametrize(
        ("status", "ok", "said"),
        [
            (200, True, "answers 200"),
            (404, False, "nothing at `me`"),
            (401, False, "secret is not taken"),
            (403, False, "secret is not taken"),
            (503, False, "trouble of its own"),
        ],
    )
    async def test_is_asked_with_its_secret(
        self, context: Make, connection: Make, serve: Serve, reply: Reply, status: int, ok: bool, said: str
    ) -> None:
        server = await serve(lambda seen: reply(status))
        config = {"base_url": f"{server.url}/v1", "test_path": "me"}
        found = await check(context, connection("api", config=config, credential={"token": "s3cret"}))
        assert (found.ok, said in found.message) == (ok, True)
        assert (server.seen[0].path, server.seen[0].headers["authorization"]) == ("/v1/me", "Bearer s3cret")
        assert ok or found.hint
        assert "s3cret" not in found.message + found.hint

    @pytest.mark.parametrize(
        ("config", "credential", "said"),
        [
            ({}, {}, "no `base_url`"),
            ({"base_url": "http://127.0.0.1:1"}, {}, "does not answer"),
            ({"base_url": "http://10.0.0.1"}, {}, "may not reach it"),
            ({"base_url": "https://x.example"}, {"type": "basic"}, "no `username`"),
        ],
    )
    async def test_that_cannot_be_asked_says_why(
        self, context: Make, connection: Make, config: Any, credential: Any, said: str
    ) -> None:
        found = await check(context, connection("api", config=config, credential=credential))
        assert not found.ok
        assert said in found.message
        assert found.hint


class TestAnApiKey:
    async def test_is_sent_as_the_service_wants_it(
        self, context: Make, connection: Make, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(200))
        config = {"base_url": server.url, "header": "X-Key", "prefix": "Token"}
        found = await check(context, connection("api_key", config=config, credential={"key": "k"}))
        assert found.ok
        assert server.seen[0].headers["x-key"] == "Token k"


class TestAWebhook:
    async def test_is_reached_and_nothing_is_sent(self, context: Make, connection: Make, serve: Serve) -> None:
        server = await serve(lambda seen: b"")
        found = await check(context, connection("webhook", credential={"url": f"{server.url}/secret"}))
        assert found.ok
        assert server.seen == []
        assert "secret" not in found.message

    @pytest.mark.parametrize(
        ("credential", "ok", "said"),
        [
            ({}, True, "has no address"),
            ({"signing_key": "not a key"}, False, "no Standard Webhooks key"),
            ({"url": "http://127.0.0.1:1/"}, False, "does not answer"),
            ({"url": "http://192.168.0.1/"}, False, "may not reach it"),
        ],
    )
    async def test_says_what_is_wrong(
        self, context: Make, connection: Make, credential: Any, ok: bool, said: str
    ) -> None:
        found = await check(context, connection("webhook", credential=credential))
        assert (found.ok, said in found.message) == (ok, True)


class TestWhatIsPrinted:
    def test_of_a_connection_is_never_its_secret(self, connection: Make) -> None:
        assert "s3cret" not in repr(connection("api", credential={"token": "s3cret"}))

    @pytest.mark.parametrize("kind", ["api", "api_key", "webhook", "database"])
    def test_each_kind_has_the_shape_of_its_secret(self, kind: str) -> None:
        spec = registry().catalogue().get("connection", kind)
        assert spec is not None
        assert spec.credentials["properties"]
        assert spec.fields == ("service", "credentials")
