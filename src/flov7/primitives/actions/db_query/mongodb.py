"""MongoDB, through the guarded network. Not tried on a real server: none can be had where this was built.

`about` is the collection; `args` are the driver's own: `{"filter": {…}, "sort": {…}, "limit": 10}` and the like.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flov7.kit.errors import StepBroken, StepFailed, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.actions.db_query.relay import relay
from flov7.primitives.actions.db_query.values import to_json
from flov7.primitives.actions.db_query.work import (
    Order,
    Result,
    check_order,
    is_blank,
    kept,
    place,
    refused,
    wrong_args,
)
from flov7.primitives.declare import ConnectionValue, Context, Json

TAKES: dict[str, tuple[str, ...]] = {
    "find": ("filter", "projection", "sort", "skip", "limit"),
    "find_one": ("filter", "projection", "sort"),
    "count": ("filter",),
    "distinct": ("key", "filter"),
    "aggregate": ("pipeline",),
    "insert_one": ("document",),
    "insert_many": ("documents",),
    "update_one": ("filter", "update", "upsert"),
    "update_many": ("filter", "update"),
    "replace_one": ("filter", "replacement", "upsert"),
    "delete_one": ("filter",),
    "delete_many": ("filter",),
}
READS = frozenset(("find", "find_one", "count", "distinct", "aggregate"))

_TOO_MANY = (462,)  # IngressRequestRateLimitExceeded
_NOT_US = (13, 18)  # Unauthorized, AuthenticationFailed
_WHO = "Look at user and password, at `authSource`, and at what this user may do."


async def execute(context: Context, connection: ConnectionValue, order: Order) -> Result:
    """Runs one operation on a collection. Raises step errors."""
    from bson.errors import InvalidBSON
    from pymongo import AsyncMongoClient
    from pymongo import errors as mongo

    args = _checked(order)
    where = place(connection, port=27017)
    limit = max(0.1, context.remaining() - 0.3)
    user = f"{quote(where.user, safe='')}:{quote(where.password or '', safe='')}@" if where.user else ""
    async with relay(context, where, timeout=min(10.0, limit)) as path:
        client: Any = AsyncMongoClient(
            f"mongodb://{user}{quote(path, safe='')}/?authSource={quote(where.options.get('authSource', 'admin'))}",
            directConnection=True,
            serverSelectionTimeoutMS=int(min(10.0, limit) * 1000),
            timeoutMS=int(limit * 1000),
            retryWrites=False,
            retryReads=False,
        )
        try:
            collection = client[where.database or "test"][order.about or ""]
            return await _done(collection, order, args)
        except (mongo.ServerSelectionTimeoutError, mongo.ConfigurationError) as error:
            raise StepUnreachable(
                f"The database does not answer: {str(error).split(', Timeout:')[0]}.", hint="Look whether it runs."
            ) from error
        except (mongo.ExecutionTimeout, mongo.NetworkTimeout, mongo.WTimeoutError) as error:
            raise StepTimedOut(
                f"The operation took longer than {limit:.1f} seconds.", hint="Add an index, or a longer `timeout`."
            ) from error
        except InvalidBSON as error:
            raise StepFailed(
                f"What the database gave cannot be read: {error}.",
                hint="Look at that document; leave the field out with `projection`.",
                code="db_query.damaged",
            ) from error
        except mongo.OperationFailure as error:
            if error.code in _TOO_MANY:
                said = (error.details or {}).get("errmsg", error)
                raise StepUnreachable(f"The database turns us away: {said}.", hint="It is tried again.") from error
            if error.code in _NOT_US:
                raise StepRefused("The database refuses us: user or password are not taken.", hint=_WHO) from error
            raise refused(str(error.details.get("errmsg", error) if error.details else error)) from error
        except mongo.ConnectionFailure as error:
            raise StepBroken(f"The database broke off: {error}.", hint="Look whether it still runs.") from error
        except (mongo.PyMongoError, TypeError, ValueError) as error:
            raise wrong_args(order.operation, str(error)) from error
        finally:
            await client.close()


async def version(context: Context, connection: ConnectionValue) -> str:
    """What answers there. Raises step errors."""
    await execute(context, connection, Order(operation="count", about="flov7", args={"filter": {}}))
    return "MongoDB"


def _checked(order: Order) -> dict[str, Any]:
    check_order(order, store="MongoDB", operations=TAKES, about="a collection")
    takes = TAKES[order.operation]
    args: dict[str, Any] = dict(order.args or {})
    unknown = set(args) - set(takes)
    if unknown:
        raise wrong_args(order.operation, f"it takes {', '.join(takes)}, not {', '.join(sorted(unknown))}")
    if order.operation.startswith("delete") and is_blank(args.get("filter")):
        raise wrong_args(order.operation, "an empty `filter` would take everything; say what is to go")
    if order.operation == "aggregate" and any("$out" in step or "$merge" in step for step in args.get("pipeline", [])):
        raise wrong_args(order.operation, "it reads only; `$out` and `$merge` write")
    return args


async def _done(collection: Any, order: Order, args: dict[str, Any]) -> Result:
    match order.operation:
        case "find" | "aggregate":
            if isinstance(args.get("sort"), dict):
                args["sort"] = list(args["sort"].items())
            cursor = (
                collection.find(**args)
                if order.operation == "find"
                else await collection.aggregate(args.get("pipeline", []))
            )
            return kept([_row(each) for each in await cursor.to_list(order.max_rows + 1)], order)
        case "find_one":
            found = await collection.find_one(args.get("filter"), args.get("projection"))
            return Result(rows=[_row(found)] if found else [], count=1 if found else 0)
        case "count":
            return Result(count=await collection.count_documents(args.get("filter") or {}))
        case "distinct":
            values = await collection.distinct(args.get("key", ""), args.get("filter"))
            return kept([{"value": to_json(each)} for each in values], order)
        case _:
            return _changed(await getattr(collection, order.operation)(**args))


def _changed(result: Any) -> Result:
    ids = getattr(result, "inserted_ids", None) or [
        one for one in (getattr(result, "inserted_id", None) or getattr(result, "upserted_id", None),) if one
    ]
    for name in ("deleted_count", "modified_count"):
        if hasattr(result, name):
            return Result(rows=[{"_id": to_json(one)} for one in ids], count=getattr(result, name) + len(ids))
    return Result(rows=[{"_id": to_json(one)} for one in ids], count=len(ids))


def _row(document: dict[str, Any]) -> dict[str, Json]:
    return {name: to_json(value) for name, value in document.items()}
