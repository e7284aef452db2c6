"""Run one SQL statement on a database.

Values go into `params`, never into the text: `select * from orders where id = $1`. Numbers, texts, lists and
objects are converted to what the column wants. A statement that only reads runs in a read-only transaction, so
it cannot write whatever it calls; any other one in a transaction of its own. More rows than `max_rows` is an
error, or with `cut: true` the first ones are kept and `truncated` says so.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.language.effects import BySql, Effect, of_sql
from flov7.primitives.actions.db_query import postgres
from flov7.primitives.declare import Context, Json, Kind, KindInputs, KindOutputs

SqlText = Annotated[str, Field(min_length=1, max_length=100_000)]


class Inputs(KindInputs):
    """The statement and its values."""

    sql: SqlText = Field(
        description="One statement, with `$1`, `$2` … where values go.", examples=["select * from orders where id = $1"]
    )
    params: list[Json] = Field(default_factory=list, description="The values, in their order.")
    max_rows: int = Field(default=1000, ge=1, le=100_000, description="More rows than this is an error.")
    cut: bool = Field(default=False, description="Keep the first `max_rows` instead.")


class Outputs(KindOutputs):
    """What the statement gave."""

    rows: list[dict[str, Any]] = Field(description="The rows: column name to value.")
    count: int = Field(description="Rows returned, or changed where none is returned.")
    truncated: bool = Field(default=False, description="Whether there were more rows than `max_rows`.")


async def run(context: Context, inputs: Inputs) -> Outputs:
    """Runs the statement. Raises step errors that say whether it can have happened."""
    if context.connection is None:
        raise StepRefused("A query needs a connection to a database.", hint="Add one and name it in `connection`.")
    reads = of_sql(inputs.sql) is Effect.READ
    result = await postgres.execute(
        context,
        context.connection,
        sql=inputs.sql,
        params=inputs.params,
        max_rows=inputs.max_rows,
        reads=reads,
        cut=inputs.cut,
    )
    return Outputs(rows=result.rows, count=result.count, truncated=result.truncated)


KIND = Kind(
    title="Database query",
    icon="database",
    summary="Read from or write to a database with one SQL statement.",
    confused_with="`enrich` looks many items up at once; `api_call` for services without SQL.",
    examples=("Look the customer up in the database", "Insert the order into the table"),
    synonyms=("sql", "postgres", "database", "select", "insert", "query", "store", "save"),
    lowering=Lowering.CALL,
    effect=BySql(field="sql"),
    target_fields=("sql",),
    timeout=30.0,
    connection=ConnectionNeed(kinds=("database",), required=True),
)
