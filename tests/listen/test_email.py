"""Mail: a message that arrives starts one run, whatever dies in between; on a real IMAP server."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from email.message import EmailMessage
from typing import Any

import psutil

from flov7.listen.listener import Listener
from flov7.store import blobs
from flov7.wiring import House
from tests.gateway.conftest import Client
from tests.listen.conftest import Mail, all_runs, hearing, outputs

Runs = Callable[..., Awaitable[list[dict[str, Any]]]]
Listening = Callable[[], AbstractAsyncContextManager[Listener]]


def message(subject: str, *, text: str = "Hello.", attachment: bytes | None = None, number: int = 0) -> bytes:
    """A message as it travels."""
    made = EmailMessage()
    made["From"] = "Zoë Shop <shop@example.com>"
    made["To"] = "ann@example.com"
    made["Subject"] = subject
    made["Message-ID"] = f"<{subject.encode().hex()}.{number}@example.com>"
    made["Date"] = "Mon, 23 Nov 2026 09:00:00 +0100"
    made.set_content(text)
    if attachment is not None:
        made.add_attachment(attachment, maintype="application", subtype="pdf", filename="Rechnung ü.pdf")
    return made.as_bytes()


async def kept(client: Client, port: int, *, password: str = "pw", **config: Any) -> str:
    """A connection to the mail server; its name."""
    name = f"m_{os.urandom(4).hex()}"
    place = {"host": "127.0.0.1", "port": port, "security": "none", **config}
    secret = {"type": "basic", "username": "ann", "password": password}
    body = {"name": name, "service": "imap", "config": place, "credentials": secret}
    await client.ask("POST", "/connections", json=body, status=201)
    return name


def document(connection: str, *, when: str | None = None, **config: Any) -> dict[str, Any]:
    """A document whose output is the message."""
    trigger = {"type": "trigger", "kind": "email", "name": "arrived", "connection": connection, "config": config}
    if when is not None:
        trigger["when"] = when
    return {
        "name": "mails",
        "mode": "express",
        "primitives": [
            trigger,
            {"type": "data", "kind": "mapping", "name": "took", "mapping": {"subject": "about", "text": "words"}},
        ],
        "output": {
            "about": "{{ about }}", "words": "{{ words }}", "from": "{{ trigger.payload['from'] }}",
            "files": "{{ trigger.payload.attachments }}", "date": "{{ trigger.payload.date }}",
        },
    }  # fmt: skip


class TestHearing:
    async def test_a_message_with_its_attachment_starts_a_run_at_once(
        self, client: Client, house: House, mail: Mail, listens: Listener, runs: Runs
    ) -> None:
        mail.deliver(message("old"))
        made = await client.live(document(await kept(client, mail.port)))
        await hearing(client, made["id"])
        mail.deliver(message("Grüße", text="Schöne Sache.", attachment=b"%PDF-1.7"))
        found = (await outputs(client, await runs(1, seconds=8)))[0]
        assert (found["about"], found["words"].strip()) == ("Grüße", "Schöne Sache.")
        assert found["from"] == {"name": "Zoë Shop", "address": "shop@example.com"}
        assert found["date"] == "2026-11-23T08:00:00.000Z"
        file = found["files"][0]
        assert (file["name"], file["media_type"], file["size"]) == ("Rechnung ü.pdf", "application/pdf", 8)
        async with house.database.workspace(client.workspace_id) as scope:
            assert await blobs.get(scope, file["file"]) == b"%PDF-1.7"

    async def test_reading_it_elsewhere_changes_nothing_and_ours_leaves_it_unread(
        self, client: Client, mail: Mail, listener: Listening, runs: Runs
    ) -> None:
        await client.live(document(await kept(client, mail.port)))
        mail.deliver(message("one"))
        with mail.box() as box:
            box.store("1", "+FLAGS", "\\Seen")
        mail.deliver(message("two"))
        async with listener():
            await runs(2)
        with mail.box() as box:
            assert box.search(None, "UNSEEN")[1] == [b"2"]

    async def test_it_may_be_marked_and_moved_once_its_run_is_safe(
        self, client: Client, mail: Mail, listens: Listener, runs: Runs
    ) -> None:
        with mail.box() as box:
            box.create("Done")
        await client.live(document(await kept(client, mail.port), mark_read=True, move_to="Done"))
        mail.deliver(message("one"))
        mail.deliver(message("two"))
        await runs(2)
        await asyncio.sleep(0.5)
        with mail.box() as box:
            assert box.select("INBOX")[1] == [b"0"] and box.select("Done")[1] == [b"2"]
            assert box.search(None, "UNSEEN")[1] == [b""]

    async def test_when_filters(self, client: Client, mail: Mail, listens: Listener, runs: Runs) -> None:
        await client.live(document(await kept(client, mail.port), when="'invoice' in subject"))
        for subject in ("hello", "your invoice"):
            mail.deliver(message(subject))
        assert [one["about"] for one in await outputs(client, await runs(1))] == ["your invoice"]

    async def test_what_is_too_large_is_named_and_not_kept(
        self, client: Client, mail: Mail, listens: Listener, runs: Runs
    ) -> None:
        await client.live(document(await kept(client, mail.port), largest_attachment=10))
        mail.deliver(message("big", attachment=b"x" * 11))
        assert (await outputs(client, await runs(1)))[0]["files"][0] == {
            "file": None, "name": "Rechnung ü.pdf", "media_type": "application/pdf", "size": 11,
        }  # fmt: skip

    async def test_broken_messages_are_read_as_far_as_they_go(
        self, client: Client, mail: Mail, listens: Listener, runs: Runs
    ) -> None:
        await client.live(document(await kept(client, mail.port)))
        mail.deliver(
            b"Subject: =?x-unknown?q?odd?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe body\r\n"
        )
        mail.deliver(b"From: <<>>;;\r\nTo: @\r\nDate: never\r\nSubject: none\r\n\r\n")
        found = await outputs(client, await runs(2))
        assert {one["about"] for one in found} >= {"none"}
        assert any("body" in (one["words"] or "") for one in found)


class TestMoving:
    async def test_goes_on_where_it_was_and_numbers_made_anew_double_nothing(
        self, client: Client, mail: Mail, listener: Listening, runs: Runs
    ) -> None:
        made = await client.live(document(await kept(client, mail.port)))
        mail.deliver(message("one"))
        async with listener():
            await runs(1)
            await hearing(client, made["id"])
        mail.deliver(message("two"))
        for path in (mail.folder / "mail" / "ann").glob("dovecot*"):
            path.unlink()  # its index is lost: UIDVALIDITY changes
        async with listener():
            found = await outputs(client, await runs(2, settle=1.0))
        assert sorted(one["about"] for one in found) == ["one", "two"]


class TestTheServerIsKilled:
    async def test_nothing_is_lost_and_nothing_doubled(
        self, client: Client, mail: Mail, listens: Listener, runs: Runs
    ) -> None:
        await client.live(document(await kept(client, mail.port), mark_read=True))
        for round_ in range(3):
            for number in range(8):
                mail.deliver(message(f"{round_}-{number}"))
            await asyncio.sleep(0.1)
            _kill_all(mail)
            await asyncio.sleep(0.3)
            mail.start()
        found = await outputs(client, await runs(24, seconds=60))
        assert sorted(one["about"] for one in found) == sorted(f"{a}-{b}" for a in range(3) for b in range(8))


def _kill_all(mail: Mail) -> None:
    assert mail.process is not None
    parent = psutil.Process(mail.process.pid)
    for one in (parent, *parent.children(recursive=True)):
        one.send_signal(signal.SIGKILL)
    mail.process.wait(10)


class TestTheConnectionsTest:
    async def test_says_that_it_works_or_what_to_mend(self, client: Client, mail: Mail) -> None:
        good = await client.ask("POST", f"/connections/{await kept(client, mail.port)}/test")
        assert good["ok"] and "tells of new mail" in good["message"]
        bad = await client.ask("POST", f"/connections/{await kept(client, mail.port, password='no')}/test")
        assert not bad["ok"] and "user and password" in bad["message"]


class TestWhatAMailServerCanDoWrong:
    async def test_each_is_told_at_activation_with_the_mend(self, client: Client, mail: Mail) -> None:
        table: list[tuple[str, dict[str, Any], str]] = [
            (await kept(client, mail.port, password="no"), {}, "user and password"),
            (await kept(client, mail.port), {"mailbox": "Nowhere"}, "Nowhere"),
            (await kept(client, mail.port), {"move_to": "Nowhere"}, "Nowhere"),
            (await kept(client, 1), {}, "does not answer"),
            (await kept(client, mail.port, security="tls"), {}, "TLS"),
        ]
        for connection, config, words in table:
            made = await client.create(document(connection, **config))
            error = await client.ask("POST", f"/workflows/{made['id']}/activate", status=422)
            assert error["code"] == "trigger.unheard" and words in error["message"] + error["hint"], error

    async def test_a_password_that_is_changed_is_said_and_heard_again_when_mended(
        self, client: Client, mail: Mail, listens: Listener, runs: Runs
    ) -> None:
        name = await kept(client, mail.port)
        made = await client.live(document(name))
        await hearing(client, made["id"])
        rotate = {"credentials": {"type": "basic", "username": "ann", "password": "wrong"}}
        await client.ask("POST", f"/connections/{name}/rotate", json=rotate)
        _kill_all(mail)
        mail.start()
        shown = await hearing(client, made["id"], status="failing")
        for _ in range(200):
            if shown["error"]["code"] == "connection.login":
                break
            await asyncio.sleep(0.05)
            shown = await hearing(client, made["id"], status="failing")
        assert shown["error"]["code"] == "connection.login" and "password" in shown["error"]["hint"]
        assert await all_runs(client) == []
        rotate["credentials"]["password"] = "pw"
        await client.ask("POST", f"/connections/{name}/rotate", json=rotate)
        mail.deliver(message("late"))
        await runs(1, seconds=30)
