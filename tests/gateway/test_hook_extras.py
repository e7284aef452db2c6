"""Webhooks: parts of paths, several methods, proofs, bodies that are files, answers by a step, pages with forms."""

from __future__ import annotations

import asyncio
import os
import re
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from flov7.store import blobs
from flov7.wiring import House
from tests.gateway.conftest import Client


def hook(
    url: str, *, mode: str = "express", steps: list[dict[str, Any]] | None = None, **config: Any
) -> dict[str, Any]:
    """A document that gives back what came."""
    config = {"respond": "result", **config}
    return {
        "name": "hooked",
        "mode": mode,
        "primitives": [
            {"type": "trigger", "kind": "webhook", "name": "arrived", "config": {"url": url, **config}},
            *(steps or [{"type": "data", "kind": "mapping", "name": "took", "mapping": {"trigger": "all"}}]),
        ],
        "output": {
            "payload": "{{ trigger.payload }}", "params": "{{ trigger.params }}",
            "claims": "{{ trigger.headers['jwt-claims'] }}",
        },
    }  # fmt: skip


async def secret(client: Client, **credentials: Any) -> str:
    """A stored secret; its name."""
    name = f"s_{os.urandom(4).hex()}"
    body = {"name": name, "service": "webhook", "credentials": credentials}
    await client.ask("POST", "/connections", json=body, status=201)
    return name


class TestPaths:
    async def test_named_parts_are_params_and_the_plainest_path_wins(self, client: Client) -> None:
        named = await client.live(hook("/orders/{id}/lines/{line}"))
        address = named["address"].replace("{id}", "7%208").replace("{line}", "x")
        assert (await client.http.post(address, json={})).json()["params"] == {"id": "7 8", "line": "x"}
        name = await secret(client, token="t0ken-t0ken")
        plain = {"auth": "token", "secret": name}
        await client.live(hook("/shop/{id}", **plain))
        special = hook("/shop/new", **plain)
        special["output"] = {"params": "special"}
        await client.live(special)
        key = {"authorization": "Bearer t0ken-t0ken"}
        base = f"http://gateway/hooks/{client.slug}/shop"
        assert (await client.http.post(f"{base}/9", json={}, headers=key)).json()["params"] == {"id": "9"}
        assert (await client.http.post(f"{base}/new", json={}, headers=key)).json()["params"] == "special"
        assert (await client.http.post(f"{base}/9/more", json={}, headers=key)).status_code == 404

    async def test_two_that_nobody_could_tell_apart_are_refused(self, client: Client) -> None:
        await client.live(hook("/o/{id}"))
        made = await client.create(hook("/o/{number}"))
        error = await client.ask("POST", f"/workflows/{made['id']}/activate", status=409)
        assert error["code"] == "hook.taken"

    async def test_several_methods_have_one_address(self, client: Client) -> None:
        live = await client.live(hook("/many", methods=["PUT", "PATCH"]))
        assert live["live"]["triggers"][0]["method"] == "PUT, PATCH"
        assert (await client.http.put(live["address"], json={"a": 1})).json()["payload"] == {"a": 1}
        assert (await client.http.patch(live["address"], json={"a": 2})).json()["payload"] == {"a": 2}
        assert (await client.http.post(live["address"], json={})).status_code == 404


class TestProofs:
    async def test_a_header_is_compared(self, client: Client) -> None:
        name = await secret(client, token="hush-hush-hush")
        live = await client.live(hook("/header", auth="header", header="X-Shop-Key", secret=name))
        for headers, status in (({}, 401), ({"x-shop-key": "no"}, 401), ({"x-shop-key": "hush-hush-hush"}, 200)):
            assert (await client.http.post(live["address"], json={}, headers=headers)).status_code == status

    async def test_a_signed_token_is_checked_and_its_claims_are_known(self, client: Client) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        public = private.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
        name = await secret(client, token=public)
        wanted = {"algorithms": ["ES256"], "issuer": "shop", "audience": "flov7"}
        live = await client.live(hook("/jwt", auth="jwt", secret=name, jwt=wanted))
        claims = {"iss": "shop", "aud": "flov7", "sub": "ann", "exp": int(time.time()) + 60}
        table: list[tuple[dict[str, Any], Any, str, int]] = [
            (claims, private, "ES256", 200),
            ({**claims, "iss": "other"}, private, "ES256", 401),
            ({**claims, "aud": "other"}, private, "ES256", 401),
            ({**claims, "exp": int(time.time()) - 3600}, private, "ES256", 401),
            (claims, ec.generate_private_key(ec.SECP256R1()), "ES256", 401),
            (claims, "a-shared-secret-that-is-long-enough", "HS256", 401),
        ]
        for body, key, algorithm, status in table:
            headers = {"authorization": f"Bearer {jwt.encode(body, key, algorithm=algorithm)}"}
            response = await client.http.post(live["address"], json={}, headers=headers)
            assert response.status_code == status, (body, response.text)
        assert (
            await client.http.post(live["address"], json={}, headers={"authorization": "Bearer x"})
        ).status_code == 401
        headers = {"authorization": f"Bearer {jwt.encode(claims, private, algorithm='ES256')}", "jwt-claims": "forged"}
        seen = (await client.http.post(live["address"], json={}, headers=headers)).json()["claims"]
        assert '"sub":"ann"' in seen


