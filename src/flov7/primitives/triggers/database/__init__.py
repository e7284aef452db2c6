"""Start when rows of a table are added, changed or removed.

Three ways, chosen by what is given:

- `log` (PostgreSQL, where neither `watermark` nor `channel` is given): the database's own log of changes. It sees every
  insert, update and delete, once each, also those made while nobody listened. The server needs
  `wal_level = logical`, the user `REPLICATION` and to own the table. A slot is made when the workflow goes live and
  dropped when it is deactivated; while nobody listens for long, the server keeps its log for us, which takes disk.
  What was in a row before is seen as far as the table's `REPLICA IDENTITY` says; by default that is its key.
- `poll` (any database, where `watermark` is given): asks for rows whose `watermark` is beyond the last one seen. With a
  number that only grows it sees inserts; with a time of the last change it sees inserts and updates, without telling
  them apart, and of several changes between two looks only the last. **It never sees deletes.** Rows that are
  committed late are found among the last `overlap` rows; what is further behind is missed.
- `notify` (PostgreSQL, where `channel` is given): messages of `NOTIFY`. PostgreSQL keeps none: what is sent while
  nobody listens is lost.

The trigger's `when` filters: `when: row.total > 1000`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal

from pydantic import Field, model_validator

from flov7.kit.durations import seconds
from flov7.kit.errors import StepRefused
from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.primitives.declare import Kind, KindInputs, KindOutputs
from flov7.primitives.fields import Duration
from flov7.primitives.triggers.database import log, notify, polling
from flov7.primitives.triggers.database.polling import Looking
from flov7.primitives.watching import Batch, WatchContext

_NAME = r"^[A-Za-z_][A-Za-z0-9_$]{0,62}(\.[A-Za-z_][A-Za-z0-9_$]{0,62})?$"
_POSTGRES = ("postgres", "postgresql", "supabase", "database", None)
_POLLED = {"mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}


class Inputs(KindInputs):
    """What it looks at."""

    table: str | None = Field(
        default=None, pattern=_NAME, description="The table, with its schema where needed.", examples=["orders"]
    )
    events: list[Literal["insert", "update", "delete"]] = Field(
        default_factory=lambda: ["insert", "update", "delete"],
        min_length=1,
        description="Which changes; polling tells none apart and never sees `delete`.",
        examples=[["insert"]],
    )
    watermark: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_$]{0,62}$",
        description="For polling: a column that grows with every insert (an id) or change (a time).",
        examples=["updated_at"],
    )
    key: str = Field(
        default="id", pattern=r"^[A-Za-z_][A-Za-z0-9_$]{0,62}$", description="For polling: the column that names a row."
    )
    every: Duration = Field(default="5s", description="For polling: how often it looks.")
    overlap: int = Field(
        default=100, ge=1, le=400, description="For polling: how many of the last rows are looked at again."
    )
    begin: Literal["now", "first"] = Field(
        default="now", description="For polling: begin with what comes from now on, or with the first row."
    )
    channel: str | None = Field(
        default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_$]{0,62}$", description="A channel of PostgreSQL's `NOTIFY`."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Inputs:
        if self.channel is not None and (self.table is not None or self.watermark is not None):
            raise ValueError("`channel` hears NOTIFY and goes without `table` and `watermark`")
        if self.channel is None and self.table is None:
            raise ValueError("give `table`, or `channel` for PostgreSQL's NOTIFY")
        if self.watermark is not None and self.events == ["delete"]:
            raise ValueError("polling never sees deletes; leave `watermark` out to read PostgreSQL's log")
        return self

    @property
    def way(self) -> Literal["log", "poll", "notify"]:
        """How it is looked at."""
        if self.channel is not None:
            return "notify"
        return "log" if self.watermark is None else "poll"


class Outputs(KindOutputs):
    """The payload."""

    operation: Literal["insert", "update", "delete", "change", "notify"] = Field(
        description="What happened; `change` where polling cannot tell."
    )
    table: str | None = Field(description="The table, with its schema.")
    row: Any = Field(description="The row as it is now, the key of a deleted one, or what NOTIFY said.")
    before: dict[str, Any] | None = Field(description="What the log says of the row before.")
    at: str | None = Field(description="When it was committed, where that is known.")


KIND = Kind(
    title="Database change",
    icon="database",
    summary="A row is added, changed or removed.",
    confused_with="`schedule` with a `db_query` where a report is due at a time.",
    examples=("When a row is added to the orders table", "When a customer's record changes in the database"),
    synonyms=("row", "table", "insert", "postgres", "mysql", "sqlite", "change data capture", "database change"),
    lowering=Lowering.START,
    connection=ConnectionNeed(kinds=("database",), required=True),
)


def source(inputs: Inputs) -> Any:
    """How often it looks may change; what is looked at may not."""
    return [inputs.way, inputs.table, sorted(inputs.events), inputs.watermark, inputs.key, inputs.channel]


async def subscribe(context: WatchContext, inputs: Inputs) -> Any:
    """Makes the slot, or finds where to begin."""
    service = _service(context, inputs)
    match inputs.way:
        case "log":
            await log.open_slot(context, table=str(inputs.table), events=inputs.events)
            return None
        case "notify":
            await notify.check(context)
            return None
        case "poll":
            return await polling.beginning(context, _looking(service, inputs), first=inputs.begin == "first")


async def unsubscribe(context: WatchContext, inputs: Inputs) -> None:
    """Drops the slot, so that the server need not keep its log for us."""
    if inputs.way == "log":
        await log.close_slot(context)


async def watch(context: WatchContext, inputs: Inputs) -> AsyncGenerator[Batch, None]:
    """Changes, as the database shows them."""
    service = _service(context, inputs)
    match inputs.way:
        case "log":
            found = log.changes(context)
        case "notify":
            found = notify.messages(context, channel=str(inputs.channel))
        case "poll":
            found = polling.rows(context, _looking(service, inputs))
    async with aclosing(found) as batches:
        async for batch in batches:
            yield batch


def _looking(service: str, inputs: Inputs) -> Looking:
    return Looking(
        service=service,
        table=str(inputs.table),
        watermark=str(inputs.watermark),
        key=inputs.key,
        every=max(0.05, seconds(inputs.every)),
        overlap=inputs.overlap,
    )


def _service(context: WatchContext, inputs: Inputs) -> str:
    """Which database it is. Raises StepRefused where that way is not one of its ways."""
    service = None if context.connection is None else context.connection.service
    if service in _POSTGRES:
        return "postgres"
    if service not in _POLLED:
        raise StepRefused(
            f"Changes in `{service}` are not heard here; PostgreSQL, MySQL, MariaDB and SQLite are.",
            hint="Use a `schedule` trigger with `db_query`.",
            code="database.not_heard",
        )
    if inputs.way != "poll":
        raise StepRefused(
            f"`{service}` is looked at by polling, and that needs `watermark`.",
            hint="Name a column that grows with every insert or change, as in `watermark: updated_at`.",
            code="database.needs_watermark",
        )
    return _POLLED[str(service)]
