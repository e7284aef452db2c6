"""Stores without SQL: Valkey for real; Elasticsearch and Supabase by what their pages say a request looks like."""

from __future__ import annotations

from typing import Any

import pytest

from flov7.kit.errors import StepRefused, StepUnreachable
from flov7.language.effects import Effect, resolve
from flov7.primitives.actions.db_query.work import Statement, marked
from flov7.primitives.registry import registry

Store = Any


class TestValkey:
    async def test_keeps_and_gives_values(self, store: Store, valkey: Any) -> None:
        await store(valkey, {"operation": "del", "args": ["a", "h", "l"]})
        assert (await store(valkey, {"operation": "set", "args": ["a", {"x": 1}]}))["rows"] == [{"value": "OK"}]
        assert (await store(valkey, {"operation": "get", "args": ["a"]}))["rows"] == [{"value": '{"x":1}'}]
        assert await store(valkey, {"operation": "get", "args": ["b"]}) == {"rows": [], "count": 0, "truncated": False}

    async def test_gives_hashes_and_lists_as_rows(self, store: Store, valkey: Any) -> None:
        await store(valkey, {"operation": "hset", "args": ["h", "name", "Ann", "n", 2]})
        await store(valkey, {"operation": "del", "args": ["l"]})
        await store(valkey, {"operation": "rpush", "args": ["l", "x", "y"]})
        assert (await store(valkey, {"operation": "hgetall", "args": ["h"]}))["rows"] == [{"name": "Ann", "n": "2"}]
        rows = (await store(valkey, {"operation": "lrange", "args": ["l", 0, -1]}))["rows"]
        assert rows == [{"value": "x"}, {"value": "y"}]

    @pytest.mark.parametrize("name", ["eval", "config", "flushall", "keys", "script", "shutdown", "nothing"])
    async def test_commands_that_reach_further_are_refused(self, store: Store, valkey: Any, name: str) -> None:
        with pytest.raises(StepRefused, match="no command"):
            await store(valkey, {"operation": name, "args": ["x"]})

    async def test_a_wrong_type_is_told(self, store: Store, valkey: Any) -> None:
        await store(valkey, {"operation": "set", "args": ["text", "a"]})
        with pytest.raises(StepRefused, match="WRONGTYPE"):
            await store(valkey, {"operation": "lpush", "args": ["text", "a"]})

    async def test_sql_is_for_other_stores(self, store: Store, valkey: Any) -> None:
        with pytest.raises(StepRefused, match="takes no SQL"):
            await store(valkey, {"sql": "select 1"})

    async def test_nobody_at_home_may_be_repeated(self, store: Store, connection: Any) -> None:
        from tests.listen.programs import free_port

        nobody = connection(
            "database", service="redis", config={"host": "127.0.0.1", "port": free_port(), "security": "none"}
        )
        with pytest.raises(StepUnreachable):
            await store(nobody, {"operation": "get", "args": ["a"]})

    async def test_says_that_it_works(self, context: Any, valkey: Any) -> None:
        checked = await registry().runner("connection", "database").check(context(connection=valkey))
        assert (checked.ok, checked.message) == (True, "Redis answers and lets us in.")


