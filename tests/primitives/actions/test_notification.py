"""Telling people by webhook: what is sent, signed how, and which channel is meant."""

from __future__ import annotations

from typing import Any

import pytest
from standardwebhooks import Webhook

from flov7.kit.errors import StepFailed, StepRefused, StepUnreachable

Call = Any
Serve = Any
Reply = Any
Connection = Any
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class TestAWebhook:
    async def test_gets_text_title_level_and_run(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200))
        inputs = {"to": server.url, "text": "Order 7 failed", "title": "Shop", "level": "error", "fields": {"order": 7}}
        found = await call("action/notification", inputs, idempotency_key="k")
        assert server.seen[0].json == {
            "order": 7, "text": "Shop\nOrder 7 failed", "title": "Shop", "level": "error", "run": "run-1"
        }  # fmt: skip
        assert server.seen[0].headers["idempotency-key"] == "k"
        assert found == {"channel": "webhook", "delivered": [server.url.split("/")[2]], "status": 200}

    async def test_of_a_connection_is_signed_by_standard_webhooks(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        server = await serve(lambda seen: reply(204))
        secret = {"url": f"{server.url}/secret-path", "signing_key": KEY}
        ops = connection("webhook", name="ops", credential=secret)
        found = await call("action/notification", {"channel": "ops", "text": "x"}, connections={"ops": ops})
        seen = server.seen[0]
        assert Webhook(KEY).verify(seen.body, seen.headers)["text"] == "x"
        assert "secret-path" not in str(found)

    async def test_has_the_same_message_id_when_it_is_repeated(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        server = await serve(lambda seen: reply(200))
        ops = connection("webhook", name="ops", config={"url": server.url}, credential={"signing_key": KEY})
        for key in ("a", "a", "b"):
            await call("action/notification", {"channel": "ops", "text": "x"}, connection=ops, idempotency_key=key)
        assert [seen.headers["webhook-id"] for seen in server.seen] == ["msg_a", "msg_a", "msg_b"]

    @pytest.mark.parametrize(("status", "error"), [(400, StepRefused), (429, StepUnreachable), (500, StepFailed)])
    async def test_that_says_no_is_an_error(
        self, call: Call, serve: Serve, reply: Reply, status: int, error: type
    ) -> None:
        server = await serve(lambda seen: reply(status, "no"))
        with pytest.raises(StepFailed) as failed:
            await call("action/notification", {"to": server.url, "text": "x"})
        assert type(failed.value) is error


class TestTheChannel:
    @pytest.mark.parametrize(
        ("inputs", "said"),
        [
            ({"channel": "ops", "text": "x"}, "no channel `ops`"),
            ({"channel": "webhook", "text": "x"}, "no address to send to"),
            ({"channel": "webhook", "to": "ops", "text": "x"}, "no address to send to"),
            ({"channel": "email", "to": "a@b.c", "text": "x"}, "no mail server"),
        ],
    )
    async def test_that_leads_nowhere_is_explained(self, call: Call, inputs: dict[str, Any], said: str) -> None:
        with pytest.raises(StepRefused, match=said) as refused:
            await call("action/notification", inputs)
        assert refused.value.hint

    async def test_with_a_bad_key_is_explained(self, call: Call, connection: Connection) -> None:
        ops = connection(
            "webhook", name="ops", config={"url": "https://x.example"}, credential={"signing_key": "secret!"}
        )
        with pytest.raises(StepRefused, match="no Standard Webhooks key"):
            await call("action/notification", {"channel": "ops", "text": "x"}, connection=ops)
