"""Telling people by webhook: what is sent, signed how, and which channel is meant."""

from __future__ import annotations

from typing import Any

import pytest
from standardwebhooks import Webhook

from flov7.kit.errors import StepFailed, StepRefused, StepUnreachable
from flov7.primitives.actions.notification.note import style_of

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


BUTTON = {"label": "Open the order", "url": "https://shop.example/7"}


class TestAWebhookOfAChat:
    @pytest.mark.parametrize(
        ("style", "expected"),
        [
            ("slack", {"text": "Shop\nOrder 7", "blocks": [
                {"type": "section", "text": {"type": "mrkdwn", "text": "*Shop*\nOrder 7"}},
                {"type": "actions", "elements": [
                    {"type": "button", "text": {"type": "plain_text", "text": "Open the order"}, "url": BUTTON["url"]}
                ]},
            ]}),
            ("discord", {"content": "Shop\nOrder 7\nOpen the order: https://shop.example/7",
                         "allowed_mentions": {"parse": []}}),
        ],
    )  # fmt: skip
    async def test_gets_the_form_that_its_makers_ask_for(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection, style: str, expected: dict[str, Any]
    ) -> None:
        server = await serve(lambda seen: reply(200, "ok"))
        ops = connection("webhook", name="ops", config={"url": server.url, "style": style})
        inputs = {"channel": "ops", "text": "Order 7", "title": "Shop", "buttons": [BUTTON]}
        await call("action/notification", inputs, connection=ops)
        assert server.seen[0].json == expected

    async def test_of_teams_is_an_adaptive_card(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        server = await serve(lambda seen: reply(202))
        ops = connection("webhook", name="ops", config={"url": server.url, "style": "teams"})
        await call("action/notification", {"channel": "ops", "text": "Hi", "buttons": [BUTTON]}, connection=ops)
        card = server.seen[0].json["attachments"][0]
        assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert card["content"]["body"] == [{"type": "TextBlock", "text": "Hi", "wrap": True}]
        assert card["content"]["actions"] == [
            {"type": "Action.OpenUrl", "title": BUTTON["label"], "url": BUTTON["url"]}
        ]

    def test_is_known_by_its_host(self) -> None:
        hosts = {
            "https://hooks.slack.com/services/T/B/x": "slack",
            "https://discord.com/api/webhooks/1/x": "discord",
            "https://acme.webhook.office.com/webhookb2/x": "teams",
            "https://prod-1.westeurope.logic.azure.com/workflows/x": "teams",
            "https://hooks.slack.com.evil.example/x": "plain",
        }
        assert {url: style_of(url, None) for url in hosts} == hosts


class TestAChat:
    async def test_slack_gets_a_message_by_its_connector(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        server = await serve(lambda seen: reply(200, {"ok": True}))
        slack = connection(
            "slack", name="team", service="slack", config={"base_url": server.url}, credential={"access_token": "t"}
        )
        found = await call("action/notification", {"channel": "team", "to": "C1", "text": "Hi"}, connection=slack)
        seen = server.seen[0]
        assert (seen.path, seen.headers["authorization"], seen.json) == (
            "/chat.postMessage", "Bearer t", {"channel": "C1", "text": "Hi"},
        )  # fmt: skip
        assert found == {"channel": "slack", "delivered": ["C1"], "status": None}

    async def test_that_refuses_under_200_is_an_error(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        server = await serve(lambda seen: reply(200, {"ok": False, "error": "channel_not_found"}))
        slack = connection(
            "slack", name="team", service="slack", config={"base_url": server.url}, credential={"access_token": "t"}
        )
        with pytest.raises(StepRefused, match="channel_not_found"):
            await call("action/notification", {"channel": "team", "to": "C1", "text": "Hi"}, connection=slack)

    async def test_without_a_receiver_is_explained(self, call: Call, connection: Connection) -> None:
        slack = connection("slack", name="team", service="slack", credential={"access_token": "t"})
        with pytest.raises(StepRefused, match="nobody to send it to"):
            await call("action/notification", {"channel": "team", "text": "Hi"}, connection=slack)


class TestATextMessage:
    @pytest.mark.parametrize(
        ("service", "path", "content_type", "body"),
        [
            ("twilio", "/2010-04-01/Accounts/AC1/Messages.json", "application/x-www-form-urlencoded",
             b"From=%2B15550001111&To=%2B4915112345678&Body=Hi"),
            ("plivo", "/v1/Account/AC1/Message/", "application/json",
             b'{"src":"+15550001111","dst":"4915112345678","text":"Hi"}'),
            ("vonage", "/sms/json", "application/x-www-form-urlencoded",
             b"api_key=AC1&api_secret=t&from=%2B15550001111&to=4915112345678&text=Hi"),
        ],
    )  # fmt: skip
    async def test_is_sent_as_the_provider_says(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection,
        service: str, path: str, content_type: str, body: bytes,
    ) -> None:  # fmt: skip
        answers = {
            "twilio": {"sid": "SM1", "status": "queued"},
            "plivo": {"message_uuid": ["m1"]},
            "vonage": {"messages": [{"status": "0"}]},
        }
        server = await serve(lambda seen: reply(200, answers[service]))
        provider = self._provider(connection, service, server.url)
        found = await call(
            "action/notification", {"channel": "sms", "to": "+49 151 1234-5678", "text": "Hi"}, connection=provider
        )
        seen = server.seen[0]
        assert (seen.path, seen.headers["content-type"], seen.body) == (path, content_type, body)
        assert found["channel"] == service

    async def test_that_vonage_refuses_under_200_is_an_error(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        server = await serve(lambda seen: reply(200, {"messages": [{"status": "9", "error-text": "Quota exceeded"}]}))
        provider = self._provider(connection, "vonage", server.url)
        with pytest.raises(StepRefused, match="Quota exceeded"):
            await call(
                "action/notification", {"channel": "sms", "to": "+4915112345678", "text": "x"}, connection=provider
            )

    @pytest.mark.parametrize("to", ["0151 1234", "ops", "+49"])
    async def test_to_no_number_is_explained(self, call: Call, connection: Connection, to: str) -> None:
        provider = self._provider(connection, "twilio", "https://api.twilio.com")
        with pytest.raises(StepRefused, match="no telephone number"):
            await call("action/notification", {"channel": "sms", "to": to, "text": "x"}, connection=provider)

    def _provider(self, connection: Connection, service: str, base: str) -> Any:
        return connection(
            "api",
            name="sms",
            service=service,
            config={"from": "+15550001111", "base_url": base},
            credential={"username": "AC1", "password": "t"},
        )