class TestBodies:
    async def test_anything_is_a_file_by_reference(self, client: Client, house: House) -> None:
        live = await client.live(hook("/file"))
        body = bytes(range(256)) * 3
        headers = {"content-type": "image/png", "content-disposition": 'attachment; filename="a.png"'}
        file = (await client.http.post(live["address"], content=body, headers=headers)).json()["payload"]
        assert (file["name"], file["media_type"], file["size"]) == ("a.png", "image/png", 768)
        async with house.database.workspace(client.workspace_id) as scope:
            assert await blobs.get(scope, file["file"]) == body

    async def test_uploads_are_fields_and_files(self, client: Client, house: House) -> None:
        live = await client.live(hook("/upload"))
        body = b"\x00\r\n\n\r--x\xff" * 9
        sent = await client.http.post(
            live["address"], data={"who": "Zoë", "tag": ["a", "b"]}, files={"doc": ("d.bin", body, "application/x-d")}
        )
        payload = sent.json()["payload"]
        assert (payload["who"], payload["tag"], payload["doc"]["name"]) == ("Zoë", ["a", "b"], "d.bin")
        async with house.database.workspace(client.workspace_id) as scope:
            assert await blobs.get(scope, payload["doc"]["file"]) == body

    async def test_raw_is_the_body_as_it_came(self, client: Client) -> None:
        live = await client.live(hook("/raw", body="raw"))
        response = await client.http.post(
            live["address"], content=b'{"a":  1}', headers={"content-type": "application/json"}
        )
        payload = response.json()["payload"]
        assert (
            payload["text"] == '{"a":  1}'
            and payload["media_type"] == "application/json"
            and payload["file"]["size"] == 9
        )

    @pytest.mark.parametrize(
        ("content", "kind", "status"),
        [
            (b"--x\r\nno form", "multipart/form-data", 400),
            (b"nothing", "multipart/form-data; boundary=x", 400),
            (b"{", "application/json", 400),
            (b"\xff", "text/plain", 400),
            (b"x" * 200_001, "image/png", 413),
        ],
    )
    async def test_what_cannot_be_read_is_refused_and_makes_no_run(
        self, client: Client, content: bytes, kind: str, status: int
    ) -> None:
        live = await client.live(hook("/bad"))
        response = await client.http.post(live["address"], content=content, headers={"content-type": kind})
        assert response.status_code == status, response.text
        assert (await client.ask("GET", "/executions"))["items"] == []


class TestAnswers:
    async def test_a_step_answers_before_the_run_has_ended(self, client: Client) -> None:
        steps = [
            {"type": "data", "kind": "mapping", "name": "reply", "mapping": {"order": "got"}},
            {"type": "action", "kind": "wait", "name": "later", "config": {"for": "time", "duration": "1h"}},
        ]
        live = await client.live(hook("/step", mode="durable", steps=steps, respond="step", respond_with="reply"))
        began = time.monotonic()
        response = await client.http.post(live["address"], json={"order": 7})
        assert (response.status_code, response.json()) == (200, {"got": 7})
        assert time.monotonic() - began < 10
        run = await client.ask("GET", f"/executions/{response.headers['flov7-run']}")
        assert run["finished_at"] is None

    async def test_a_step_of_an_express_run_answers_too(self, client: Client) -> None:
        steps = [{"type": "data", "kind": "mapping", "name": "reply", "mapping": {"order": "got"}}]
        live = await client.live(hook("/quick", steps=steps, respond="step", respond_with="reply"))
        assert (await client.http.post(live["address"], json={"order": 7})).json() == {"got": 7}

    async def test_an_output_with_a_status_is_the_whole_answer(self, client: Client) -> None:
        document = hook("/whole")
        headers = {"Content-Type": "text/html", "X-Shop": "acme", "Set-Cookie": "a=b"}
        document["output"] = {"status": 201, "headers": headers, "body": "<b>{{ trigger.payload.n }}</b>"}
        live = await client.live(document)
        response = await client.http.post(live["address"], json={"n": 5})
        assert (response.status_code, response.text, response.headers["x-shop"]) == (201, "<b>5</b>", "acme")
        assert response.headers["content-type"].startswith("text/html") and "set-cookie" not in response.headers
        assert "sandbox" in response.headers["content-security-policy"]

    async def test_a_step_that_is_not_reached_is_said(self, client: Client) -> None:
        steps = [
            {"type": "condition", "kind": "filter", "name": "big", "logic": "n > 5"},
            {"type": "data", "kind": "mapping", "name": "reply", "mapping": {"n": "got"}},
        ]
        live = await client.live(hook("/not", steps=steps, respond="step", respond_with="reply"))
        assert (await client.http.post(live["address"], json={"n": 1})).status_code == 202
        assert (await client.http.post(live["address"], json={"n": 9})).json() == {"got": 9}


