"""A large OpenAPI document, made up, for tests and benchmarks."""

from __future__ import annotations

import json
from typing import Any

from flov7.primitives.connectors.openapi.importing import Imported
from flov7.primitives.connectors.stored import StoredShelf

NOUNS = ("order", "customer", "invoice", "product", "shipment", "payment", "refund", "ticket", "lead", "campaign")
PARTS = ("line", "note", "tag", "file", "address", "event", "price", "owner", "step", "report")
OPERATIONS = 1_000


def document(count: int) -> bytes:
    """A document with so many operations, each with parameters, a body and an answer of nested schemas."""
    schemas: dict[str, Any] = {
        f"{noun}_{part}": {
            "type": "object", "required": ["name"],
            "properties": {
                "id": {"type": "string", "readOnly": True}, "name": {"type": "string", "description": f"The {part}."},
                "amount": {"type": "number", "minimum": 0}, "tags": {"type": "array", "items": {"type": "string"}},
                "parent": {"$ref": f"#/components/schemas/{noun}_{part}"},
            },
        }
        for noun in NOUNS for part in PARTS
    }  # fmt: skip
    paths: dict[str, Any] = {}
    for number in range(count // 5):
        noun, part = NOUNS[number % 10], PARTS[number // 10 % 10]
        base, ref = f"/{noun}s/v{number // 100}/{part}s", {"$ref": f"#/components/schemas/{noun}_{part}"}
        body = {"required": True, "content": {"application/json": {"schema": ref}}}
        answer = {"200": {"description": "ok", "content": {"application/json": {"schema": ref}}}}
        listed = {
            "type": "object",
            "properties": {"data": {"type": "array", "items": ref}, "next_cursor": {"type": "string"}},
        }
        pages = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("cursor", "limit", "q")]
        one = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
        paths[base] = {
            "get": {"operationId": f"list{noun}{part}{number}", "summary": f"List {part}s of a {noun}", "parameters": pages,
                    "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": listed}}}}},
            "post": {"operationId": f"create{noun}{part}{number}", "summary": f"Create a {part} of a {noun}",
                     "requestBody": body, "responses": answer},
        }  # fmt: skip
        paths[base + "/{id}"] = {
            "get": {"operationId": f"get{noun}{part}{number}", "summary": f"Get a {part} of a {noun}", "parameters": one, "responses": answer},
            "put": {"operationId": f"update{noun}{part}{number}", "summary": f"Update a {part} of a {noun}", "parameters": one,
                    "requestBody": body, "responses": answer},
            "delete": {"operationId": f"delete{noun}{part}{number}", "summary": f"Delete a {part} of a {noun}", "parameters": one,
                       "responses": {"204": {"description": "gone"}}},
        }  # fmt: skip
    whole = {"openapi": "3.0.3", "info": {"title": "Large"}, "servers": [{"url": "https://large.example.com"}],
             "paths": paths, "components": {"schemas": schemas}}  # fmt: skip
    return json.dumps(whole).encode()


def packed(read: Imported) -> StoredShelf:
    """The shelf that a workspace keeps of it."""
    kinds = {one.name.split(".", 1)[1]: one.model_dump_json(exclude_defaults=True).encode() for one in read.kinds()}
    entries = [one.model_dump(mode="json") for one in read.entries]
    return StoredShelf(read.about, digest=read.digest, entries=entries, kinds=kinds, effects={})
