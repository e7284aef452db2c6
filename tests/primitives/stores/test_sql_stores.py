"""The promises of `db_query`, the same on every store that speaks SQL and of which a real one can be had."""

from __future__ import annotations

from typing import Any

import pytest

from flov7.kit.errors import StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.registry import registry

Store = Any
ALL = pytest.mark.parametrize("shop", ["postgres_shop", "mariadb_shop", "sqlite_shop"], indirect=True)


@ALL
class TestEveryStore:
    async def test_gives_rows_as_objects(self, store: Store, shop: Any) -> None:
        found = await store(shop, {"sql": "select id, customer from orders where id > $1 order by id", "params": [1]})
        assert found == {
            "rows": [{"id": 2, "customer": "Bo"}, {"id": 3, "customer": "Cy"}], "count": 2, "truncated": False,
        }  # fmt: skip

    async def test_takes_one_value_in_two_places(self, store: Store, shop: Any) -> None:
        sql = "select id from orders where customer = $2 or (customer = $1 and id < $3) or customer = $2"
        found = await store(shop, {"sql": sql, "params": ["Ann", "Bo", 2]})
        assert sorted(row["id"] for row in found["rows"]) == [1, 2]

    async def test_leaves_quoted_text_and_comments_alone(self, store: Store, shop: Any) -> None:
        sql = "select '$1 100% ?' as said, id from orders where customer like $1 -- $2 %s"
        assert (await store(shop, {"sql": sql, "params": ["A%"]}))["rows"] == [{"said": "$1 100% ?", "id": 1}]

    @pytest.mark.parametrize(
        "nasty", ["'; drop table orders; --", '" or 1=1 --', "\\' or 1=1 #", "%s $1 ?", "naïve 🚲"]
    )
    async def test_a_value_stays_a_value(self, store: Store, shop: Any, nasty: str) -> None:
        await store(shop, {"sql": "update orders set customer = $1 where id = $2", "params": [nasty, 1]})
        found = await store(shop, {"sql": "select id from orders where customer = $1", "params": [nasty]})
        assert found["rows"] == [{"id": 1}]
        assert (await store(shop, {"sql": "select count(*) as n from orders"}))["rows"] == [{"n": 3}]

    async def test_counts_what_it_changed(self, store: Store, shop: Any) -> None:
        found = await store(shop, {"sql": "update orders set total = total + 1 where id >= $1", "params": [2]})
        assert (found["rows"], found["count"]) == ([], 2)

    async def test_a_batch_is_all_or_nothing(self, store: Store, shop: Any) -> None:
        sql = "insert into orders (id, customer) values ($1, $2)"
        assert (await store(shop, {"sql": sql, "batch": [[4, "D"], [5, "E"]]}))["count"] == 2
        with pytest.raises(StepRefused):
            await store(shop, {"sql": sql, "batch": [[6, "F"], [1, "again"]]})
        found = await store(shop, {"sql": "select id from orders where id > 3 order by id"})
        assert [row["id"] for row in found["rows"]] == [4, 5]

    async def test_several_statements_are_one_transaction(self, store: Store, shop: Any) -> None:
        first = {"sql": "update orders set customer = $1 where id = 1", "params": ["Zoe"]}
        with pytest.raises(StepRefused):
            await store(shop, {"statements": [first, {"sql": "insert into orders (id) values (2)"}]})
        read = {"sql": "select customer from orders where id = $1", "params": [1]}
        assert (await store(shop, read))["rows"] == [{"customer": "Ann"}]
        done = await store(shop, {"statements": [first, read]})
        assert done["rows"] == [{"customer": "Zoe"}]

    async def test_more_rows_than_wanted_are_refused_or_cut(self, store: Store, shop: Any) -> None:
        read = {"sql": "select id from orders order by id", "max_rows": 2}
        with pytest.raises(StepRefused, match="more than 2 rows"):
            await store(shop, read)
        found = await store(shop, {**read, "cut": True})
        assert ([row["id"] for row in found["rows"]], found["truncated"]) == ([1, 2], True)

    @pytest.mark.parametrize(
        ("sql", "params"),
        [
            ("selec 1", []),
            ("select * from nowhere", []),
            ("select $1", []),
            ("select 1", [1]),
            ("select 1; select 2", []),
        ],
    )
    async def test_what_cannot_run_is_refused_in_words(
        self, store: Store, shop: Any, sql: str, params: list[Any]
    ) -> None:
        with pytest.raises(StepRefused) as refused:
            await store(shop, {"sql": sql, "params": params})
        assert len(refused.value.message) > 20

    async def test_an_operation_is_for_other_stores(self, store: Store, shop: Any) -> None:
        with pytest.raises(StepRefused, match="takes SQL") as refused:
            await store(shop, {"operation": "find", "about": "orders"})
        assert "`sql`" in (refused.value.hint or "")

    async def test_says_that_it_works(
        self, context: Any, store: Store, shop: Any, guard: Any, sqlite_folder: Any
    ) -> None:
        network = guard(allow=("127.0.0.0/8",), folders=(str(sqlite_folder),))
        checked = await registry().runner("connection", "database").check(context(connection=shop, outside=network))
        assert checked.ok, checked
        assert "answers" in checked.message


