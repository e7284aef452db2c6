"""Recognising how the lists of a document go on: by the names of parameters, and by what the answer holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flov7.primitives.connectors.operation import Paging

_SIZES = ("per_page", "page_size", "pageSize", "perPage", "limit", "maxResults", "max_results", "count", "size", "$top")
_CURSORS = {
    "cursor": (
        "next_cursor", "nextCursor", "cursor.next", "meta.next_cursor", "response_metadata.next_cursor",
        "pagination.next_cursor", "paging.cursors.after", "next",
    ),
    "page_token": ("next_page_token", "nextPageToken"),
    "pageToken": ("nextPageToken", "next_page_token"),
    "next_token": ("next_token", "nextToken", "meta.next_token"),
    "nextToken": ("nextToken",),
    "continuation_token": ("continuation_token", "next_continuation_token"),
    "continuationToken": ("continuationToken", "nextContinuationToken"),
    "continue": ("metadata.continue",),
    "start_cursor": ("next_cursor",),
    "after": ("paging.next.after", "after", "next_cursor", "meta.after", "cursors.after", "paging.cursors.after"),
    "offset_id": ("next_offset_id",),
}  # fmt: skip
_NEXT = ("@odata.nextLink", "links.next", "next", "next_page", "next_url", "_links.next.href", "paging.next")
_LISTS = ("items", "data", "results", "records", "value", "entries", "values", "list", "objects", "content")


def recognised(parameters: Mapping[str, Mapping[str, Any]], answer: Mapping[str, Any]) -> tuple[Paging, str] | None:
    """The paging and the path of the list; None where either is not plain. `parameters` are those of the address."""
    items = list_in(answer)
    if items is None:
        return None
    size = next((name for name in _SIZES if name in parameters), "")
    most = _most(parameters.get(size, {}))
    last = next((name for name in ("starting_after",) if name in parameters), None)
    if last and _at(answer, "has_more") is not None:
        return Paging(by="last", read="id", param=last, size=size, most=most, more="has_more"), items
    inner: Mapping[str, Any] = answer.get("items", {}) if items == "" else {}
    if "cursor" in parameters and "cursor" in inner.get("properties", {}):
        return Paging(by="last", read="cursor", param="cursor", size=size, most=most), items
    for param, paths in _CURSORS.items():
        read = next((path for path in paths if _at(answer, path) is not None), None)
        if param in parameters and read:
            return Paging(by="cursor", read=read, param=param, size=size, most=most), items
    if "page" in parameters and "after" not in parameters:
        first = 0 if _default(parameters["page"]) == 0 else 1
        return Paging(by="page", param="page", size=size, most=most, first=first), items
    offset = next((name for name in ("offset", "startAt", "start", "skip", "$skip") if name in parameters), None)
    if offset and size:
        return Paging(by="offset", param=offset, size=size, most=most), items
    read = next((path for path in _NEXT if "string" in _types(_at(answer, path))), None)
    return (Paging(by="next", read=read, size=size, most=most), items) if read else None


def list_in(answer: Mapping[str, Any]) -> str | None:
    """Where the list of an answer lies: '' where it is the answer; None where there is none, or several."""
    if "array" in _types(answer):
        return ""
    properties: Mapping[str, Any] = answer.get("properties", {})
    lists = [name for name, one in properties.items() if "array" in _types(one)]
    known = [name for name in _LISTS if name in lists]
    if known:
        return known[0]
    return lists[0] if len(lists) == 1 else None


def _at(schema: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    here: Any = schema
    whole = schema.get("properties", {}).get(path)
    if isinstance(whole, Mapping):
        return whole
    for part in path.split("."):
        here = here.get("properties", {}).get(part) if isinstance(here, Mapping) else None
        if here is None:
            return None
    return here


def _types(schema: Mapping[str, Any] | None) -> set[str]:
    found = (schema or {}).get("type")
    return set(found) if isinstance(found, list) else {str(found)} if found else set()


def _most(parameter: Mapping[str, Any]) -> int:
    schema = parameter.get("schema") or parameter
    found = schema.get("maximum") if isinstance(schema, Mapping) else None
    return int(found) if isinstance(found, int | float) and 1 <= found <= 10_000 else 100


def _default(parameter: Mapping[str, Any]) -> Any:
    schema = parameter.get("schema") or parameter
    return schema.get("default") if isinstance(schema, Mapping) else None