ORDER = ["email", "amount", "size", "news", "days", "words", "paper"]
FIELDS: dict[str, Any] = {
    "type": "object",
    "required": ["email", "amount"],
    "properties": {
        "email": {"type": "string", "format": "email", "title": "Your address", "description": "We answer there."},
        "amount": {"type": "integer", "minimum": 1},
        "size": {"type": "string", "enum": ["S", "L"]},
        "news": {"type": "boolean"},
        "days": {"type": "array", "items": {"enum": ["mon", "tue"]}},
        "words": {"type": "string", "format": "textarea"},
        "paper": {"format": "binary"},
    },
}


class TestForms:
    async def test_the_page_asks_for_what_the_schema_says_and_starts_the_run(self, client: Client) -> None:
        live = await client.live(
            hook("/form", respond="at_once", form={"title": "Order <now>", "fields": FIELDS, "order": ORDER})
        )
        page = await client.http.get(live["address"])
        assert page.status_code == 200 and "Order &lt;now&gt;" in page.text and "<script" not in page.text
        labels = re.findall(r'<label for="f-(\w+)">', page.text)
        assert labels == ["email", "amount", "size", "words", "paper"]
        assert 'aria-describedby="f-email-h"' in page.text and 'type="file"' in page.text
        once = re.search(r'name="_once" value="([^"]+)"', page.text)
        assert once is not None
        sent = {
            "email": "a@example.com",
            "amount": "3",
            "days": ["mon", "tue"],
            "words": "",
            "size": "L",
            "_once": once[1],
        }
        for _ in range(2):  # pressed twice
            done = await client.http.post(
                live["address"], data=sent, files={"paper": ("p.pdf", b"%PDF", "application/pdf")}
            )
            assert done.status_code == 200 and "Thank you." in done.text
        runs = await _ended(client)
        assert len(runs) == 1
        payload = (await client.ask("GET", f"/executions/{runs[0]['id']}"))["output"]["payload"]
        assert payload.pop("paper")["name"] == "p.pdf"
        assert payload == {"email": "a@example.com", "amount": 3, "size": "L", "news": False, "days": ["mon", "tue"]}

    async def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(self, client: Client) -> None:
        live = await client.live(hook("/again", form={"fields": FIELDS}))
        page = await client.http.post(live["address"], data={"email": "no <b>address", "amount": "0"})
        assert page.status_code == 422 and 'role="alert"' in page.text
        assert page.text.count('aria-invalid="true"') == 2
        assert "no &lt;b&gt;address" in page.text and "<b>" not in page.text
        assert (await client.ask("GET", "/executions"))["items"] == []

    async def test_the_documents_inputs_are_asked_where_nothing_else_is_said_and_a_text_is_shown(
        self, client: Client
    ) -> None:
        document = hook("/inputs", form={})
        document["inputs"] = {"type": "object", "properties": {"name": {"type": "string"}}}
        document["output"] = "Hello {{ name }} & <all>"
        live = await client.live(document)
        page = await client.http.post(live["address"], data={"name": "Ann"})
        assert "Hello Ann &amp; &lt;all&gt;" in page.text

    async def test_a_program_may_still_send_json(self, client: Client) -> None:
        live = await client.live(hook("/both", form={"fields": FIELDS}))
        assert (await client.http.post(live["address"], json={"n": 1})).json()["payload"] == {"n": 1}

    async def test_a_page_behind_a_password_asks_for_it(self, client: Client) -> None:
        body = {"name": "pair", "service": "api", "credentials": {"type": "basic", "username": "u", "password": "p4ss"}}
        await client.ask("POST", "/connections", json=body, status=201)
        live = await client.live(hook("/locked", auth="basic", secret="pair", form={"fields": FIELDS}))
        asked = await client.http.get(live["address"])
        assert asked.status_code == 401 and "basic" in asked.headers["www-authenticate"].lower()
        assert (await client.http.get(live["address"], auth=("u", "p4ss"))).status_code == 200


async def _ended(client: Client) -> list[dict[str, Any]]:
    for _ in range(200):
        runs = (await client.ask("GET", "/executions"))["items"]
        if runs and all(run["finished_at"] for run in runs):
            return runs
        await asyncio.sleep(0.02)
    raise AssertionError(runs)
