"""Many requests in one step: lists in pieces, as many a second as allowed, again where they were turned away."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from flov7.kit.errors import StepFailed, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.turns import LocalTurns
from tests.primitives.conftest import RunCache

Call = Any
Serve = Any
Reply = Any
Connection = Any


class TestAListInPieces:
    async def test_goes_out_piece_by_piece_and_every_answer_is_kept(
        self, call: Call, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(200, {"took": len(seen.json["data"]["rows"])}))
        batch = {"items": [{"n": n} for n in range(5)], "size": 2, "into": "data.rows"}
        inputs = {"method": "POST", "url": server.url, "json": {"table": "t", "data": {"mode": "add"}}, "batch": batch}
        found = await call("action/api_call", inputs)
        assert found["body"] == {"answers": [{"took": 2}, {"took": 2}, {"took": 1}], "sent": 5, "requests": 3}
        assert server.seen[1].json == {"table": "t", "data": {"mode": "add", "rows": [{"n": 2}, {"n": 3}]}}

    async def test_may_be_the_whole_body(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(201))
        await call("action/api_call", {"method": "PUT", "url": server.url, "batch": {"items": [1, 2, 3], "size": 2}})
        assert [seen.json for seen in server.seen] == [[1, 2], [3]]

    async def test_that_is_empty_sends_nothing(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200))
        found = await call("action/api_call", {"method": "POST", "url": server.url, "batch": {"items": []}})
        assert (found["status"], found["body"]["requests"], server.seen) == (0, 0, [])

    async def test_has_a_key_for_each_piece(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200))
        inputs = {"method": "POST", "url": server.url, "idempotency": True, "batch": {"items": [1, 2], "size": 1}}
        await call("action/api_call", inputs, idempotency_key="k")
        assert [seen.headers["idempotency-key"] for seen in server.seen] == ["k.0", "k.1"]

    async def test_that_broke_off_in_the_middle_says_how_far_it_came(
        self, call: Call, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(400 if 3 in seen.json else 200, {"message": "no threes"}))
        inputs = {"method": "POST", "url": server.url, "batch": {"items": [1, 2, 3, 4], "size": 1}}
        with pytest.raises(StepFailed, match="2 of 4 items were sent") as failed:
            await call("action/api_call", inputs)
        assert not isinstance(failed.value, StepRefused | StepUnreachable)  # a part of it has happened
        assert (failed.value.error_code, failed.value.details["sent"]) == ("batch.partly", 2)
        assert "no threes" in failed.value.message

    async def test_goes_on_where_it_broke_off_when_the_attempt_is_repeated(
        self, call: Call, serve: Serve, reply: Reply
    ) -> None:
        broken = True
        server = await serve(lambda seen: reply(500 if broken and seen.json == [2] else 200, {"got": seen.json}))
        inputs = {
            "method": "PUT", "url": server.url, "batch": {"items": [1, 2], "size": 1}, "retries": {"attempts": 1},
        }  # fmt: skip
        cache = RunCache()
        with pytest.raises(StepFailed, match="500"):
            await call("action/api_call", inputs, cache=cache)
        broken = False
        found = await call("action/api_call", inputs, cache=cache)
        assert found["body"]["answers"] == [{"got": [1]}, {"got": [2]}]
        assert [seen.json for seen in server.seen] == [[1], [2], [2]]

    @pytest.mark.parametrize(
        ("more", "why"),
        [
            ({"mode": "graphql", "query": "{a}"}, "needs `into`"),
            ({"form": {"a": 1}}, "goes with `json`"),
            ({"json": {"a": 1}}, "say in `into`"),
            ({"method": "GET"}, "takes no body"),
        ],
    )
    async def test_that_does_not_fit_the_request_is_refused(self, call: Call, more: dict[str, Any], why: str) -> None:
        inputs = {"method": "POST", "url": "https://a.example", "batch": {"items": [1]}, **more}
        with pytest.raises(StepRefused, match=why):
            await call("action/api_call", inputs)


class TestTurns:
    async def test_keep_to_what_the_service_allows(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        server = await serve(lambda seen: reply(200))
        shop = connection("api_key", config={"base_url": server.url, "per_second": 20}, credential={"key": "k"})
        begun = time.monotonic()
        inputs = {"method": "POST", "url": "/", "batch": {"items": list(range(5)), "size": 1}}
        await call("action/api_call", inputs, connection=shop)
        assert time.monotonic() - begun >= 0.2
        assert len(server.seen) == 5

    async def test_are_shared_by_the_steps_of_one_account_and_not_by_others(self) -> None:
        now = 100.0
        turns = LocalTurns(clock=lambda: now)
        await turns.wait("a", per_second=0.5, patience=1)
        with pytest.raises(StepUnreachable, match=r"0\.5 requests") as refused:
            await turns.wait("a", per_second=0.5, patience=1)
        assert (refused.value.error_code, refused.value.retry_after) == ("outside.rate", 2.0)
        await turns.wait("b", per_second=0.5, patience=1)
        now = 102.0
        await turns.wait("a", per_second=0.5, patience=1)


class TestAskingAgain:
    async def test_waits_as_long_as_the_service_says(self, call: Call, serve: Serve, reply: Reply) -> None:
        answers = [reply(429, retry_after="1"), reply(200, {"ok": True})]
        server = await serve(lambda seen: answers.pop(0))
        begun = time.monotonic()
        inputs = {"method": "POST", "url": server.url, "retries": {"attempts": 2, "wait": 0}}
        found = await call("action/api_call", inputs)
        assert found["body"] == {"ok": True}
        assert time.monotonic() - begun >= 1
        assert len(server.seen) == 2

    async def test_is_left_to_the_engine_where_the_time_does_not_suffice(
        self, call: Call, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(429, retry_after="60"))
        with pytest.raises(StepUnreachable) as turned_away:
            await call("action/api_call", {"url": server.url, "retries": {}})
        assert (turned_away.value.retry_after, len(server.seen)) == (60, 1)

    @pytest.mark.parametrize(("method", "asked"), [("GET", 3), ("PUT", 3), ("POST", 1), ("DELETE", 1)])
    async def test_repeats_a_failure_only_where_that_does_no_harm(
        self, call: Call, serve: Serve, reply: Reply, method: str, asked: int
    ) -> None:
        server = await serve(lambda seen: reply(500))
        with pytest.raises(StepFailed):
            await call("action/api_call", {"method": method, "url": server.url, "retries": {"wait": 0.01}})
        assert len(server.seen) == asked

    async def test_repeats_a_write_that_the_step_calls_safe(self, call: Call, serve: Serve, reply: Reply) -> None:
        answers = [reply(500), reply(200)]
        server = await serve(lambda seen: answers.pop(0))
        inputs = {"method": "POST", "url": server.url, "effect": "idempotent", "retries": {"wait": 0.01}}
        await call("action/api_call", inputs)
        assert len(server.seen) == 2

    async def test_does_not_begin_a_list_again_for_one_page(self, call: Call, serve: Serve, reply: Reply) -> None:
        turned_away = [True]

        def answer(seen: Any) -> bytes:
            if "page=2" in seen.path and turned_away:
                turned_away.pop()
                return reply(429, retry_after="0")
            return reply(200, [1, 2] if "page=1" in seen.path or "page=2" in seen.path else [])

        server = await serve(answer)
        found = await call("action/api_call", {"url": server.url, "paging": {"by": "page", "param": "page"}})
        assert found["body"]["items"] == [1, 2, 1, 2]
        assert [seen.path for seen in server.seen] == ["/?page=1", "/?page=2", "/?page=2", "/?page=3"]

    async def test_a_write_that_timed_out_in_the_middle_stays_unknown(
        self, call: Call, serve: Serve, reply: Reply
    ) -> None:
        async def answer(seen: Any) -> bytes:
            if seen.json == [2]:
                await asyncio.sleep(5)
            return reply(200)

        server = await serve(answer)
        inputs = {"method": "POST", "url": server.url, "batch": {"items": [1, 2], "size": 1}}
        with pytest.raises(StepTimedOut, match="1 of 2 items"):
            await call("action/api_call", inputs, seconds=1.0)
