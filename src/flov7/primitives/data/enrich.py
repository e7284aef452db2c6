"""Look something up for each item and put it beside.

`from` says where: `list` (another step's list, `lookup`), `http` (`url` with `{key}` in it) or `sql` (`sql` with
`$1` for the key; it must only read). `key` is an expression over `item`. What was found goes under `into`. Equal
keys are looked up once, and remembered in the run. `none` and `several` say what happens where nothing, or more
than one, is found.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, assert_never
from urllib.parse import quote

from pydantic import ConfigDict, Field, model_validator

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.language.effects import ByValue, Effect
from flov7.primitives.actions.api_call import http
from flov7.primitives.actions.db_query import stores
from flov7.primitives.credentials import NOT_HTTP
from flov7.primitives.declare import AnyOutput, Bound, Context, Json, Kind, KindInputs, deferred, expression
from flov7.primitives.fields import Missing, Path, at_path, rules, where_is
from flov7.primitives.lists import as_items, as_objects, pick, same

Lookup = Callable[[Json], Awaitable[list[Json]]]
_MOST_ROWS = 100


class Inputs(KindInputs):
    """What is looked up, where, and what becomes of it."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            where_is("from", "list", needs="match"),
            where_is("from", "http", needs="url"),
            where_is("from", "sql", needs="sql"),
        )
    )

    items: Annotated[Json, expression()] = Field(
        description="An expression that gives a list, or one object.", examples=["orders"]
    )
    from_: Literal["list", "http", "sql"] = Field(alias="from", description="Where it is looked up.")
    key: Annotated[Bound, deferred("item", "index")] = Field(
        description="An expression over `item`: what it is looked up by.", examples=["item.customer_id"]
    )
    into: str = Field(
        default="found", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$", description="The field for what was found."
    )
    lookup: Annotated[Json, expression()] = Field(
        default=None, description="For `list`: an expression that gives the other list."
    )
    match: Path | None = Field(default=None, description="For `list`: the field of the other list that holds the key.")
    url: str | None = Field(
        default=None, description="For `http`: the address, `{key}` where the key goes.", examples=["/customers/{key}"]
    )
    at: Path | None = Field(default=None, description="For `http`: where in the answer it lies.")
    sql: str | None = Field(
        default=None,
        description="For `sql`: one select with `$1`.",
        examples=["select name from customers where id = $1"],
    )
    none: Literal["error", "null", "drop"] = Field(
        default="null", description="Nothing found: fail, null, or drop the item."
    )
    several: Literal["error", "first", "all"] = Field(
        default="first", description="More than one found: fail, the first, or a list of all."
    )
    concurrency: int = Field(default=5, ge=1, le=50, description="How many look-ups run side by side.")

    @model_validator(mode="after")
    def _complete(self) -> Inputs:
        needed = {"list": ("match",), "http": ("url",), "sql": ("sql",)}[self.from_]
        for name in needed:
            if getattr(self, name) is None:
                raise ValueError(f"`from: {self.from_}` needs `{name}`")
        if self.url is not None and "{key}" not in self.url:
            raise ValueError("`url` needs `{key}` where the key goes")
        return self


class Outputs(AnyOutput):
    """The items with what was found under `into`; one object where one came in."""


async def run(context: Context, inputs: Inputs) -> Any:
    """The enriched items, in their order. Raises step errors of the look-ups and of the rules."""
    one = isinstance(inputs.items, dict)
    items = [inputs.items] if one else as_objects(inputs.items)
    keys = [inputs.key(item=item, index=index) for index, item in enumerate(items)]
    found = await _found_by_key(context, inputs, keys)
    output: list[Json] = []
    for index, (item, key) in enumerate(zip(items, keys, strict=True)):
        values = found[same(key)]
        if values or inputs.none != "drop":
            output.append({**item, inputs.into: _chosen(inputs, values, key=key, index=index)})
    return (output[0] if output else None) if one else output


async def _found_by_key(context: Context, inputs: Inputs, keys: list[Json]) -> dict[str, list[Json]]:
    lookup = _lookup(context, inputs)
    slots = asyncio.Semaphore(inputs.concurrency)
    found: dict[str, list[Json]] = {"null": []}  # no key, nothing to look for
    wanted = {same(key): key for key in keys if key is not None}

    async def one(mark: str, key: Json) -> None:
        async with slots:
            found[mark] = await lookup(key)
            context.heartbeat({"found": len(found) - 1, "of": len(wanted)})

    try:
        async with asyncio.TaskGroup() as group:
            for mark, key in wanted.items():
                group.create_task(one(mark, key))
    except BaseExceptionGroup as group_error:
        raise group_error.exceptions[0] from None  # one failed look-up fails the step; the others were ended
    return found


