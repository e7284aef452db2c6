"""Sending mail through a real SMTP server (aiosmtpd), with everything that a server can answer."""

from __future__ import annotations

import asyncio
import base64
import email
import gc
import hashlib
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from flov7.kit.errors import StepBroken, StepFailed, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.files import unknown
from flov7.primitives.registry import registry

Call = Any
Connection = Any
MAIL = {"to": "ann@example.com", "subject": "Your order 7", "text": "Thank you."}


class Post:
    """What the server takes and refuses; `answers` maps an address, or `DATA`, to what it says."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.taken: list[tuple[list[str], EmailMessage]] = []
        self.slow = 0.0
        self.hang_up = False
        self.logins: list[bool] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message: Any = email.message_from_bytes(envelope.content, policy=policy.default)
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.taken.append((envelope.rcpt_tos, message))
        await asyncio.sleep(self.slow)
        if self.hang_up:
            server.transport.abort()
        return "250 taken"


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def smtp(post: Post, certificate: tuple[Path, Path], connection: Connection) -> Iterator[Callable[..., Any]]:
    """`smtp(security=…, login=…)`: starts a server and gives a connection to it."""
    controllers: list[Controller] = []

    def start(*, security: str = "none", login: tuple[str, str] | None = None, **config: Any) -> Any:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*map(str, certificate))

        def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            good = login is not None and (data.login, data.password) == tuple(part.encode() for part in login)
            post.logins.append(good)
            return AuthResult(success=good, handled=False)

        class Server(Controller):
            def factory(self) -> SMTP:
                return SMTP(
                    self.handler,
                    tls_context=tls if security == "starttls" else None,
                    authenticator=check,
                    auth_require_tls=False,
                )

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        controller = Server(post, hostname="127.0.0.1", port=port, ssl_context=tls if security == "tls" else None)
        controller.start()
        controllers.append(controller)
        settings = {
            "host": "localhost",
            "port": port,
            "security": security,
            "from": "Shop <shop@example.com>",
            **config,
        }
        return connection("api", name="shop_mail", service="smtp", config=settings)

    yield start
    for controller in controllers:
        controller.stop()
    with warnings.catch_warnings():  # the server leaves the socket of a refused handshake to the collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class TestAMessage:
    async def test_arrives_as_it_was_written(self, call: Call, smtp: Any, post: Post) -> None:
        inputs = {**MAIL, "html": "<p>Thank you.</p>", "reply_to": "help@example.com", "subject": "Grüße\nfrom us"}
        found = await call("action/email_send", inputs, connection=smtp())
        receivers, message = post.taken[0]
        assert (receivers, found["accepted"], found["refused"]) == (["ann@example.com"], ["ann@example.com"], {})
        assert (message["Subject"], message["From"], message["Reply-To"]) == (
            "Grüße from us",
            "Shop <shop@example.com>",
            "help@example.com",
        )
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        assert text is not None and text.get_content().strip() == "Thank you."
        assert html is not None and html.get_content().strip() == "<p>Thank you.</p>"

    async def test_goes_to_copies_and_names_no_blind_one(self, call: Call, smtp: Any, post: Post) -> None:
        inputs = {
            **MAIL,
            "to": "Ann <ann@example.com>, bo@example.com",
            "cc": ["c@example.com"],
            "bcc": "d@example.com",
        }
        found = await call("action/email_send", inputs, connection=smtp())
        assert len(found["accepted"]) == 4
        assert post.taken[0][0] == found["accepted"]
        assert "d@example.com" not in post.taken[0][1].as_string()

    async def test_of_a_template_is_what_the_template_says(self, call: Call, smtp: Any, post: Post) -> None:
        body = {"subject": "Welcome Ann", "text": None, "html": "<b>Hi</b>"}
        inputs = {"to": "ann@example.com", "template": "welcome_email", "template_body": body}
        await call("action/email_send", inputs, connection=smtp())
        message = post.taken[0][1]
        assert (message["Subject"], message.get_content_type()) == ("Welcome Ann", "text/html")

    async def test_goes_by_the_default_connection(self, call: Call, smtp: Any, post: Post) -> None:
        await call("action/email_send", MAIL, default_mail=smtp())
        assert len(post.taken) == 1

    async def test_has_the_same_id_when_it_is_repeated(self, call: Call, smtp: Any, post: Post) -> None:
        shop = smtp()
        ids = [
            (await call("action/email_send", MAIL, connection=shop, idempotency_key=key))["message_id"]
            for key in ("run-1/a", "run-1/a", "run-1/b")
        ]
        assert ids[0] == ids[1] != ids[2]
        assert post.taken[0][1]["Message-ID"] == ids[0]

    @pytest.mark.parametrize("address", ["ann", "a b@example.com", "ann@", "", "ann@example.com\nBcc: x@example.com"])
    async def test_to_what_is_no_address_is_refused_before_anything(
        self, call: Call, smtp: Any, post: Post, address: str
    ) -> None:
        with pytest.raises(StepRefused, match="no e-mail address"):
            await call("action/email_send", {**MAIL, "to": [address]}, connection=smtp())
        assert post.taken == []

    @pytest.mark.parametrize(
        ("inputs", "said"),
        [
            ({"to": "a@b.c"}, "needs a `subject`"),
            ({"to": "a@b.c", "subject": "x"}, "needs `text` or `html`"),
            ({"to": "a@b.c", "template": "t", "text": "x"}, "give `template`, or the message itself"),
            (MAIL, "no mail server to send with"),
        ],
    )
    async def test_that_is_incomplete_is_explained(self, call: Call, inputs: dict[str, Any], said: str) -> None:
        with pytest.raises(StepRefused, match=said):
            await call("action/email_send", inputs)


class TestTheServer:
    async def test_that_refuses_some_is_told_of(self, call: Call, smtp: Any, post: Post) -> None:
        post.answers["bo@example.com"] = "550 no such user"
        found = await call("action/email_send", {**MAIL, "to": "ann@example.com, bo@example.com"}, connection=smtp())
        assert (found["accepted"], found["refused"]) == (["ann@example.com"], {"bo@example.com": "550 no such user"})

    @pytest.mark.parametrize(
        ("where", "says", "error"),
        [
            ("ann@example.com", "550 no such user", StepRefused),
            ("ann@example.com", "451 greylisted, come back", StepUnreachable),
            ("shop@example.com", "553 not you", StepRefused),
            ("shop@example.com", "421 too many", StepUnreachable),
            ("DATA", "554 spam", StepRefused),
            ("DATA", "451 later", StepUnreachable),
        ],
    )
    async def test_that_says_no_is_believed(
        self, call: Call, smtp: Any, post: Post, where: str, says: str, error: type
    ) -> None:
        post.answers[where] = says
        with pytest.raises(StepFailed, match=says) as refused:
            await call("action/email_send", MAIL, connection=smtp())
        assert type(refused.value) is error
        assert post.taken == []

    async def test_that_hangs_up_after_the_text_leaves_doubt(self, call: Call, smtp: Any, post: Post) -> None:
        post.hang_up = True
        with pytest.raises(StepFailed, match="after the message was sent") as failed:
            await call("action/email_send", MAIL, connection=smtp())
        assert type(failed.value) is StepBroken
        assert len(post.taken) == 1

    async def test_that_is_silent_after_the_text_leaves_doubt(self, call: Call, smtp: Any, post: Post) -> None:
        post.slow = 3.0
        with pytest.raises(StepTimedOut):
            await call("action/email_send", MAIL, connection=smtp(), seconds=1.0)
        assert len(post.taken) == 1

    async def test_that_is_not_there_surely_sent_nothing(self, call: Call, connection: Connection) -> None:
        gone = connection("api", service="smtp", config={"host": "127.0.0.1", "port": 1, "from": "a@b.c"})
        with pytest.raises(StepUnreachable, match="does not answer"):
            await call("action/email_send", MAIL, connection=gone)

    async def test_on_a_private_address_is_refused(self, call: Call, smtp: Any, post: Post, guard: Any) -> None:
        with pytest.raises(StepRefused) as refused:
            await call("action/email_send", MAIL, connection=smtp(), outside=guard())
        assert refused.value.error_code == "outside.forbidden"
        assert post.taken == []


class TestSecurity:
    @pytest.mark.parametrize("security", ["tls", "starttls"])
    async def test_a_certificate_that_nobody_vouches_for_is_refused(
        self, call: Call, smtp: Any, post: Post, security: str
    ) -> None:
        with pytest.raises(StepRefused, match="no certificate that can be trusted"):
            await call("action/email_send", MAIL, connection=smtp(security=security))
        assert post.taken == []

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    async def test_a_good_one_is_taken_for_the_name(
        self, call: Call, smtp: Any, post: Post, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, security: str
    ) -> None:  # fmt: skip
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        await call("action/email_send", MAIL, connection=smtp(security=security))
        assert len(post.taken) == 1

    async def test_a_server_without_starttls_is_refused(self, call: Call, smtp: Any, post: Post) -> None:
        shop = smtp()
        shop.config["security"] = "starttls"
        with pytest.raises(StepFailed, match="starttls"):
            await call("action/email_send", MAIL, connection=shop)
        assert post.taken == []

    async def test_user_and_password_open_it(self, call: Call, smtp: Any, post: Post) -> None:
        shop = smtp(login=("shop", "right"))
        object.__setattr__(shop, "credential", {"username": "shop", "password": "right"})
        await call("action/email_send", MAIL, connection=shop)
        assert (post.logins, len(post.taken)) == ([True], 1)

    async def test_wrong_ones_are_refused_and_not_shown(self, call: Call, smtp: Any, post: Post) -> None:
        shop = smtp(login=("shop", "right"))
        object.__setattr__(shop, "credential", {"username": "shop", "password": "wr0ng"})
        with pytest.raises(StepRefused, match="does not take user and password") as refused:
            await call("action/email_send", MAIL, connection=shop)
        assert "wr0ng" not in str(refused.value.as_json())
        assert post.taken == []


class TestTheConnectionTest:
    async def test_says_that_it_works(self, context: Any, smtp: Any, post: Post) -> None:
        found = await registry().runner("connection", "api").check(context(connection=smtp()))
        assert found.ok and "lets us in" in found.message
        assert post.taken == []

    async def test_says_what_is_wrong(self, context: Any, connection: Connection) -> None:
        gone = connection("api", service="smtp", config={"host": "127.0.0.1", "port": 1})
        found = await registry().runner("connection", "api").check(context(connection=gone))
        assert not found.ok and "does not answer" in found.message and found.hint


class TestNotifying:
    async def test_by_mail_takes_the_first_line_for_the_subject(self, call: Call, smtp: Any, post: Post) -> None:
        inputs = {"channel": "email", "to": "ops@example.com", "text": "Order 7 failed\nLook at it."}
        found = await call("action/notification", inputs, default_mail=smtp())
        assert found == {"channel": "email", "delivered": ["ops@example.com"], "status": None}
        assert post.taken[0][1]["Subject"] == "Order 7 failed"

    async def test_by_a_named_mail_server(self, call: Call, smtp: Any, post: Post) -> None:
        inputs = {"channel": "ops", "to": "ops@example.com", "title": "Look", "text": "x"}
        await call("action/notification", inputs, connections={"ops": smtp()})
        assert post.taken[0][1]["Subject"] == "Look"


class Drawer:
    """Files of a workspace."""

    def __init__(self, **bodies: bytes) -> None:
        self.bodies = {hashlib.sha256(body).hexdigest(): body for body in bodies.values()}

    async def read(self, digest: str) -> bytes:
        if digest not in self.bodies:
            raise unknown(digest)
        return self.bodies[digest]

    async def keep(self, body: bytes) -> str:
        raise AssertionError("nothing is kept here")


class TestAttachments:
    async def test_arrive_byte_for_byte(self, call: Call, smtp: Any, post: Post) -> None:
        drawer = Drawer(invoice=b"%PDF-1.7 \x00\xff")
        (digest,) = drawer.bodies
        files = [
            {"file": digest, "name": "Rechnung März.pdf", "media_type": "application/pdf", "size": 11},
            {"name": "orders.csv", "text": "id\n1\n", "media_type": "text/csv"},
            {"name": "evil.eml", "text": "Subject: x\n\n", "media_type": "message/rfc822"},
        ]
        await call("action/email_send", {**MAIL, "attachments": files}, connection=smtp(), files=drawer)
        got = [
            (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
            for part in post.taken[0][1].iter_attachments()
        ]
        assert got == [
            ("Rechnung März.pdf", "application/pdf", b"%PDF-1.7 \x00\xff"),
            ("orders.csv", "text/csv", b"id\n1\n"),
            ("evil.eml", "application/octet-stream", b"Subject: x\n\n"),
        ]

    async def test_that_are_not_there_stop_the_message(self, call: Call, smtp: Any, post: Post) -> None:
        files = [{"file": "0" * 64, "name": "x.pdf"}]
        with pytest.raises(StepRefused, match="no file 000000000000") as refused:
            await call("action/email_send", {**MAIL, "attachments": files}, connection=smtp(), files=Drawer())
        assert refused.value.hint and post.taken == []


class TestGmail:
    async def test_gets_the_whole_message_once(
        self, call: Call, connection: Connection, serve: Any, reply: Any
    ) -> None:
        server = await serve(lambda seen: reply(200, {"id": "1", "threadId": "1", "labelIds": ["SENT"]}))
        gmail = connection("gmail", config={"base_url": server.url}, credential={"access_token": "t"})
        found = await call("action/email_send", {**MAIL, "bcc": "d@example.com"}, connection=gmail, idempotency_key="k")
        seen = server.seen[0]
        assert (seen.method, seen.path) == ("POST", "/gmail/v1/users/me/messages/send")
        assert seen.headers["authorization"] == "Bearer t"
        message = message_from_bytes(base64.urlsafe_b64decode(seen.json["raw"]))
        assert (message["To"], message["Bcc"], message["From"]) == ("ann@example.com", "d@example.com", None)
        assert (message["Message-ID"], found["accepted"]) == (found["message_id"], ["ann@example.com", "d@example.com"])