class TestMariadb:
    async def test_a_read_cannot_write(self, store: Store, mariadb_shop: Any, mariadb: Any) -> None:
        import pymysql

        with pymysql.connect(
            host="127.0.0.1", port=mariadb.port, user="flov7", password="secret", database="shop", autocommit=True
        ) as root:
            root.cursor().execute("drop function if exists sneaky")
            root.cursor().execute(
                "create function sneaky() returns int begin insert into orders (id) values (99); return 1; end"
            )
        with pytest.raises(StepRefused, match="looks like a read and wants to write"):
            await store(mariadb_shop, {"sql": "select sneaky()"})

    async def test_takes_and_gives_every_type(self, store: Store, mariadb_shop: Any) -> None:
        sql = "select cast($1 as decimal(10,2)) as d, $2 as t, cast($3 as datetime) as at, $4 as n, $5 as j, $6 as b"
        found = await store(
            mariadb_shop, {"sql": sql, "params": ["19.99", "é", "2027-01-31 09:00:00", None, {"a": [1]}, True]}
        )
        assert found["rows"] == [
            {"d": "19.99", "t": "é", "at": "2027-01-31T09:00:00", "n": None, "j": '{"a":[1]}', "b": 1}
        ]

    async def test_what_takes_too_long_is_ended(self, store: Store, mariadb_shop: Any) -> None:
        with pytest.raises(StepTimedOut):
            await store(mariadb_shop, {"sql": "select sleep(5) from orders"}, seconds=1.0)

    async def test_a_deadlock_changed_nothing_and_may_be_repeated(
        self, store: Store, mariadb_shop: Any, mariadb: Any
    ) -> None:
        import pymysql

        with pymysql.connect(
            host="127.0.0.1", port=mariadb.port, user="flov7", password="secret", database="shop"
        ) as other:
            other.cursor().execute("update orders set total = 0 where id = 1")
            with pytest.raises((StepUnreachable, StepTimedOut)):
                await store(
                    mariadb_shop,
                    {"statements": [
                        {"sql": "set session innodb_lock_wait_timeout = 1"},
                        {"sql": "update orders set total = 1 where id = 1"},
                    ]},
                )  # fmt: skip

    async def test_a_wrong_password_says_so(self, store: Store, mariadb_shop: Any) -> None:
        from dataclasses import replace

        wrong = replace(mariadb_shop, credential={"username": "flov7", "password": "wrong"})
        with pytest.raises(StepRefused, match="Access denied"):
            await store(wrong, {"sql": "select 1"})

    async def test_a_server_without_tls_says_so(self, store: Store, mariadb_shop: Any) -> None:
        from dataclasses import replace

        secure = replace(mariadb_shop, config={**mariadb_shop.config, "security": "verify"})
        with pytest.raises(StepRefused) as refused:
            await store(secure, {"sql": "select 1"})
        assert "security" in (refused.value.hint or "")

    async def test_nobody_at_home_may_be_repeated(self, store: Store, connection: Any) -> None:
        from tests.listen.programs import free_port

        nobody = connection("database", service="mysql", config={"host": "127.0.0.1", "port": free_port()})
        with pytest.raises(StepUnreachable):
            await store(nobody, {"sql": "select 1"})


class TestSqlite:
    async def test_a_file_outside_of_the_opened_folder_is_refused(
        self, store: Store, connection: Any, tmp_path: Any, sqlite_folder: Any
    ) -> None:
        (tmp_path / "secret.db").write_bytes(b"")
        (sqlite_folder / "link.db").symlink_to(tmp_path / "secret.db")
        for name in (tmp_path / "secret.db", sqlite_folder / ".." / "secret.db", sqlite_folder / "link.db"):
            away = connection("database", service="sqlite", config={"database": str(name)})
            with pytest.raises(StepRefused, match="may not open"):
                await store(away, {"sql": "select 1"})

    async def test_other_files_cannot_be_attached(self, store: Store, sqlite_shop: Any, tmp_path: Any) -> None:
        with pytest.raises(StepRefused):
            await store(sqlite_shop, {"sql": f"attach '{tmp_path}/x.db' as x"})
        assert not (tmp_path / "x.db").exists()

    async def test_an_endless_query_is_ended(self, store: Store, sqlite_shop: Any) -> None:
        sql = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as c from n"
        with pytest.raises(StepTimedOut):
            await store(sqlite_shop, {"sql": sql}, seconds=0.8)

    async def test_no_file_says_so(self, store: Store, connection: Any, sqlite_folder: Any) -> None:
        gone = connection("database", service="sqlite", config={"database": str(sqlite_folder / "gone.db")})
        with pytest.raises(StepRefused, match="cannot be opened"):
            await store(gone, {"sql": "select 1"})
