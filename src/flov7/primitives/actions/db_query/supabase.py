"""Supabase over its REST interface, where the connection's `url` is one; else it is PostgreSQL.

`about` is the table; `args` are `{"filters": {"status": "eq.open"}, "columns": "id,name", "rows": [{…}]}`.
Source: PostgREST's documentation, "Tables and Views". Not tried on a real one: none can be had here.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from flov7.primitives.actions.db_query.http_store import ask
from flov7.primitives.actions.db_query.work import Order, Result, check_order, is_blank, kept, wrong_args
from flov7.primitives.declare import ConnectionValue, Context

OPERATIONS = ("select", "insert", "upsert", "update", "delete")
READS = frozenset(("select",))


async def execute(context: Context, connection: ConnectionValue, order: Order) -> Result:
    """Runs one operation on a table. Raises step errors."""
    more = " Or write SQL, with a `postgresql://` address."
    table = check_order(order, store="Supabase", operations=OPERATIONS, about="a table", more=more)
    args: dict[str, Any] = dict(order.args or {})
    filters: dict[str, Any] = args.get("filters") or {}
    if order.operation in ("update", "delete") and is_blank(filters):
        raise wrong_args(order.operation, "without `filters` it would take every row; say which")
    rows = args.get("rows") or args.get("row")
    query: dict[str, Any] = dict(filters)
    if order.operation == "select":
        query |= {"select": args.get("columns") or "*", "limit": order.max_rows + 1}
    method = {"select": "GET", "insert": "POST", "upsert": "POST", "update": "PATCH", "delete": "DELETE"}[
        order.operation
    ]
    base = str(connection.credential["url"]).rstrip("/")
    answer = await ask(
        context,
        f"{base}/rest/v1/{quote(table, safe='')}" + (f"?{urlencode(query)}" if query else ""),
        method=method,
        body=rows if order.operation in ("insert", "upsert", "update") else None,
        headers=_headers(connection, order),
    )
    found = answer if isinstance(answer, list) else []
    return kept(found, order)


async def version(context: Context, connection: ConnectionValue) -> str:
    """What answers there. Raises step errors."""
    base = str(connection.credential["url"]).rstrip("/")
    await ask(context, f"{base}/rest/v1/", method="GET", body=None, headers=_keys(connection))
    return "Supabase"


def _keys(connection: ConnectionValue) -> dict[str, str]:
    key = str(connection.credential.get("key") or connection.credential.get("password") or "")
    return {"apikey": key, "authorization": f"Bearer {key}"}


def _headers(connection: ConnectionValue, order: Order) -> dict[str, str]:
    wants = ["return=representation"] if order.operation != "select" else []
    if order.operation == "upsert":
        wants.append("resolution=merge-duplicates")
    return {**_keys(connection), **({"prefer": ",".join(wants)} if wants else {})}
