"""Devices: what they publish starts runs, once each, whatever dies in between; on a real MQTT 5 broker."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from flov7.listen.listener import Listener
from tests.gateway.conftest import Client
from tests.listen.conftest import Publisher, all_runs, hearing, openssl, outputs
from tests.listen.programs import Server, free_port, program

Runs = Callable[..., Awaitable[list[dict[str, Any]]]]
Listening = Callable[[], AbstractAsyncContextManager[Listener]]


def document(port: int, *topics: str, when: str | None = None, **config: Any) -> dict[str, Any]:
    """A document whose output is what came."""
    trigger = {"type": "trigger", "kind": "iot", "name": "sensor", "config": {"topics": list(topics), **config}}
    if when is not None:
        trigger["when"] = when
    place = {"host": "127.0.0.1", "port": port, "security": "none"}
    return {
        "name": "sensed",
        "mode": "express",
        "primitives": [
            trigger,
            {
                "type": "connection",
                "name": "plant",
                "service": "mqtt",
                "config": place,
                "credentials": {"type": "none"},
            },
            {"type": "data", "kind": "mapping", "name": "took", "mapping": {"message": "seen", "topic": "place"}},
        ],
        "output": {"seen": "{{ seen }}", "place": "{{ place }}", "name": "{{ trigger.headers.name }}"},
    }


def tls_broker(folder: Path) -> Server:
    """A broker that speaks TLS only and knows one user."""
    key, chain = folder / "key.pem", folder / "ca.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name, "-keyout", str(key), "-out", str(chain)
    )
    key.chmod(0o644)
    passwords = folder / "passwords"
    passwords.write_text("u:p\n")
    subprocess.run([program("mosquitto_passwd", package="mosquitto"), "-U", str(passwords)], check=True)
    port = free_port()
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\ncertfile {chain}\nkeyfile {key}\nallow_anonymous false\n"
        f"password_file {passwords}\n{'user root' if os.geteuid() == 0 else ''}\n"
    )
    server = Server([program("mosquitto", package="mosquitto"), "-c", str(folder / "mosquitto.conf")], port, folder)
    server.start()
    return server


class TestHearing:
    async def test_a_message_starts_a_run_with_topic_and_body(
        self, client: Client, broker: Server, device: Publisher, listens: Listener, runs: Runs
    ) -> None:
        await client.live(document(broker.port, "plant/+/temperature"))
        await device.publish("plant/7/temperature", '{"celsius": 21.5}')
        await device.publish("plant/7/humidity", "40")
        found = await outputs(client, await runs(1))
        assert found == [{"seen": {"celsius": 21.5}, "place": "plant/7/temperature", "name": None}]

    async def test_what_came_before_anybody_listened_is_not_lost(
        self, client: Client, broker: Server, device: Publisher, listener: Listening, runs: Runs
    ) -> None:
        made = await client.live(document(broker.port, "a", qos=2))
        await device.publish_all([("a", str(n)) for n in range(30)], qos=2)
        async with listener():
            found = await outputs(client, await runs(30))
            assert sorted(one["seen"] for one in found) == list(range(30))
            shown = await hearing(client, made["id"])
        assert shown["delivered"] == 30 and shown["held"]

    async def test_bytes_and_text_are_read_as_they_are(
        self, client: Client, broker: Server, device: Publisher, listens: Listener, runs: Runs
    ) -> None:
        await client.live(document(broker.port, "raw"))
        for body in (b"\xff\x00", b"on", b'{"n": 1'):
            await device.publish("raw", body)
        seen = [one["seen"] for one in await outputs(client, await runs(3))]
        assert {"base64": "/wA="} in seen and "on" in seen and '{"n": 1' in seen

    async def test_when_filters_and_what_it_turns_away_is_counted(
        self, client: Client, broker: Server, device: Publisher, listens: Listener, runs: Runs
    ) -> None:
        made = await client.live(document(broker.port, "t", when="message.celsius > 30"))
        await device.publish_all([("t", '{"celsius": 20}'), ("t", '{"celsius": 35}'), ("t", '"odd"')])
        assert [one["seen"] for one in await outputs(client, await runs(1))] == [{"celsius": 35}]
        for _ in range(100):
            away = (await client.ask("GET", f"/workflows/{made['id']}"))["turned_away"]
            if sum(away.values()) == 2:
                break
            await asyncio.sleep(0.05)
        assert away == {"sensor: when": 1, "sensor: payload.invalid": 1}

    async def test_equal_messages_are_events_of_their_own(
        self, client: Client, broker: Server, device: Publisher, listens: Listener, runs: Runs
    ) -> None:
        await client.live(document(broker.port, "t"))
        await device.publish_all([("t", "1")] * 5)
        await runs(5)


class TestMoving:
    async def test_a_paused_workflow_hears_later_and_a_deactivated_one_never(
        self, client: Client, broker: Server, device: Publisher, listens: Listener, runs: Runs
    ) -> None:
        made = await client.live(document(broker.port, "t"))
        await hearing(client, made["id"])
        await client.ask("POST", f"/workflows/{made['id']}/pause")
        await asyncio.sleep(1.5)
        await device.publish("t", "1")
        await asyncio.sleep(0.5)
        assert await all_runs(client) == []
        await client.ask("POST", f"/workflows/{made['id']}/unpause")
        await runs(1)
        await client.ask("POST", f"/workflows/{made['id']}/deactivate")
        await asyncio.sleep(2.5)
        await device.publish("t", "2")
        await client.ask("POST", f"/workflows/{made['id']}/activate")
        await hearing(client, made["id"])
        await runs(1)

    async def test_a_new_version_goes_on_with_the_session_of_the_old_one(
        self, client: Client, broker: Server, device: Publisher, listener: Listening, runs: Runs
    ) -> None:
        made = await client.live(document(broker.port, "t"))
        await device.publish("t", "1")
        changed = document(broker.port, "t")
        changed["output"] = {"seen": "{{ seen + 100 }}"}
        await client.ask("PUT", f"/workflows/{made['id']}", json={"document": changed})
        await client.ask("POST", f"/workflows/{made['id']}/activate")
        async with listener():
            assert [one["seen"] for one in await outputs(client, await runs(1))] == [101]

    async def test_two_listeners_share_and_the_one_that_stays_takes_over(
        self, client: Client, broker: Server, device: Publisher, listener: Listening, runs: Runs
    ) -> None:
        for topic in ("a", "b", "c"):
            await client.live(document(broker.port, topic))
        async with listener():
            async with listener():
                await device.publish_all([(topic, "1") for topic in "abc"])
                await runs(3)
            await device.publish_all([(topic, "2") for topic in "abc"])
            await runs(6)

    async def test_a_shared_group_gives_each_message_to_one(
        self, client: Client, broker: Server, device: Publisher, listens: Listener, runs: Runs
    ) -> None:
        for _ in range(2):
            made = await client.live(document(broker.port, "work/#", group="team"))
            await hearing(client, made["id"])
        await device.publish_all([("work/x", str(n)) for n in range(20)])
        seen = [one["seen"] for one in await outputs(client, await runs(20))]
        assert sorted(seen) == list(range(20))


class TestTheBrokerIsKilled:
    async def test_nothing_is_lost_and_nothing_doubled(
        self, client: Client, broker: Server, device: Publisher, listens: Listener, runs: Runs
    ) -> None:
        made = await client.live(document(broker.port, "t", qos=1))
        sent = 0
        for _ in range(3):
            await device.publish_all([("t", str(sent + n)) for n in range(40)])
            sent += 40
            await asyncio.sleep(0.05)
            broker.kill()
            await asyncio.sleep(0.2)
            broker.start()
        seen = [one["seen"] for one in await outputs(client, await runs(sent, seconds=40))]
        assert sorted(seen) == list(range(sent))
        await hearing(client, made["id"])


class TestTheConnectionsTest:
    async def test_says_that_it_works_or_what_to_mend(self, client: Client, broker: Server) -> None:
        for port, passed, words in ((broker.port, True, "MQTT 5"), (1, False, "does not answer")):
            place = {"host": "127.0.0.1", "port": port, "security": "none"}
            body = {"name": f"b{port}", "service": "mqtt", "config": place, "credentials": {"type": "none"}}
            await client.ask("POST", "/connections", json=body, status=201)
            said = await client.ask("POST", f"/connections/b{port}/test")
            assert said["ok"] is passed and words in said["message"]

    async def test_tls_is_checked_against_the_host(
        self, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = tls_broker(tmp_path)
        try:
            place = {"host": "127.0.0.1", "port": server.port}
            secret = {"type": "basic", "username": "u", "password": "p"}
            body = {"name": "private", "service": "mqtt", "config": place, "credentials": secret}
            await client.ask("POST", "/connections", json=body, status=201)
            said = await client.ask("POST", "/connections/private/test")
            assert not said["ok"] and "TLS" in said["message"]
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
            assert (await client.ask("POST", "/connections/private/test"))["ok"]
            await client.ask("POST", "/connections/private/rotate", json={"credentials": {**secret, "password": "no"}})
            said = await client.ask("POST", "/connections/private/test")
            assert not said["ok"] and "user" in said["message"] + said["hint"]
        finally:
            server.kill()


class TestWhatABrokerCanDoWrong:
    async def test_not_there_at_activation_is_told(self, client: Client, broker: Server) -> None:
        broker.kill()
        made = await client.create(document(broker.port, "t"))
        error = await client.ask("POST", f"/workflows/{made['id']}/activate", status=422)
        assert error["code"] == "trigger.unheard" and "does not answer" in error["message"]

    async def test_gone_later_is_shown_and_heard_again_when_back(
        self, client: Client, broker: Server, device: Publisher, listens: Listener, runs: Runs
    ) -> None:
        made = await client.live(document(broker.port, "t"))
        await hearing(client, made["id"])
        broker.kill()
        shown = await hearing(client, made["id"], status="failing")
        assert shown["error"]["code"] == "step.unreachable"
        broker.start()
        await hearing(client, made["id"])
        await device.publish("t", "1")
        await runs(1)

    async def test_what_is_no_broker_is_told(self, client: Client) -> None:
        async def strange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(strange, "127.0.0.1", 0)
        made = await client.create(document(server.sockets[0].getsockname()[1], "t"))
        error = await client.ask("POST", f"/workflows/{made['id']}/activate", status=422)
        server.close()
        assert error["code"] == "trigger.unheard" and "MQTT" in error["message"]

    async def test_a_topic_that_is_none_is_refused_by_validate(self, client: Client, broker: Server) -> None:
        made = await client.create(document(broker.port, "a/b#"))
        error = await client.ask("POST", f"/workflows/{made['id']}/activate", status=422)
        assert "topic filter" in str(error)
