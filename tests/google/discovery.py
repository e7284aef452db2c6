"""Google's own description of its services: every request is held against it, field by field."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import googleapiclient

FOLDER = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
FILES = {
    "gmail": "gmail.v1", "google_sheets": "sheets.v4", "google_drive": "drive.v3", "google_calendar": "calendar.v3",
    "google_docs": "docs.v1", "youtube": "youtube.v3",
}  # fmt: skip


class Discovery:
    """One service's discovery document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._methods = list(_methods(document))

    def wrong(self, method: str, url: str, body: Any) -> list[str]:
        """What of a request the document does not have; empty where all is in it."""
        parts = urlsplit(url)
        found = self._method(method, parts.path)
        if found is None:
            return [f"{method} {parts.path} is in no method of {self._document['id']}"]
        known = set(found.get("parameters", {})) | set(self._document["parameters"])
        wrong = [f"{found['id']} has no parameter `{name}`" for name, _ in parse_qsl(parts.query) if name not in known]
        given = {name for name, _ in parse_qsl(parts.query)}
        wrong += [
            f"{found['id']} needs `{name}`"
            for name, one in found.get("parameters", {}).items()
            if one.get("required") and one["location"] == "query" and name not in given
        ]
        if body is None:
            return wrong
        if "request" not in found:
            return [*wrong, f"{found['id']} takes no body"]
        return [*wrong, *self._unknown(found["request"], body, found["id"])]

    def method_of(self, method: str, path: str) -> str | None:
        """The id of the method that a request calls, as in `gmail.users.messages.send`."""
        found = self._method(method, path)
        return None if found is None else str(found["id"])

    def scopes_of(self, method: str, path: str) -> set[str]:
        """The scopes of which one is enough for a request."""
        found = self._method(method, path)
        return set() if found is None else set(found.get("scopes", []))

    def _method(self, method: str, path: str) -> dict[str, Any] | None:
        base = "/" + self._document["servicePath"]
        for one in self._methods:
            uploads = one.get("mediaUpload", {}).get("protocols", {})
            paths = [base + one.get("flatPath", one["path"]), base + one["path"]]
            paths += [upload["path"] for upload in uploads.values()]
            if one["httpMethod"] == method and any(_fits(each, path) for each in paths):
                return one
        return None

    def _unknown(self, schema: dict[str, Any], value: Any, at: str) -> list[str]:
        if "$ref" in schema:
            schema = self._document["schemas"][schema["$ref"]]
        if isinstance(value, list):
            return [word for each in value for word in self._unknown(schema.get("items", {}), each, f"{at}[]")]
        if not isinstance(value, dict) or schema.get("type") == "any" or not schema:
            return []
        known, more = schema.get("properties", {}), schema.get("additionalProperties")
        wrong: list[str] = []
        for name, inner in value.items():
            if name in known:
                wrong += self._unknown(known[name], inner, f"{at}.{name}")
            elif more is None:
                wrong.append(f"{at} has no `{name}`")
        return wrong


@cache
def discovery(service: str) -> Discovery:
    """The document of a connector's service."""
    return Discovery(json.loads((FOLDER / f"{FILES[service]}.json").read_text()))


def _methods(node: dict[str, Any]) -> Any:
    yield from node.get("methods", {}).values()
    for inner in node.get("resources", {}).values():
        yield from _methods(inner)


def _fits(template: str, path: str) -> bool:
    parts = re.split(r"(\{\+?[^}]+\})", template)
    pattern = "".join("[^/]+?" if part.startswith("{") else re.escape(part) for part in parts)
    return re.fullmatch(pattern, path) is not None