def _chosen(inputs: Inputs, values: list[Json], *, key: Json, index: int) -> Json:
    if not values:
        if inputs.none == "error":
            raise StepRefused(
                f"Nothing was found for item {index}, by the key `{str(key)[:60]}`.",
                hint="Set `none` to `null` or `drop` where that may be.",
                code="enrich.none",
            )
        return [] if inputs.several == "all" else None
    if inputs.several == "all":
        return values
    if len(values) > 1 and inputs.several == "error":
        raise StepRefused(
            f"{len(values)} were found for item {index}, by the key `{str(key)[:60]}`.",
            hint="Set `several` to `first` or `all` where that may be.",
            code="enrich.several",
        )
    return values[0]


def _lookup(context: Context, inputs: Inputs) -> Lookup:
    match inputs.from_:
        case "list":
            return _in_list(inputs)
        case "http":
            return _remembered(context, inputs, _over_http(context, inputs))
        case "sql":
            return _remembered(context, inputs, _in_sql(context, inputs))
        case _:
            assert_never(inputs.from_)


def _remembered(context: Context, inputs: Inputs, lookup: Lookup) -> Lookup:
    """Asks the run's cache first. The address or statement and the connection are part of the key."""
    connection = context.connection.name if context.connection else ""
    place = "\n".join((inputs.from_, connection, inputs.url or "", inputs.at or "", inputs.sql or ""))
    prefix = hashlib.sha256(place.encode()).hexdigest()[:32]

    async def cached(key: Json) -> list[Json]:
        name = f"enrich:{prefix}:{same(key)}"
        known = await context.cache.get(name)
        if isinstance(known, list):
            return known
        values = await lookup(key)
        await context.cache.set(name, values)
        return values

    return cached


def _in_list(inputs: Inputs) -> Lookup:
    by_key: dict[str, list[Json]] = {}
    for other in as_objects(inputs.lookup, name="lookup"):
        value = pick(other, inputs.match or "")
        if value is not None:
            by_key.setdefault(same(value), []).append(other)

    async def find(key: Json) -> list[Json]:
        return by_key.get(same(key), [])

    return find


def _over_http(context: Context, inputs: Inputs) -> Lookup:
    async def find(key: Json) -> list[Json]:
        if isinstance(key, dict | list):
            raise StepRefused("A key is text or a number, not a list or an object.", hint="Mend `key`.")
        text = str(key).lower() if isinstance(key, bool) else str(key)
        url = (inputs.url or "").replace("{key}", quote(text, safe=""))
        answer = await http.Call.of(context, url=url).send_raw("GET")
        if answer.status in (404, 410):
            return []
        http.judge(answer, expect=None)
        value = http.content(answer, parse="auto", looks=True)
        if inputs.at is not None:
            value = at_path(value, inputs.at)
        if value is Missing or value is None:
            return []
        return as_items(value) if isinstance(value, list) else [value]

    return find


def _in_sql(context: Context, inputs: Inputs) -> Lookup:
    if context.connection is None:
        raise StepRefused("Looking up by SQL needs a connection to a database.", hint="Name it in `connection`.")
    connection = context.connection

    async def find(key: Json) -> list[Json]:
        result = await stores.query(context, connection, sql=inputs.sql or "", params=[key], max_rows=_MOST_ROWS)
        return list[Json](result.rows)

    return find


KIND = Kind(
    title="Enrich",
    icon="book-open",
    summary="Something from outside, or from another list, put beside each item, by a key.",
    confused_with="`data/merge` joins two lists as wholes; `api_call` asks once.",
    examples=("Look up each customer", "Add the price to every line"),
    synonyms=("lookup", "look up", "add information", "vlookup"),
    lowering=Lowering.CALL,
    effect=ByValue(
        field="from",
        effects={"list": Effect.PURE, "http": Effect.READ, "sql": Effect.READ},
        absent=Effect.READ,
        otherwise=Effect.READ,
    ),
    target_fields=("url", "sql"),
    timeout=60.0,
    connection=ConnectionNeed(kinds=("api", "api_key", "database"), without=NOT_HTTP),
)
