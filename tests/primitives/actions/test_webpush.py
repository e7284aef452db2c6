"""Messages to a browser: a push service that checks who sends, and a browser that decrypts."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from flov7.kit.errors import StepFailed, StepRefused, StepUnreachable
from flov7.primitives.registry import registry
from tests.browser import Browser, checked_sender, text

Call = Any
Serve = Any
Reply = Any
Connection = Any

KEY = ec.generate_private_key(ec.SECP256R1())
RAW = text(KEY.private_numbers().private_value.to_bytes(32, "big"))
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def team(connection: Connection) -> Any:
    """A connection that may push."""
    config = {"from": "Shop <ops@shop.example>"}
    return connection("api", name="team", service="webpush", config=config, credential={"secret": RAW})


class TestAMessage:
    @pytest.mark.parametrize("secret", [RAW, PEM], ids=["base64url", "pem"])
    async def test_is_read_by_the_browser_that_it_is_for_and_says_who_sends(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection, context: Any, secret: str
    ) -> None:
        server = await serve(lambda seen: reply(201))
        browser = Browser(f"{server.url}/push/abc")
        team = connection(
            "api", name="team", service="webpush", config={"from": "ops@shop.example"}, credential={"secret": secret}
        )
        inputs = {
            "channel": "team", "title": "Shop", "text": "Order 7 failed — grüße", "level": "error",
            "to": browser.subscription, "buttons": [{"label": "Open", "url": "https://shop.example/7"}],
        }  # fmt: skip
        found = await call("action/notification", inputs, connections={"team": team})
        seen = server.seen[0]
        assert (seen.path, seen.headers["content-encoding"], seen.headers["urgency"]) == (
            "/push/abc",
            "aes128gcm",
            "high",
        )
        assert int(seen.headers["ttl"]) > 0
        told = browser.read(seen.body)
        assert (told["title"], told["body"]) == ("Shop", "Order 7 failed — grüße")
        assert told["actions"] == [{"action": "0", "title": "Open", "navigate": "https://shop.example/7"}]
        key, claims = checked_sender(seen.headers["authorization"], audience=server.url)
        assert claims["sub"] == "mailto:ops@shop.example"
        assert time.time() < claims["exp"] <= time.time() + 24 * 3600
        assert found == {"channel": "webpush", "delivered": [server.url.split("/")[2]], "status": None}
        checked = await registry().runner("connection", "api").check(context(connection=team))
        assert checked.ok and key in checked.message

    async def test_cannot_be_read_by_another_browser(self, call: Call, serve: Serve, reply: Reply, team: Any) -> None:
        server = await serve(lambda seen: reply(201))
        browser, other = Browser(server.url), Browser(server.url)
        await call("action/notification", {"channel": "team", "text": "x", "to": browser.subscription}, connection=team)
        with pytest.raises(Exception, match=r"[Dd]ecrypt|tag|MAC"):
            other.read(server.seen[0].body)

    async def test_that_is_long_is_cut_so_that_push_services_take_it(
        self, call: Call, serve: Serve, reply: Reply, team: Any
    ) -> None:
        server = await serve(lambda seen: reply(201))
        browser = Browser(server.url)
        inputs = {"channel": "team", "text": "€" * 9000, "to": browser.subscription}
        await call("action/notification", inputs, connection=team)
        assert len(server.seen[0].body) <= 4096
        body = browser.read(server.seen[0].body)["body"]
        assert body.endswith("…") and len(body) > 1000


class TestWhatGoesWrong:
    @pytest.mark.parametrize(
        ("status", "error", "code"),
        [
            (410, StepRefused, "notification.gone"), (404, StepRefused, "notification.gone"),
            (403, StepRefused, "step.refused"), (413, StepRefused, "step.refused"),
            (429, StepUnreachable, "step.unreachable"), (500, StepFailed, "step.failed"),
        ],
    )  # fmt: skip
    async def test_at_the_push_service_is_told(
        self, call: Call, serve: Serve, reply: Reply, team: Any, status: int, error: type, code: str
    ) -> None:
        server = await serve(lambda seen: reply(status))
        inputs = {"channel": "team", "text": "x", "to": Browser(server.url).subscription}
        with pytest.raises(StepFailed) as failed:
            await call("action/notification", inputs, connection=team)
        assert (type(failed.value), failed.value.error_code) == (error, code)
        assert failed.value.hint

    @pytest.mark.parametrize(
        ("to", "why"),
        [
            ("eve@shop.example", "no JSON"),
            ("{}", "no `endpoint` and `keys`"),
            (json.dumps({"endpoint": "x", "keys": {}}), "no `endpoint`"),
            (
                json.dumps({"endpoint": "https://a.example", "keys": {"p256dh": "!!", "auth": "AA"}}),
                "`p256dh` is not 65",
            ),
            (
                json.dumps(
                    {"endpoint": "https://a.example", "keys": {"p256dh": text(bytes(65)), "auth": text(bytes(16))}}
                ),
                "`p256dh` is none",
            ),
        ],
    )
    async def test_with_a_subscription_is_told(self, call: Call, team: Any, to: str, why: str) -> None:
        with pytest.raises(StepRefused, match=why) as refused:
            await call("action/notification", {"channel": "team", "text": "x", "to": to}, connection=team)
        assert "pushManager" in refused.value.hint

    @pytest.mark.parametrize(
        ("config", "secret", "why"),
        [
            ({"from": "ops@shop.example"}, "", "no key to sign with"),
            ({"from": "ops@shop.example"}, "nonsense!", "no key to sign with"),
            ({}, RAW, "does not say whom"),
        ],
        ids=["no key", "no good key", "nobody"],
    )
    async def test_with_the_connection_is_told_by_its_test(
        self, connection: Connection, context: Any, config: Any, secret: str, why: str
    ) -> None:
        team = connection("api", name="team", service="webpush", config=config, credential={"secret": secret})
        checked = await registry().runner("connection", "api").check(context(connection=team))
        assert not checked.ok and why in checked.message and checked.hint
