"""What `/openapi.json` says: every body with an example, the keys, the hooks, in words that help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from flov7.gateway.context import API
from flov7.gateway.envelope import ErrorEnvelope

_DESCRIPTION = """
A sentence becomes a workflow that runs durably and can be trusted.

**Keys.** Everything under `/api/v1` needs one: `Authorization: Bearer flov7_…` or `X-API-Key: flov7_…`.
`flov7 up` shows the first one once. A key has scopes such as `workflows:read`, `executions:*` or `*`.

**Answers** have one shape: `status`, `data`, `meta`. On an error `data` is null and `error` has `code` (stable),
`message`, `hint` (the mend) and, where there are any, `diagnostics`, `fields`, `details`.

**Lists** come in pages: send `next_cursor` as `cursor` until it is null.

**Repeating.** Any POST may carry an `Idempotency-Key`: the same request again gets the same answer, another
request under that key is 409. For `…/run` and for hooks it is the event's id: one event, one run.

**Live.** `GET …/events/stream` (server-sent events) and `…/ws` (WebSocket) tell what happens in a run, resumable
after a number.
"""
_TAGS = {
    "workflows": "Documents with versions. A draft goes live by `activate`; its triggers then start runs.",
    "executions": "Runs: what they did, live, and what can be said to them.",
    "connections": "Services outside, and their secrets, which go in and never come out.",
    "nodes": "Steps that a workspace wrote itself: from a sentence or by hand, shown to hold, reviewed by a person.",
    "connectors": "Services whose operations are kinds: those that come with Flov7, and those made of documents.",
    "message templates": "Texts that steps send, versioned, used by name.",
    "files": "What runs take and make: uploaded here, or fetched by a step; a run carries a reference.",
    "kinds": "What workflows are made of in this installation.",
    "conversations": "Sentences become drafts of workflows.",
    "templates": "Workflows to begin with: find, set, publish, review and rate them.",
    "workspace": "What holds for all workflows, and who did what.",
    "keys": "API keys of the workspace.",
    "hooks": "Addresses of activated workflows; no key of ours is needed.",
    "operation": "How it is.",
}
_KEY_HEADER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request under the same key gets the same answer.",
    "schema": {"type": "string", "maxLength": 255},
    "example": "7f3c0f9e-2b1d-4c55-9b2a-0d6f1f1f6c11",
}


def install(app: FastAPI) -> None:
    """Let `app` describe itself so."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(describe(app))
        return made

    app.openapi = openapi


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description."""
    spec = get_openapi(
        title="Flov7",
        version="v1.0",
        summary="Workflows from sentences, run durably.",
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": words} for name, words in _TAGS.items()],
    )
    spec["components"].setdefault("securitySchemes", {}).update(
        {
            "Bearer": {"type": "http", "scheme": "bearer", "description": "An API key, `flov7_…`."},
            "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
        }
    )
    _, errors = models_json_schema([(ErrorEnvelope, "serialization")], ref_template="#/components/schemas/{model}")
    spec["components"]["schemas"].update(errors["$defs"])
    spec["paths"].update(_hook_paths())
    for path, method, operation in _operations(spec):
        if path.startswith(API):
            operation["security"] = [{"Bearer": []}, {"ApiKey": []}]
            if method == "post":
                operation.setdefault("parameters", []).append(_KEY_HEADER)
        for content in _contents(operation):
            content.setdefault("example", example(content.get("schema", {}), spec))
    return spec


def _operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every JSON body of an operation, both ways."""
    bodies = [operation.get("requestBody", {}), *operation.get("responses", {}).values()]
    for body in bodies:
        for kind, content in body.get("content", {}).items():
            if kind == "application/json":
                yield content


def example(schema: dict[str, Any], spec: dict[str, Any], *, depth: int = 0) -> Any:
    """A value that fits: made of the schema's own examples, defaults and constants."""
    if depth > 12:
        return None
    if "$ref" in schema:
        return example(spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], spec, depth=depth + 1)
    if schema.get("examples"):
        return schema["examples"][0]
    for word in ("example", "const", "default"):
        if word in schema:
            return schema[word]
    if schema.get("enum"):
        return schema["enum"][0]
    for word in ("anyOf", "oneOf", "allOf"):
        if schema.get(word):
            return example(schema[word][0], spec, depth=depth + 1)
    return _by_type(schema, spec, depth)


def _by_type(schema: dict[str, Any], spec: dict[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            values = {name: example(inner, spec, depth=depth + 1) for name, inner in fields.items()}
            required = schema.get("required", [])
            # What need not be there and has nothing to show is left out, as a person would.
            return {
                name: value for name, value in values.items() if name in required or value not in (None, [], {}, "")
            }
        case "array":
            inner = schema.get("items", {})
            return [example(inner, spec, depth=depth + 1)] if inner else []
        case "string":
            return "…"
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case _:
            return None


def _hook_paths() -> dict[str, Any]:
    accepted = {
        "status": "success",
        "data": {
            "execution_id": "019ac0de-…",
            "created": True,
            "status": "running",
            "address": f"{API}/executions/019ac0de-…",
        },
        "meta": {"timestamp": "2026-11-22T09:00:00.000Z", "request_id": "req-9f86d081884c", "version": "v1.0"},
    }
    deliver = {
        "tags": ["hooks"],
        "summary": "Deliver an event",
        "description": "Starts the workflow whose webhook trigger has this path and method. The body is JSON, a form "
        "or text. The event's id is taken from `webhook-id`, `Idempotency-Key` or the provider's own header. Answers "
        "202 with the run's address, or, where the trigger says `respond: result`, the workflow's output.",
        "operationId": "deliver_hook",
        "parameters": [
            _path("workspace", "The workspace's slug.", "acme"),
            _path("path", "The trigger's url, and its token.", "orders/mZ3…"),
        ],
        "requestBody": {
            "content": {"application/json": {"schema": {}, "example": {"order": {"id": 7, "total": 1500}}}}
        },
        "responses": {
            "202": {"description": "The event is safe.", "content": {"application/json": {"example": accepted}}},
            "200": {"description": "The output, or a sentence that `when` did not want it."},
            "401": {"description": "The sender did not prove himself."},
            "404": {"description": "Nobody listens there."},
            "413": {"description": "The body is too large."},
            "422": {"description": "The payload does not fit `inputs`."},
            "503": {"description": "Paused, or the database is away: `Retry-After` says when to send again."},
        },
    }
    answer = {
        "tags": ["hooks"],
        "summary": "Answer a waiting step",
        "description": "An address that a waiting step gives out (`address` in `GET …/steps`). GET says what is "
        "asked, as a page for a browser; POST decides (`decision`), answers (`answer`) or calls back (any body).",
        "operationId": "answer_from_outside",
        "parameters": [
            _path("workspace_id", "As in the address.", "019ac0de-…"),
            _path("token", "As in the address.", "AQAAA…"),
        ],
        "requestBody": {"content": {"application/json": {"schema": {}, "example": {"decision": "approved"}}}},
        "responses": {
            "200": {"description": "Taken."},
            "404": {"description": "Not one of ours."},
            "410": {"description": "Nobody waits any more."},
        },
    }
    return {"/hooks/{workspace}/{path}": {"post": deliver}, "/hooks/_/{workspace_id}/{token}": {"post": answer}}


def _path(name: str, words: str, example_: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": words,
        "schema": {"type": "string"},
        "example": example_,
    }
