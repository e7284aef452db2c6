"""Enriching from a list and over HTTP: keys, rules for none and several, the run's memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flov7.kit.errors import StepFailed, StepRefused

Call = Any
Make = Any
Serve = Any
Reply = Any
ITEMS = [{"sku": "tea"}, {"sku": "pot"}, {"sku": "gone"}]
PRICES = [{"id": "tea", "price": 3}, {"id": "pot", "price": 40}, {"id": "pot", "price": 41}]


class TestFromAList:
    @pytest.mark.parametrize(
        ("rules", "found"),
        [
            ({}, [3, 40, None]),
            ({"none": "drop"}, [3, 40]),
        ],
    )
    async def test_puts_the_match_beside(self, call: Call, bound: Make, rules: Any, found: Any) -> None:
        inputs = {"from": "list", "items": ITEMS, "key": bound("item.sku"), "lookup": PRICES, "match": "id", **rules}
        output = await call("data/enrich", inputs)
        assert [each["found"] and each["found"]["price"] for each in output] == found

    async def test_gives_all_where_asked(self, call: Call, bound: Make) -> None:
        inputs = {
            "from": "list",
            "items": ITEMS,
            "key": bound("item.sku"),
            "lookup": PRICES,
            "match": "id",
            "several": "all",
        }
        assert [len(each["found"]) for each in await call("data/enrich", inputs)] == [1, 2, 0]

    @pytest.mark.parametrize(
        ("rules", "said"),
        [
            ({"none": "error"}, "Nothing was found for item 2, by the key `gone`"),
            ({"several": "error"}, "2 were found for item 1"),
        ],
    )
    async def test_fails_where_asked(self, call: Call, bound: Make, rules: Any, said: str) -> None:
        inputs = {"from": "list", "items": ITEMS, "key": bound("item.sku"), "lookup": PRICES, "match": "id", **rules}
        with pytest.raises(StepRefused, match=said):
            await call("data/enrich", inputs)

    async def test_takes_one_object_too(self, call: Call, bound: Make) -> None:
        inputs = {"from": "list", "items": ITEMS[0], "key": bound("item.sku"), "lookup": PRICES, "match": "id"}
        assert await call("data/enrich", inputs) == {"sku": "tea", "found": PRICES[0]}

    @pytest.mark.parametrize(("source", "needs"), [("list", "match"), ("http", "url"), ("sql", "sql")])
    async def test_says_what_is_missing(self, call: Call, bound: Make, source: str, needs: str) -> None:
        with pytest.raises(StepRefused, match=f"`from: {source}` needs `{needs}`"):
            await call("data/enrich", {"from": source, "items": [], "key": bound("1")})


class TestOverHttp:
    def inputs(self, url: str, bound: Make, **more: Any) -> dict[str, Any]:
        return {
            "from": "http",
            "items": ITEMS,
            "key": bound("item.sku"),
            "url": f"{url}/p/{{key}}",
            "at": "data",
            **more,
        }

    async def test_asks_once_for_each_key_and_remembers_it_in_the_run(
        self, call: Call, bound: Make, serve: Serve, reply: Reply, context: Any
    ) -> None:
        def answer(seen: Any) -> bytes:
            return reply(404) if "gone" in seen.path else reply(200, {"data": {"name": seen.path}})

        server = await serve(answer)
        inputs = self.inputs(server.url, bound, items=[*ITEMS, *ITEMS])
        cache = context().cache
        first = await call("data/enrich", inputs, cache=cache)
        again = await call("data/enrich", inputs, cache=cache)
        assert first == again
        assert [each["found"] for each in first[:3]] == [{"name": "/p/tea"}, {"name": "/p/pot"}, None]
        assert len(server.seen) == 3

    async def test_another_run_asks_again(self, call: Call, bound: Make, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200, {"data": 1}))
        for _ in range(2):
            await call("data/enrich", self.inputs(server.url, bound, items=[{"sku": "a/b ?"}]))
        assert [seen.path for seen in server.seen] == ["/p/a%2Fb%20%3F"] * 2

    async def test_one_failure_fails_the_step_and_ends_the_others(
        self, call: Call, bound: Make, serve: Serve, reply: Reply
    ) -> None:
        async def answer(seen: Any) -> bytes:
            if "tea" in seen.path:
                return reply(500, "broken")
            await asyncio.sleep(3)
            return reply(200, {})

        server = await serve(answer)
        begun = asyncio.get_running_loop().time()
        with pytest.raises(StepFailed, match="answered 500"):
            await call("data/enrich", self.inputs(server.url, bound))
        assert asyncio.get_running_loop().time() - begun < 2

    async def test_needs_a_place_for_the_key(self, call: Call, bound: Make) -> None:
        inputs = {**self.inputs("", bound), "url": "https://x.example/p"}
        with pytest.raises(StepRefused, match=r"needs `\{key\}`"):
            await call("data/enrich", inputs)
