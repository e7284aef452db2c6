"""Elasticsearch and OpenSearch, over their HTTP interface. Not tried on a real server: none can be had here.

`about` is the index; `args` are the request's: `{"query": {…}, "size": 10}` for `search`, `{"id": …, "document": {…}}`.
Source: the reference of Elasticsearch's REST APIs (8.x), document and search APIs, which OpenSearch shares.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flov7.primitives.actions.db_query.http_store import ask
from flov7.primitives.actions.db_query.work import Order, Result, check_order, kept, place, wrong_args
from flov7.primitives.credentials import basic
from flov7.primitives.declare import ConnectionValue, Context

OPERATIONS = ("search", "get", "count", "index", "create", "update", "delete")
READS = frozenset(("search", "get", "count"))


async def execute(context: Context, connection: ConnectionValue, order: Order) -> Result:
    """Runs one operation on an index. Raises step errors."""
    check_order(order, store="Elasticsearch", operations=OPERATIONS, about="an index")
    method, path, body = _request(order)
    answer = await ask(
        context, f"{_base(connection)}/{path}", method=method, body=body, headers=_access(connection), missing=True
    )
    return _result(answer, order)


async def version(context: Context, connection: ConnectionValue) -> str:
    """What answers there. Raises step errors."""
    answer = await ask(context, _base(connection), method="GET", body=None, headers=_access(connection))
    return f"Elasticsearch {answer.get('version', {}).get('number', '')}".strip()


def _base(connection: ConnectionValue) -> str:
    where = place(connection, port=9200)
    return f"{'http' if where.security == 'none' else 'https'}://{where.host}:{where.port}"


def _access(connection: ConnectionValue) -> dict[str, str]:
    where = place(connection, port=9200)
    if connection.credential.get("key"):
        return {"authorization": f"ApiKey {connection.credential['key']}"}
    if where.user:
        return {"authorization": basic(where.user, where.password or "")}
    return {}


def _request(order: Order) -> tuple[str, str, Any]:
    args: dict[str, Any] = dict(order.args or {})
    index = quote(str(order.about), safe="*,")
    number = args.get("id")
    document = args.get("document")
    match order.operation:
        case "search":
            return "POST", f"{index}/_search", {"size": min(order.max_rows + 1, 10_000), **args}
        case "count":
            return "POST", f"{index}/_count", args or None
        case "index" if number is None:
            return "POST", f"{index}/_doc", document
        case _ if number is not None:
            return _by_id(order.operation, index, quote(str(number), safe=""), document)
        case _:
            raise wrong_args(order.operation, "`id` is missing")


def _by_id(operation: str, index: str, key: str, document: Any) -> tuple[str, str, Any]:
    match operation:
        case "get":
            return "GET", f"{index}/_doc/{key}", None
        case "index":
            return "PUT", f"{index}/_doc/{key}", document
        case "create":
            return "PUT", f"{index}/_create/{key}", document
        case "update":
            return "POST", f"{index}/_update/{key}", {"doc": document}
        case _:
            return "DELETE", f"{index}/_doc/{key}", None


def _result(answer: dict[str, Any], order: Order) -> Result:
    match order.operation:
        case "search":
            hits = answer.get("hits", {}).get("hits", [])
            return kept([{"_id": hit.get("_id"), **hit.get("_source", {})} for hit in hits], order)
        case "count":
            return Result(count=int(answer.get("count", 0)))
        case "get":
            found = answer.get("found")
            return Result(
                rows=[{"_id": answer.get("_id"), **answer.get("_source", {})}] if found else [], count=int(bool(found))
            )
        case _:
            changed = answer.get("result") in ("created", "updated", "deleted")
            return Result(rows=[{"_id": answer.get("_id"), "result": answer.get("result")}], count=int(changed))
