"""A mailbox that takes tokens instead of passwords (XOAUTH2): Dovecot, asking who gave the token."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from flov7.kit.errors import StepRefused
from flov7.primitives.declare import ConnectionValue
from flov7.primitives.registry import registry
from tests.faults.callers import trigger
from tests.listen.conftest import Mail, mail_server
from tests.primitives.conftest import Drawer, HttpServer, connection, context, guard, http_answer, network, serve

__all__ = ["connection", "context", "guard", "network", "serve"]


@pytest.fixture
async def tokens(serve: Any) -> HttpServer:
    """Who gives tokens: `good` is Ann's."""

    def holds(seen: Any) -> bytes:
        good = "token=good&" in seen.path
        return http_answer(200, {"active": "true", "email": "ann"} if good else {"active": "false"})

    return await serve(holds)


@pytest.fixture
def mail(tokens: HttpServer) -> Iterator[Mail]:
    """A mail server that asks there."""
    with mail_server(f"{tokens.url}/introspect?token=") as running:
        yield running


def allowed(port: int, token: str, **more: Any) -> ConnectionValue:
    """A connection that was allowed."""
    config = {"host": "127.0.0.1", "port": port, "security": "none", "user": "ann", **more}
    return ConnectionValue(name="post", kind="oauth", config=config, credential={"access_token": token})


class TestAMailbox:
    async def test_is_read_with_a_token(self, mail: Mail, context: Any) -> None:
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = "eve@shop.example", "ann@shop.example", "Order 7"
        letter.set_content("Please.")
        mail.deliver(letter.as_bytes())
        listen = trigger("email", {"begin": "unread"}, lambda port: allowed(port, "good"))
        batch = await listen(lambda **more: context(files=Drawer(), **more), mail.port, None)  # type: ignore[arg-type]  # no fault
        assert [event.payload["subject"] for event in batch.events] == ["Order 7"]

    async def test_says_that_a_token_does_not_hold(self, mail: Mail, context: Any) -> None:
        listen = trigger("email", {}, lambda port: allowed(port, "stale"))
        with pytest.raises(StepRefused, match="does not take the token") as refused:
            await listen(lambda **more: context(files=Drawer(), **more), mail.port, None)  # type: ignore[arg-type]  # no fault
        assert refused.value.error_code == "connection.expired"
        assert "flov7 connections login" in refused.value.hint

    @pytest.mark.parametrize(("token", "ok"), [("good", True), ("stale", False)])
    async def test_is_tried_by_the_connections_test(self, mail: Mail, context: Any, token: str, ok: bool) -> None:
        peer = allowed(mail.port, token)
        checked = await registry().runner("connection", "oauth").check(context(connection=peer))
        assert checked.ok is ok, checked

    async def test_without_a_user_says_what_is_missing(self, mail: Mail, context: Any) -> None:
        peer = allowed(mail.port, "good", user=None)
        checked = await registry().runner("connection", "oauth").check(context(connection=peer))
        assert "not complete" in checked.message and "`user`" in checked.hint
