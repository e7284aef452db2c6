"""Services that call in formats of their own: text messages and delivered mail, each signed as its maker says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flov7.primitives.files import NoFiles
from flov7.primitives.inbound import Arrival
from flov7.primitives.triggers.sms.providers import twilio
from tests.gateway.conftest import Client
from tests.gateway.test_hook_extras import _ended as ended

KEY = "a-secret-of-both-sides-that-is-long"
PRIVATE = Ed25519PrivateKey.generate()
PUBLIC = base64.b64encode(
    PRIVATE.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
).decode()
Sent = tuple[bytes, dict[str, str]]
"""Body and headers."""


def by_twilio(url: str, text: str) -> Sent:
    fields = {
        "MessageSid": "SM1",
        "From": "+4917",
        "To": "+4930",
        "Body": text,
        "NumMedia": "1",
        "MediaUrl0": "https://x/y",
    }
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(KEY.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    return urlencode(fields).encode(), {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signature,
    }


def by_vonage(url: str, text: str) -> Sent:
    body = json.dumps({"message_uuid": "SM1", "from": "+4917", "to": "+4930", "text": text, "channel": "sms"}).encode()
    claims = {"iss": "Vonage", "iat": int(time.time()), "payload_hash": hashlib.sha256(body).hexdigest()}
    token = jwt.encode(claims, KEY, algorithm="HS256")
    return body, {"content-type": "application/json", "authorization": f"Bearer {token}"}


def by_telnyx(url: str, text: str) -> Sent:
    message = {
        "id": "m",
        "from": {"phone_number": "+4917"},
        "to": [{"phone_number": "+4930"}],
        "text": text,
        "media": [],
    }
    body = json.dumps({"data": {"event_type": "message.received", "id": "SM1", "payload": message}}).encode()
    at = str(int(time.time()))
    signature = base64.b64encode(PRIVATE.sign(at.encode() + b"|" + body)).decode()
    return body, {"content-type": "application/json", "telnyx-timestamp": at, "telnyx-signature-ed25519": signature}


def by_messagebird(url: str, text: str) -> Sent:
    body = urlencode({"id": "SM1", "originator": "+4917", "recipient": "+4930", "body": text}).encode()
    claims = {
        "iss": "MessageBird", "nbf": int(time.time()) - 1, "exp": int(time.time()) + 60, "jti": "j",
        "url_hash": hashlib.sha256(url.encode()).hexdigest(), "payload_hash": hashlib.sha256(body).hexdigest(),
    }  # fmt: skip
    token = jwt.encode(claims, KEY, algorithm="HS256")
    return body, {"content-type": "application/x-www-form-urlencoded", "messagebird-signature-jwt": token}


SENDERS: dict[str, tuple[Callable[[str, str], Sent], str]] = {
    "twilio": (by_twilio, KEY),
    "vonage": (by_vonage, KEY),
    "telnyx": (by_telnyx, PUBLIC),
    "messagebird": (by_messagebird, KEY),
}


async def live(
    client: Client, kind: str, *, key: str = KEY, secret: dict[str, Any] | None = None, **config: Any
) -> str:
    """A live workflow whose output is the payload; its address."""
    name = f"s_{os.urandom(4).hex()}"
    credentials = secret or {"token": key}
    service = "api" if "username" in credentials else "webhook"
    body = {"name": name, "service": service, "credentials": credentials}
    await client.ask("POST", "/connections", json=body, status=201)
    document = {
        "name": "inbound",
        "mode": "express",
        "primitives": [
            {"type": "trigger", "kind": kind, "name": "arrived", "config": {"secret": name, **config}},
            {"type": "data", "kind": "mapping", "name": "took", "mapping": {"text": "words"}},
        ],
        "output": "{{ trigger.payload }}",
    }
    address: str = (await client.live(document))["address"]
    return address


async def payload(client: Client) -> dict[str, Any]:
    """The payload of the only run."""
    runs = await ended(client)
    assert len(runs) == 1
    return (await client.ask("GET", f"/executions/{runs[0]['id']}"))["output"]


class TestTextMessages:
    @pytest.mark.parametrize("provider", sorted(SENDERS))
    async def test_a_signed_one_starts_one_run_however_often_it_is_delivered(
        self, client: Client, provider: str
    ) -> None:
        made, key = SENDERS[provider]
        address = await live(client, "sms", key=key, provider=provider)
        for _ in range(2):
            body, headers = made(address, "Hällo & more")
            answer = await client.http.post(address, content=body, headers=headers)
            assert answer.status_code == 200, answer.text
        if provider == "twilio":
            assert answer.headers["content-type"].startswith("text/xml") and "<Response/>" in answer.text
        found = await payload(client)
        assert (found["from"], found["to"], found["text"]) == ("+4917", "+4930", "Hällo & more")
        assert found["provider"] == provider and found["id"]

    @pytest.mark.parametrize("provider", sorted(SENDERS))
    async def test_one_that_was_changed_or_is_for_another_address_is_no_run(
        self, client: Client, provider: str
    ) -> None:
        made, key = SENDERS[provider]
        address = await live(client, "sms", key=key, provider=provider)
        body, headers = made(address, "one hundred")
        changed = body.replace(b"one", b"two")
        table = [(changed, headers), (body, {"content-type": headers["content-type"]})]
        if provider in ("twilio", "messagebird"):
            table.append((body, made(address + "x", "one hundred")[1]))
        for content, given in table:
            answer = await client.http.post(address, content=content, headers=given)
            assert answer.status_code == 401 and answer.json()["error"]["code"] == "hook.unproven", answer.text
        assert (await client.ask("GET", "/executions"))["items"] == []

    async def test_an_old_one_that_somebody_kept_is_no_run(self, client: Client) -> None:
        address = await live(client, "sms", key=PUBLIC, provider="telnyx")
        body, headers = by_telnyx(address, "old")
        old = str(int(time.time()) - 3600)
        signature = base64.b64encode(PRIVATE.sign(old.encode() + b"|" + body)).decode()
        headers = {**headers, "telnyx-timestamp": old, "telnyx-signature-ed25519": signature}
        assert (await client.http.post(address, content=body, headers=headers)).status_code == 401

    async def test_another_event_of_the_service_is_answered_and_no_run(self, client: Client) -> None:
        address = await live(client, "sms", key=PUBLIC, provider="telnyx")
        body = b'{"data": {"event_type": "message.finalized", "id": "e", "payload": {}}}'
        at = str(int(time.time()))
        signature = base64.b64encode(PRIVATE.sign(at.encode() + b"|" + body)).decode()
        headers = {"telnyx-timestamp": at, "telnyx-signature-ed25519": signature}
        assert (await client.http.post(address, content=body, headers=headers)).status_code == 200
        assert (await client.ask("GET", "/executions"))["items"] == []

    def test_twilios_published_example_holds(self) -> None:
        fields = {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        }
        arrival = Arrival(
            method="POST", url="https://mycompany.com/myapp.php?foo=1&bar=2", now=0.0, files=NoFiles(),
            headers={"x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
            body=urlencode(fields).encode(), secret={"token": "12345"},
        )  # fmt: skip
        assert twilio(arrival).payload["from"] == "+14158675309"


def by_mailgun(text: str) -> tuple[dict[str, str], dict[str, Any]]:
    at, word = str(int(time.time())), "w" * 50
    signature = hmac.new(KEY.encode(), (at + word).encode(), hashlib.sha256).hexdigest()
    fields = {
        "timestamp": at, "token": word, "signature": signature, "from": "Zoë <z@example.com>", "recipient": "a@b.example",
        "subject": "Grüße", "body-plain": text, "Message-Id": "<1@example.com>",
    }  # fmt: skip
    return fields, {"attachment-1": ("a.pdf", b"%PDF\x00\xff", "application/pdf")}


class TestDeliveredMail:
    async def test_mailguns_form_is_a_message_with_files(self, client: Client) -> None:
        address = await live(client, "email", by="webhook", provider="mailgun")
        fields, files = by_mailgun("Hallo")
        for _ in range(2):
            assert (await client.http.post(address, data=fields, files=files)).status_code == 200
        found = await payload(client)
        assert (found["subject"], found["text"], found["from"]) == (
            "Grüße",
            "Hallo",
            {"name": "Zoë", "address": "z@example.com"},
        )
        assert found["attachments"][0]["size"] == 6 and found["message_id"] == "<1@example.com>"
        changed = {**fields, "timestamp": str(int(time.time()) - 1)}
        assert (await client.http.post(address, data=changed, files=files)).status_code == 401

    async def test_postmarks_json_comes_with_user_and_password(self, client: Client) -> None:
        secret = {"type": "basic", "username": "u", "password": "p4ss-p4ss"}
        address = await live(client, "email", secret=secret, by="webhook", provider="postmark")
        body = {
            "FromFull": {"Email": "z@example.com", "Name": "Zoë"}, "ToFull": [{"Email": "a@b.example", "Name": ""}],
            "Subject": "Hi", "TextBody": "Hallo", "MessageID": "m-1", "Headers": [{"Name": "In-Reply-To", "Value": "<0@x>"}],
            "Attachments": [{"Name": "a.txt", "ContentType": "text/plain", "Content": base64.b64encode(b"abc").decode()}],
        }  # fmt: skip
        assert (await client.http.post(address, json=body)).status_code == 401
        assert (await client.http.post(address, json=body, auth=("u", "wrong"))).status_code == 401
        assert (await client.http.post(address, json=body, auth=("u", "p4ss-p4ss"))).status_code == 200
        found = await payload(client)
        assert (found["in_reply_to"], found["attachments"][0]["name"], found["text"]) == ("<0@x>", "a.txt", "Hallo")

    async def test_a_raw_message_is_read_as_from_a_mailbox(self, client: Client) -> None:
        address = await live(client, "email", by="webhook", provider="raw")
        raw = b"From: z@example.com\r\nSubject: Hi\r\nMessage-ID: <2@x>\r\n\r\nHallo\r\n"
        headers = {"authorization": f"Bearer {KEY}", "content-type": "message/rfc822"}
        assert (await client.http.post(address, content=raw, headers=headers)).status_code == 200
        found = await payload(client)
        assert (found["subject"], found["text"].strip(), found["message_id"]) == ("Hi", "Hallo", "<2@x>")

    async def test_sendgrids_form_holds_fields_or_the_raw_message(self, client: Client) -> None:
        secret = {"type": "basic", "username": "u", "password": "p4ss-p4ss"}
        address = await live(client, "email", secret=secret, by="webhook", provider="sendgrid")
        raw = "From: z@example.com\r\nSubject: Raw\r\nMessage-ID: <3@x>\r\n\r\nHallo\r\n"
        sent = await client.http.post(address, data={"email": raw}, files={"x": ("", b"")}, auth=("u", "p4ss-p4ss"))
        assert sent.status_code == 200, sent.text
        assert (await payload(client))["subject"] == "Raw"
