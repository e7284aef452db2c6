"""Webhooks: who gets in, what makes a run, what is answered."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from typing import Any

import httpx
import pytest

from flov7.gateway.app import create_app
from flov7.gateway.settings import GatewaySettings
from flov7.primitives.signing import signed
from flov7.wiring import House, gateway_of
from tests.gateway.conftest import Client, hook

ORDER = {"order": {"total": 4}}


async def send(client: Client, address: str, *, method: str = "POST", **more: Any) -> httpx.Response:
    """A delivery, without any key of ours."""
    return await client.http.request(method, address, **more)


async def runs(client: Client) -> list[dict[str, Any]]:
    """All runs of the workspace."""
    return (await client.ask("GET", "/executions"))["items"]


async def ended(client: Client, execution_id: str) -> dict[str, Any]:
    """The run, when it has ended."""
    for _ in range(200):
        run = await client.ask("GET", f"/executions/{execution_id}")
        if run["finished_at"]:
            return run
        await asyncio.sleep(0.02)
    raise AssertionError(run)


async def output(client: Client, response: httpx.Response) -> Any:
    """The output of the run that an answer names."""
    return (await ended(client, response.json()["data"]["execution_id"]))["output"]


class TestGettingIn:
    async def test_the_address_with_its_token_starts_a_run(self, client: Client) -> None:
        live = await client.live(hook("/in"))
        response = await send(client, live["address"], json=ORDER)
        assert response.status_code == 202
        assert response.json()["data"]["created"] and response.headers["location"]
        assert await output(client, response) == {"total": 5}

    async def test_without_or_with_another_token_there_is_nothing(self, client: Client) -> None:
        live = await client.live(hook("/guess"))
        bare = live["address"].rsplit("/", 1)[0]
        for address in (bare, f"{bare}/{'x' * 32}", bare.replace(client.slug, "nobody")):
            response = await send(client, address, json=ORDER)
            assert response.status_code == 404 and response.json()["error"]["code"] == "hook.unknown"
        assert await runs(client) == []

    async def test_another_method_is_not_served(self, client: Client) -> None:
        live = await client.live(hook("/put", method="PUT"))
        assert (await send(client, live["address"], json=ORDER)).status_code == 404
        assert (await send(client, live["address"], method="PUT", json=ORDER)).status_code == 202

    async def test_a_signature_is_checked(self, client: Client) -> None:
        key = "whsec_" + base64.b64encode(os.urandom(24)).decode()
        await client.ask(
            "POST",
            "/connections",
            json={"name": "shop", "service": "webhook", "credentials": {"signing_key": key}},
            status=201,
        )
        live = await client.live(hook("/signed", auth="signature", secret="shop"))
        body = b'{"order": {"total": 1}}'
        headers = {**signed(key, message_id="m1", body=body, at=int(time.time())), "content-type": "application/json"}
        assert (await send(client, live["address"], content=body, headers=headers)).status_code == 202
        wrong = await send(client, live["address"], content=b'{"order": {"total": 9}}', headers=headers)
        assert wrong.status_code == 401 and wrong.json()["error"]["code"] == "hook.unproven"
        old = {**signed(key, message_id="m2", body=body, at=int(time.time()) - 3600)}
        assert (await send(client, live["address"], content=body, headers=old)).status_code == 401
        garbled = {**headers, "webhook-signature": "nonsense"}
        assert (await send(client, live["address"], content=body, headers=garbled)).status_code == 401
        assert len(await runs(client)) == 1

    async def test_a_token_and_basic_are_checked(self, client: Client) -> None:
        for name, credentials in (("tok", {"token": "s3cret-token"}),):
            await client.ask(
                "POST",
                "/connections",
                json={"name": name, "service": "webhook", "credentials": credentials},
                status=201,
            )
        basic = {
            "name": "pair",
            "service": "api",
            "credentials": {"type": "basic", "username": "u", "password": "p4ss"},
        }
        await client.ask("POST", "/connections", json=basic, status=201)
        token = await client.live(hook("/tok", auth="token", secret="tok"))
        pair = await client.live(hook("/pair", auth="basic", secret="pair"))
        assert (await send(client, token["address"], json=ORDER)).status_code == 401
        wrong = {"authorization": "Bearer nope"}
        assert (await send(client, token["address"], json=ORDER, headers=wrong)).status_code == 401
        right = {"authorization": "Bearer s3cret-token"}
        assert (await send(client, token["address"], json=ORDER, headers=right)).status_code == 202
        assert (await client.http.post(pair["address"], json=ORDER, auth=("u", "wrong"))).status_code == 401
        assert (await client.http.post(pair["address"], json=ORDER, auth=("u", "p4ss"))).status_code == 202

    async def test_a_rotated_secret_counts_at_once(self, client: Client) -> None:
        made = {"name": "tok", "service": "webhook", "credentials": {"token": "old-old-old"}}
        await client.ask("POST", "/connections", json=made, status=201)
        live = await client.live(hook("/rot", auth="token", secret="tok"))
        old, new = ({"authorization": f"Bearer {one}"} for one in ("old-old-old", "new-new-new"))
        assert (await send(client, live["address"], json=ORDER, headers=old)).status_code == 202
        await client.ask("POST", "/connections/tok/rotate", json={"credentials": {"token": "new-new-new"}})
        assert (await send(client, live["address"], json=ORDER, headers=old)).status_code == 401
        assert (await send(client, live["address"], json=ORDER, headers=new)).status_code == 202

    async def test_what_proves_the_sender_is_not_in_the_run(self, client: Client) -> None:
        document = {**hook("/seen"), "output": {"headers": "{{ trigger.headers }}"}}
        live = await client.live(document)
        headers = {"authorization": "Bearer hush", "cookie": "a=b", "x-shop": "acme"}
        seen = (await output(client, await send(client, live["address"], json=ORDER, headers=headers)))["headers"]
        assert seen["x-shop"] == "acme"
        assert "authorization" not in seen and "cookie" not in seen


class TestPausing:
    async def test_a_paused_one_asks_to_come_again_and_a_deactivated_one_is_gone(self, client: Client) -> None:
        live = await client.live(hook("/paused"))
        await client.ask("POST", f"/workflows/{live['id']}/pause")
        paused = await send(client, live["address"], json=ORDER)
        assert paused.status_code == 503 and paused.json()["error"]["code"] == "workflow.paused"
        assert int(paused.headers["retry-after"]) >= 1
        await client.ask("POST", f"/workflows/{live['id']}/unpause")
        assert (await send(client, live["address"], json=ORDER)).status_code == 202
        await client.ask("POST", f"/workflows/{live['id']}/deactivate")
        assert (await send(client, live["address"], json=ORDER)).status_code == 404

    async def test_a_new_version_counts_from_its_activation_on(self, client: Client) -> None:
        live = await client.live(hook("/versions", respond="result"))
        assert (await send(client, live["address"], json=ORDER)).json() == {"total": 5}
        document = {**hook("/versions", respond="result"), "output": {"total": "{{ total + 100 }}"}}
        await client.ask("PUT", f"/workflows/{live['id']}", json={"document": document})
        assert (await send(client, live["address"], json=ORDER)).json() == {"total": 5}
        await client.ask("POST", f"/workflows/{live['id']}/activate")
        assert (await send(client, live["address"], json=ORDER)).json() == {"total": 104}


class TestSeveralGateways:
    async def test_what_one_changes_the_others_know_soon(self, client: Client, house: House) -> None:
        other = create_app(gateway_of(house, settings=GatewaySettings.load(hook_cache_seconds=3600)))
        transport = httpx.ASGITransport(other)
        async with (
            other.router.lifespan_context(other),
            httpx.AsyncClient(transport=transport, base_url="http://gateway") as http,
        ):
            live = await client.live(hook("/shared", respond="result"))
            assert (await http.post(live["address"], json=ORDER)).json() == {"total": 5}
            await client.ask("POST", f"/workflows/{live['id']}/deactivate")
            async with asyncio.timeout(5):
                while (await http.post(live["address"], json=ORDER)).status_code != 404:
                    await asyncio.sleep(0.05)


class TestBodies:
    @pytest.mark.parametrize(
        ("sent", "status", "code"),
        [
            ({"content": b"{no json", "headers": {"content-type": "application/json"}}, 400, "json.invalid"),
            ({"content": b"x" * 3000, "headers": {"content-type": "text/plain"}}, 413, "request.too_large"),
            ({"content": b"\x1f\x8b", "headers": {"content-type": "application/json", "content-encoding": "gzip"}}, 415, "request.unsupported"),
            ({"content": b"\xff\xfe", "headers": {"content-type": "text/plain"}}, 400, "text.invalid"),
            ({"json": {"order": "none"}}, 422, "payload.invalid"),
        ],
    )  # fmt: skip
    async def test_what_cannot_be_taken_is_refused_with_the_reason_and_no_run(
        self, client: Client, gateway: Any, sent: dict[str, Any], status: int, code: str
    ) -> None:
        schema = {"type": "object", "properties": {"order": {"type": "object"}}}
        live = await client.live({**hook("/bodies", max_body=2000), "inputs": schema})
        response = await send(client, live["address"], **sent)
        assert response.status_code == status
        error = response.json()["error"]
        assert error["code"] == code and error["hint"]
        assert await runs(client) == []
        await gateway.turned_away.flush()
        assert (await client.ask("GET", f"/workflows/{live['id']}"))["turned_away"] == {f"arrived: {code}": 1}

    @pytest.mark.parametrize(
        ("sent", "payload"),
        [
            ({"json": {"a": [1]}}, {"a": [1]}),
            ({"data": {"a": "1", "b": ["x", "y"]}}, {"a": "1", "b": ["x", "y"]}),
            ({"content": b"plain words", "headers": {"content-type": "text/plain"}}, "plain words"),
            ({"content": b"<a/>", "headers": {"content-type": "application/xml"}}, "<a/>"),
            ({"params": {"q": "1"}}, {"q": "1"}),
            ({"content": b'{"a":1}'}, {"a": 1}),
        ],
    )
    async def test_json_forms_text_and_queries_are_payloads(self, client: Client, sent: Any, payload: Any) -> None:
        document = {**hook("/kinds"), "output": {"got": "{{ trigger.payload }}"}}
        document["primitives"][1] = {"type": "data", "kind": "mapping", "name": "took", "mapping": {"trigger.id": "id"}}
        live = await client.live(document)
        response = await send(client, live["address"], **sent)
        assert await output(client, response) == {"got": payload}

    async def test_too_many_in_a_minute_are_refused(self, client: Client) -> None:
        live = await client.live(hook("/many", per_minute=2))
        statuses = [(await send(client, live["address"], json=ORDER)).status_code for _ in range(4)]
        if statuses[2] == 202:  # a minute ended between them
            statuses = [(await send(client, live["address"], json=ORDER)).status_code for _ in range(4)]
        assert statuses[-1] == 429


class TestOneEventOneRun:
    async def test_three_deliveries_with_an_id_are_one_run(self, client: Client) -> None:
        live = await client.live(hook("/ids"))
        headers = {"webhook-id": "evt_1"}
        answers = [(await send(client, live["address"], json=ORDER, headers=headers)).json()["data"]]
        await ended(client, answers[0]["execution_id"])
        answers += [(await send(client, live["address"], json=ORDER, headers=headers)).json()["data"] for _ in range(2)]
        assert len({one["execution_id"] for one in answers}) == 1
        assert [one["created"] for one in answers] == [True, False, False]
        assert answers[2]["status"] == "succeeded", "the status that the run has by now"

    async def test_three_at_the_same_moment_are_one_run_too(self, client: Client) -> None:
        live = await client.live(hook("/race", respond="result"))
        headers = {"idempotency-key": "evt_2"}
        answers = await asyncio.gather(*(send(client, live["address"], json=ORDER, headers=headers) for _ in range(3)))
        assert [one.json() for one in answers] == [{"total": 5}] * 3
        assert len(await runs(client)) == 1

    async def test_three_equal_bodies_without_an_id_are_three_runs(self, client: Client) -> None:
        live = await client.live(hook("/honest"))
        answers = [(await send(client, live["address"], json=ORDER)).json()["data"] for _ in range(3)]
        assert len({one["execution_id"] for one in answers}) == 3

    async def test_the_trigger_can_say_where_the_id_is(self, client: Client) -> None:
        live = await client.live(hook("/where", event_id="order.id"))
        one, two = {"order": {"id": "o1", "total": 1}}, {"order": {"id": "o2", "total": 1}}
        ids = [
            (await send(client, live["address"], json=body)).json()["data"]["execution_id"] for body in (one, two, one)
        ]
        assert ids[0] == ids[2] != ids[1]

    async def test_within_a_digest_window_equal_bodies_are_one_event(self, client: Client) -> None:
        live = await client.live(hook("/digest", digest="5m"))
        ids = [
            (await send(client, live["address"], json=body)).json()["data"]["execution_id"]
            for body in (ORDER, ORDER, {"order": {"total": 5}})
        ]
        assert ids[0] == ids[1] != ids[2]

    async def test_when_turns_away_with_a_sentence(self, client: Client) -> None:
        document = hook("/when")
        document["primitives"][0]["when"] = "order.total > 100"
        live = await client.live(document)
        response = await send(client, live["address"], json=ORDER)
        assert response.status_code == 200 and "when" in response.json()["data"]["reason"]
        assert await runs(client) == []


class TestWaiting:
    async def test_the_output_is_the_body(self, client: Client) -> None:
        live = await client.live(hook("/result", respond="result"))
        response = await send(client, live["address"], json=ORDER)
        assert (response.status_code, response.json()) == (200, {"total": 5})
        assert response.headers["flov7-run-status"] == "succeeded"

    async def test_a_failed_run_is_an_error_with_its_reason(self, client: Client) -> None:
        document = {**hook("/fails", respond="result"), "output": {"total": "{{ total.nope / 0 }}"}}
        live = await client.live(document)
        response = await send(client, live["address"], json=ORDER)
        assert response.status_code == 500
        error = response.json()["error"]
        assert error["code"] == "run.failed" and error["message"] and error["details"]["execution_id"]

    async def test_what_takes_too_long_is_202_with_the_address(self, client: Client) -> None:
        document = hook("/slow", mode="durable", respond="result", respond_timeout="200ms")
        wait = {"type": "action", "kind": "wait", "name": "nap", "config": {"for": "time", "duration": "1h"}}
        document["primitives"].append(wait)
        live = await client.live(document)
        began = time.monotonic()
        response = await send(client, live["address"], json=ORDER)
        assert response.status_code == 202 and time.monotonic() - began < 5
        await client.ask("POST", f"{response.headers['location'].removeprefix('/api/v1')}/cancel")
