"""Read from or write to a database: PostgreSQL, MySQL, MariaDB, SQLite, SQL Server, Supabase, MongoDB, Redis,
Elasticsearch, OpenSearch.

The connection's `service` says which. Those with SQL take `sql`; values go into `params`, never into the text:
`select * from orders where id = $1`, in all of them. Numbers, texts, lists and objects are converted to what the
column wants. A statement that only reads runs in a read-only transaction, so it cannot write whatever it calls; any
other one in a transaction of its own. `batch` runs the statement once for each row of values, `statements` several
after one another: both all or nothing.

The others take `operation`, `about` (the collection, index or table) and `args`: `find` in MongoDB, `search` in
Elasticsearch, a command such as `get` in Redis. More rows than `max_rows` is an error, or with `cut: true` the first
ones are kept and `truncated` says so.

MongoDB, SQL Server, Elasticsearch and Supabase's REST interface were not tried on a real server.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.language.effects import ByCase, BySql, Effect, of_sql
from flov7.primitives.actions.db_query import stores
from flov7.primitives.actions.db_query.operations import EFFECTS
from flov7.primitives.actions.db_query.work import Order, Result, Statement, Work
from flov7.primitives.declare import Context, Json, Kind, KindInputs, KindOutputs

SqlText = Annotated[str, Field(min_length=1, max_length=100_000)]


class OneOfMany(KindInputs):
    """One statement of several."""

    sql: SqlText = Field(description="One statement, with `$1`, `$2` … where values go.")
    params: list[Json] = Field(default_factory=list, description="The values, in their order.")


class Inputs(KindInputs):
    """The statement and its values, or the operation."""

    sql: SqlText | None = Field(
        default=None,
        description="One statement, with `$1`, `$2` … where values go.",
        examples=["select * from orders where id = $1"],
    )
    params: list[Json] = Field(default_factory=list, description="The values, in their order.")
    batch: list[list[Json]] | None = Field(
        default=None, max_length=10_000, description="Rows of values: the statement runs once for each, all or nothing."
    )
    statements: list[OneOfMany] | None = Field(
        default=None, min_length=1, max_length=100, description="Several statements in one transaction."
    )
    operation: str | None = Field(
        default=None, max_length=40, description="For stores without SQL: what to do.", examples=["find", "get"]
    )
    about: str | None = Field(
        default=None, max_length=300, description="For stores without SQL: the collection, index or table."
    )
    args: Json = Field(default=None, description="What the operation takes; for Redis the list of its words.")
    max_rows: int = Field(default=1000, ge=1, le=100_000, description="More rows than this is an error.")
    cut: bool = Field(default=False, description="Keep the first `max_rows` instead.")

    @model_validator(mode="after")
    def _one_way(self) -> Inputs:
        if sum(one is not None for one in (self.sql, self.statements, self.operation)) != 1:
            raise ValueError("give one of `sql`, `statements` and `operation`")
        if self.batch is not None and (self.sql is None or self.params):
            raise ValueError("`batch` goes with `sql` and without `params`")
        return self


class Outputs(KindOutputs):
    """What came back."""

    rows: list[dict[str, Any]] = Field(description="The rows: column name to value.")
    count: int = Field(description="Rows returned, or changed where none is returned.")
    truncated: bool = Field(default=False, description="Whether there were more rows than `max_rows`.")


async def run(context: Context, inputs: Inputs) -> Outputs:
    """Runs it. Raises step errors that say whether it can have happened."""
    if context.connection is None:
        raise StepRefused("A query needs a connection to a database.", hint="Add one and name it in `connection`.")
    if inputs.operation is not None:
        order = Order(
            operation=inputs.operation,
            about=inputs.about,
            args=inputs.args,
            max_rows=inputs.max_rows,
            cut=inputs.cut,
        )
        return _out([await stores.operate(context, context.connection, order)])
    statements = _statements(inputs)
    reads = all(of_sql(one.sql) is Effect.READ for one in statements)
    work = Work(statements=statements, reads=reads, max_rows=inputs.max_rows, cut=inputs.cut)
    return _out(await stores.execute(context, context.connection, work))


def _statements(inputs: Inputs) -> list[Statement]:
    if inputs.statements is not None:
        return [Statement(sql=one.sql, params=one.params) for one in inputs.statements]
    rows = [inputs.params] if inputs.batch is None else inputs.batch
    return [Statement(sql=inputs.sql or "", params=row) for row in rows]


def _out(results: list[Result]) -> Outputs:
    """One answer for all: the rows of the last that gave some, and what all of them changed."""
    if len(results) == 1:
        return Outputs(rows=results[0].rows, count=results[0].count, truncated=results[0].truncated)
    rows = [row for result in results for row in result.rows]
    return Outputs(rows=rows, count=sum(one.count for one in results), truncated=any(one.truncated for one in results))


KIND = Kind(
    title="Database query",
    icon="database",
    summary="Read from or write to a database: a SQL statement, or an operation of a store without SQL.",
    confused_with="`enrich` looks many items up at once; `api_call` for services without SQL.",
    examples=("Look the customer up in the database", "Insert the order into the table"),
    synonyms=("sql", "postgres", "mysql", "mongodb", "redis", "database", "select", "insert", "query", "store", "save"),
    lowering=Lowering.CALL,
    effect=ByCase(field="operation", cases=EFFECTS, absent=BySql(field="sql"), otherwise=Effect.WRITE),
    target_fields=("sql", "operation", "about"),
    timeout=30.0,
    connection=ConnectionNeed(kinds=("database",), required=True),
)