class TestElasticsearch:
    @pytest.mark.parametrize(
        ("order", "method", "path", "body"),
        [
            ({"operation": "search", "args": {"query": {"match_all": {}}}}, "POST", "/orders/_search",
             {"size": 1001, "query": {"match_all": {}}}),
            ({"operation": "get", "args": {"id": "a/b"}}, "GET", "/orders/_doc/a%2Fb", None),
            ({"operation": "index", "args": {"id": 1, "document": {"a": 1}}}, "PUT", "/orders/_doc/1", {"a": 1}),
            ({"operation": "index", "args": {"document": {"a": 1}}}, "POST", "/orders/_doc", {"a": 1}),
            ({"operation": "create", "args": {"id": 1, "document": {"a": 1}}}, "PUT", "/orders/_create/1", {"a": 1}),
            ({"operation": "update", "args": {"id": 1, "document": {"a": 1}}}, "POST", "/orders/_update/1",
             {"doc": {"a": 1}}),
            ({"operation": "delete", "args": {"id": 1}}, "DELETE", "/orders/_doc/1", None),
        ],
    )  # fmt: skip
    async def test_asks_as_its_reference_says(
        self, store: Store, connection: Any, serve: Any, reply: Any, order: Any, method: str, path: str, body: Any
    ) -> None:
        server = await serve(lambda seen: reply(200, {"hits": {"hits": []}, "result": "updated", "_id": "1"}))
        elastic = connection(
            "database",
            service="elasticsearch",
            config={"host": "127.0.0.1", "port": server.port, "security": "none"},
            credential={"key": "k"},
        )
        await store(elastic, {"about": "orders", **order})
        seen = server.seen[0]
        assert (seen.method, seen.path, seen.headers["authorization"]) == (method, path, "ApiKey k")
        assert (seen.json if seen.body else None) == body

    async def test_a_document_that_is_not_there_is_no_row(
        self, store: Store, connection: Any, serve: Any, reply: Any
    ) -> None:
        server = await serve(lambda seen: reply(404, {"_index": "orders", "_id": "9", "found": False}))
        config = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        elastic = connection("database", service="opensearch", config=config)
        found = await store(elastic, {"operation": "get", "about": "orders", "args": {"id": 9}})
        assert found == {"rows": [], "count": 0, "truncated": False}


class TestSupabase:
    async def test_over_rest_asks_as_postgrest_says(
        self, store: Store, connection: Any, serve: Any, reply: Any
    ) -> None:
        server = await serve(lambda seen: reply(200, [{"id": 1}]))
        supabase = connection("database", service="supabase", credential={"url": server.url, "key": "anon"})
        found = await store(
            supabase,
            {"operation": "update", "about": "orders", "args": {"filters": {"id": "eq.1"}, "rows": {"ok": True}}},
        )
        seen = server.seen[0]
        assert (seen.method, seen.path) == ("PATCH", "/rest/v1/orders?id=eq.1")
        assert (seen.headers["apikey"], seen.headers["prefer"], seen.json) == (
            "anon",
            "return=representation",
            {"ok": True},
        )
        assert found["rows"] == [{"id": 1}]

    @pytest.mark.parametrize("operation", ["update", "delete"])
    async def test_every_row_at_once_is_refused(self, store: Store, connection: Any, operation: str) -> None:
        supabase = connection("database", service="supabase", credential={"url": "https://x.supabase.co", "key": "k"})
        with pytest.raises(StepRefused, match="every row"):
            await store(supabase, {"operation": operation, "about": "orders", "args": {"rows": {"a": 1}}})


class TestEffects:
    @pytest.mark.parametrize(
        ("config", "effect"),
        [
            ({"sql": "select 1"}, Effect.READ),
            ({"sql": "insert into a values (1)"}, Effect.WRITE),
            ({"operation": "find"}, Effect.READ),
            ({"operation": "GET"}, Effect.READ),
            ({"operation": "set"}, Effect.IDEMPOTENT),
            ({"operation": "delete_many"}, Effect.IRREVERSIBLE),
            ({"operation": "insert_one"}, Effect.WRITE),
            ({"operation": "{{ what }}"}, Effect.WRITE),
            ({"statements": [{"sql": "select 1"}]}, Effect.WRITE),
        ],
    )
    def test_follow_from_what_is_done(self, config: dict[str, Any], effect: Effect) -> None:
        assert resolve(registry().runner("action", "db_query").kind.effect, config) is effect


def test_places_are_found_outside_of_quotes_only() -> None:
    statement = Statement(sql="select $2, '$1', \"$1\", $1 /* $3 */ -- $4", params=["a", "b"])
    assert marked(statement, mark="?") == ("select ?, '$1', \"$1\", ? /* $3 */ -- $4", ["b", "a"])
