"""What a service can do wrong, and what a step then says: a code, what happened, what to do, whether a repeat helps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from flov7.kit.errors import FlowError, StepFailed, StepRefused, StepUnreachable
from flov7.primitives.connectors.operation import Auth, Fails, Operation, Paging, Take
from flov7.primitives.connectors.running import run_operation
from flov7.primitives.declare import ConnectionValue, Context
from tests.primitives.conftest import HttpServer, Seen

KEY = "sk-very-secret-key"


def operation(**more: Any) -> Operation:
    fields: dict[str, Any] = {
        "service": "shop", "base": "{url}/bot{key}", "method": "GET", "path": "/orders/{id}",
        "fields": (Take(name="id", where="path", type="string", required=True), Take(name="q", where="query", type="string")),
        "auth": {"api_key": Auth(headers={"Authorization": "Bearer {key}"})},
    }  # fmt: skip
    return Operation(**{**fields, **more})


def connection(url: str, **more: Any) -> ConnectionValue:
    fields: dict[str, Any] = {
        "name": "shop_key",
        "kind": "api_key",
        "service": "shop",
        "config": {"url": url},
        "credential": {"key": KEY},
    }
    return ConnectionValue(**{**fields, **more})


@pytest.fixture
def ask(serve: Callable[..., Awaitable[HttpServer]], context: Callable[..., Context]) -> Callable[..., Awaitable[Any]]:
    """`await ask(answer, operation(), {...})` over a real socket."""

    async def run(
        answer: bytes | Callable[[Seen], bytes], called: Operation, inputs: dict[str, Any] | None = None, **more: Any
    ) -> Any:
        server = await serve((lambda _: answer) if isinstance(answer, bytes) else answer)
        held = connection(server.url, **more.pop("connection", {}))
        return await run_operation(context(connection=held, **more), called, {"id": "7"} if inputs is None else inputs)

    return run


class TestAnAnswerThatIsWrong:
    @pytest.mark.parametrize(
        ("status", "headers", "code", "kind", "words"),
        [
            (400, {}, "step.refused", StepRefused, ""),
            (401, {}, "connection.expired", StepRefused, "flov7 connections rotate shop_key"),
            (402, {}, "connection.quota", StepRefused, "quota"),
            (403, {}, "connection.not_enough", StepRefused, "not for this"),
            (403, {"x_ratelimit_remaining": "0"}, "step.unreachable", StepUnreachable, "later"),
            (404, {}, "step.refused", StepRefused, "address"),
            (422, {}, "step.refused", StepRefused, "values"),
            (429, {"retry_after": "7"}, "step.unreachable", StepUnreachable, "later"),
            (500, {}, "step.failed", StepFailed, "trouble of its own"),
            (503, {"retry_after": "3"}, "step.unreachable", StepUnreachable, "later"),
        ],
    )
    async def test_by_its_status(
        self, ask: Any, reply: Any, status: int, headers: dict[str, str], code: str, kind: type[FlowError], words: str
    ) -> None:
        with pytest.raises(kind) as told:
            await ask(reply(status, {"message": "so it is"}, **headers), operation())
        assert told.value.error_code == code
        assert "so it is" in told.value.message and words in told.value.hint
        assert told.value.retryable == (kind is not StepRefused)

    async def test_half_an_answer(self, ask: Any) -> None:
        with pytest.raises(StepFailed) as told:
            await ask(
                b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"a": 1', operation()
            )
        assert told.value.retryable

    async def test_json_that_is_none(self, ask: Any) -> None:
        with pytest.raises(StepFailed) as told:
            await ask(
                b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n{"a":', operation()
            )
        assert told.value.error_code == "answer.broken" and told.value.retryable

    async def test_another_charset(self, ask: Any) -> None:
        body = '{"name": "Müller"}'.encode("latin-1")
        head = (
            f"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=latin-1\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        assert await ask(head.encode() + body, operation()) == {"name": "Müller"}

    async def test_nobody_there(self, context: Callable[..., Context]) -> None:
        with pytest.raises(StepUnreachable):
            await run_operation(context(connection=connection("http://127.0.0.1:9")), operation(), {"id": "7"})

    async def test_a_list_that_is_none(self, ask: Any, reply: Any) -> None:
        with pytest.raises(StepFailed) as told:
            await ask(reply(200, {"items": "many"}), operation(items="items"))
        assert told.value.error_code == "answer.shape"

    @pytest.mark.parametrize(
        ("said", "code", "again"),
        [
            ("invalid_auth", "connection.expired", False),
            ("ratelimited", "step.limited", True),
            ("no_such_channel", "step.refused", False),
        ],
    )
    async def test_under_a_good_status(self, ask: Any, reply: Any, said: str, code: str, again: bool) -> None:
        fails = Fails(unless="ok", say="error", expired=("invalid_auth",), limited=("ratelimited",))
        with pytest.raises(FlowError) as told:
            await ask(reply(200, {"ok": False, "error": said}), operation(fails=fails))
        assert (told.value.error_code, told.value.retryable) == (code, again)
        assert said in told.value.message


class TestSecrets:
    @pytest.mark.parametrize("status", [400, 401, 404, 500])
    async def test_are_in_no_error_even_where_the_address_and_the_answer_hold_them(
        self, ask: Any, reply: Any, status: int
    ) -> None:
        with pytest.raises(FlowError) as told:
            await ask(reply(status, {"message": f"the key {KEY} is wrong"}), operation())
        assert KEY not in str(told.value.as_json()) and KEY not in str(told.value)

    async def test_never_follow_a_page_to_another_host(self, ask: Any, reply: Any) -> None:
        paging = Paging(by="next", read="next")
        with pytest.raises(StepRefused) as told:
            await ask(
                reply(200, {"items": [1], "next": "http://evil.example/x"}), operation(items="items", paging=paging)
            )
        assert told.value.error_code == "connection.other_host"

    async def test_of_another_kind_of_connection_are_not_taken(self, ask: Any, reply: Any) -> None:
        with pytest.raises(StepRefused) as told:
            await ask(reply(200, {}), operation(), connection={"kind": "api"})
        assert told.value.error_code == "connection.wrong_service" and "`api_key`" in told.value.message

    async def test_that_are_not_whole_say_what_is_missing(self, ask: Any, reply: Any) -> None:
        with pytest.raises(StepRefused) as told:
            await ask(reply(200, {}), operation(base="{url}"), connection={"credential": {}})
        assert told.value.error_code == "connection.incomplete" and "`key`" in told.value.message


class TestFields:
    @pytest.mark.parametrize("value", ["..", ".", "", None, {"a": 1}, ["x"]])
    async def test_cannot_lead_the_address_elsewhere(self, ask: Any, reply: Any, value: Any) -> None:
        with pytest.raises(StepRefused) as told:
            await ask(reply(200, {}), operation(), {"id": value})
        assert told.value.error_code == "inputs.invalid"

    async def test_are_quoted_in_the_address(self, ask: Any, reply: Any) -> None:
        seen: list[str] = []

        def answer(request: Seen) -> bytes:
            seen.append(request.path)
            return reply(200, {})

        await ask(answer, operation(), {"id": "a/../b?c=d#e", "q": "x&y=z"})
        assert seen == [f"/bot{KEY}/orders/a%2F..%2Fb%3Fc%3Dd%23e?q=x%26y%3Dz"]

    async def test_cannot_begin_another_header(self, ask: Any, reply: Any) -> None:
        fields = (*operation().fields, Take(name="h", where="header", type="string", wire="X-H"))
        with pytest.raises(StepRefused):
            await ask(reply(200, {}), operation(fields=fields), {"id": "7", "h": "a\r\nX-Evil: 1"})

    async def test_that_are_unknown_or_of_a_wrong_type_are_all_named(self, ask: Any, reply: Any) -> None:
        with pytest.raises(StepRefused) as told:
            await ask(reply(200, {}), operation(), {"q": ["no", "text"], "z": 1})
        assert {one["field"] for one in told.value.details["problems"]} == {"id", "q", "z"}

    async def test_a_setting_in_the_hosts_place_can_only_be_a_host(self, ask: Any, reply: Any) -> None:
        for evil in ("evil.example/x?", "a@b", "acme.com#", "x y"):
            with pytest.raises(StepRefused) as told:
                await ask(
                    reply(200, {}), operation(base="https://{site}.example.com"), connection={"config": {"site": evil}}
                )
            assert told.value.error_code == "connection.incomplete"


class TestPages:
    async def test_the_same_page_twice_ends(self, ask: Any, reply: Any) -> None:
        with pytest.raises(StepFailed) as told:
            await ask(
                reply(200, {"items": [1], "next": "same"}),
                operation(items="items", paging=Paging(by="cursor", read="next", param="c")),
            )
        assert told.value.error_code == "answer.pages"

    async def test_are_read_until_there_are_enough(self, ask: Any, reply: Any) -> None:
        def answer(request: Seen) -> bytes:
            page = int(request.path.rpartition("page=")[2]) if "page=" in request.path else 1
            return reply(200, {"items": list(range(page * 10, page * 10 + 3))})

        paging = Paging(by="page", param="page", size="n", most=3)
        found = await ask(answer, operation(items="items", paging=paging), {"id": "7", "limit": 7})
        assert found == {"items": [10, 11, 12, 20, 21, 22, 30], "more": True}

    @pytest.mark.parametrize("limit", [0, -1, "ten", True])
    async def test_a_limit_that_is_none_is_refused(self, ask: Any, reply: Any, limit: Any) -> None:
        with pytest.raises(StepRefused):
            await ask(reply(200, {}), operation(items="items"), {"id": "7", "limit": limit})


class TestTheKey:
    async def test_is_sent_where_the_service_takes_one(self, ask: Any, reply: Any) -> None:
        seen: list[str | None] = []

        def answer(request: Seen) -> bytes:
            seen.append(request.headers.get("x-request-key"))
            return reply(200, {})

        await ask(answer, operation(method="POST", key="X-Request-Key"), idempotency_key="run-1/step")
        assert seen == ["run-1/step"]
