"""Connectors made from a document, tried by schemathesis both ways.

One way: cases that schemathesis makes of the document become inputs of ours, and our request is the one that
schemathesis would send. The other way: inputs that our kind's schema allows make requests that the document allows.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from flov7.kit.errors import FlowError
from flov7.language.schemas import problems
from flov7.primitives.connectors.exchanges import _context
from flov7.primitives.connectors.openapi.importing import read_openapi
from flov7.primitives.connectors.operation import Operation
from flov7.primitives.connectors.running import run_operation
from flov7.primitives.declare import ConnectionValue
from flov7.primitives.outside import Answer, Request

TEXT = {"type": "string", "minLength": 1, "maxLength": 20, "pattern": "^[a-zA-Z0-9_ -]*$"}
WORD = {"type": "string", "minLength": 1, "maxLength": 20, "pattern": "^[a-z][a-z0-9]*$"}
LINE = {"type": "object", "additionalProperties": False, "required": ["sku", "count"], "properties": {
    "sku": WORD, "count": {"type": "integer", "minimum": 1, "maximum": 99}, "gift": {"type": "boolean"}}}  # fmt: skip
ORDER = {"type": "object", "additionalProperties": False, "required": ["lines"], "properties": {
    "lines": {"type": "array", "minItems": 1, "maxItems": 3, "items": LINE}, "note": TEXT,
    "discount": {"type": "number", "minimum": 0, "maximum": 1}, "state": {"type": "string", "enum": ["open", "paid"]}}}  # fmt: skip


def parameter(name: str, where: str, schema: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema, **more}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3", "info": {"title": "Orders", "version": "1"}, "servers": [{"url": "https://api.shop.com/v1"}],
    "paths": {
        "/orders": {"post": {"operationId": "create", "requestBody": {"required": True, "content": {
            "application/json": {"schema": ORDER}}}, "responses": {"200": {"description": "ok"}}}},
        "/orders/{id}/lines/{sku}": {"put": {"operationId": "change", "parameters": [
            parameter("id", "path", {"type": "integer", "minimum": 0}), parameter("sku", "path", WORD),
            parameter("notify", "query", {"type": "boolean"}), parameter("X-Reason", "header", WORD)],
            "requestBody": {"content": {"application/json": {"schema": LINE}}}, "responses": {"200": {"description": "ok"}}}},
        "/search": {"get": {"operationId": "search", "parameters": [
            parameter("tag", "query", {"type": "array", "minItems": 1, "maxItems": 3, "items": WORD}),
            parameter("ids", "query", {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "integer"}}, explode=False),
            parameter("where", "query", {"type": "object", "additionalProperties": False, "minProperties": 1, "properties": {
                "city": WORD, "min": {"type": "integer"}}}, style="deepObject", explode=True),
            parameter("q", "query", TEXT)], "responses": {"200": {"description": "ok"}}}},
        "/login": {"post": {"operationId": "login", "requestBody": {"required": True, "content": {
            "application/x-www-form-urlencoded": {"schema": {"type": "object", "additionalProperties": False,
                "required": ["user"], "properties": {"user": WORD, "code": {"type": "integer"}}}}}},
            "responses": {"200": {"description": "ok"}}}},
    },
}  # fmt: skip
READ = read_openapi(json.dumps(DOCUMENT), name="orders_shop")
CONNECTION = ConnectionValue(name="c", kind="api_key", service="orders_shop", credential={"key": "k"})
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
CASES = {found.ok().label: found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()}


class Recorder:
    """Stands where the network stands."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    async def fetch(self, request: Request) -> Answer:
        self.seen.append(request)
        return Answer(
            status=200, headers={"content-type": "application/json"}, body=b"{}", url=request.url, seconds=0.0
        )


def sent(name: str, inputs: dict[str, Any]) -> Request:
    recorder = Recorder()
    operation = Operation.model_validate(READ.kind(name).operation)
    asyncio.run(run_operation(_context(recorder, CONNECTION), operation, inputs))  # type: ignore[arg-type]  # fetch is all it asks
    return recorder.seen[0]


def inputs_of(name: str, case: Any) -> dict[str, Any]:
    """The case's parts under our names."""
    operation = Operation.model_validate(READ.kind(name).operation)
    body = case.body if isinstance(case.body, dict) else {}
    parts = {"path": case.path_parameters, "query": case.query, "header": case.headers, "body": body}
    given = {
        take.name: (take.type, parts[take.where][take.sent_as])
        for take in operation.fields
        if take.sent_as in (parts.get(take.where) or {})
    }
    words = {"true": True, "false": False}  # schemathesis writes the address's own words
    return {name: words.get(str(value), value) if kind == "boolean" else value for name, (kind, value) in given.items()}


@pytest.mark.parametrize("label", ["POST /orders", "PUT /orders/{id}/lines/{sku}", "POST /login"])
def test_a_case_of_schemathesis_is_sent_as_schemathesis_sends_it(label: str) -> None:
    operation = CASES[label]
    name = operation.definition.raw["operationId"]

    @FEW
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:
        request = sent(name, inputs_of(name, case))
        wanted = requests.Request(**_transport(case)).prepare()
        assert request.method == wanted.method
        ours, theirs = urlsplit(request.url), urlsplit(str(wanted.url))
        assert ours.path == theirs.path
        assert sorted(parse_qsl(ours.query)) == sorted(parse_qsl(theirs.query))
        assert _body(request.body) == _body(wanted.body)
        if "X-Reason" in (case.headers or {}):
            assert request.headers["x-reason"] == case.headers["X-Reason"]

    check()


def _transport(case: Any) -> dict[str, Any]:
    found = dict(case.as_transport_kwargs(base_url="https://api.shop.com/v1"))
    query = found.get("params") or {}
    found["params"] = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
    found.pop("cookies", None)
    return found


def _body(body: Any) -> Any:
    if not body:
        return None
    text = body.decode() if isinstance(body, bytes) else body
    try:
        return json.loads(text)
    except ValueError:
        return sorted(parse_qsl(text))


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of ours allows, as far as this document uses schemas."""
    match schema:
        case {"enum": choices}:
            return st.sampled_from(choices)
        case {"type": "object"}:
            needed = {
                name: values(one) for name, one in schema["properties"].items() if name in schema.get("required", [])
            }
            others = {name: values(one) for name, one in schema["properties"].items() if name not in needed}
            return st.fixed_dictionaries(needed, optional=others)
        case {"type": "array"}:
            return st.lists(values(schema.get("items", {})), min_size=schema.get("minItems", 0), max_size=3)
        case {"type": "integer"}:
            return st.integers(schema.get("minimum", -5), schema.get("maximum", 5_000))
        case {"type": "number"}:
            return st.floats(schema.get("minimum", -5), schema.get("maximum", 5), allow_nan=False)
        case {"type": "boolean"}:
            return st.booleans()
        case _:
            return st.text(
                "abcXYZ09", min_size=max(1, schema.get("minLength", 0)), max_size=schema.get("maxLength", 20)
            )


@pytest.mark.parametrize("name", ["create", "change", "search", "login"])
def test_what_our_schema_allows_the_document_allows_too(name: str) -> None:
    kind = READ.kind(name)
    path, method = next(
        (p, m) for p, item in DOCUMENT["paths"].items() for m, one in item.items() if one["operationId"] == name
    )
    described = DOCUMENT["paths"][path][method]

    @FEW
    @given(inputs=values(kind.inputs))
    def check(inputs: dict[str, Any]) -> None:
        assume(not problems(kind.inputs, value=inputs))
        request = sent(name, inputs)
        query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
        known = {one["name"] for one in described.get("parameters", []) if one["in"] == "query"}
        assert {key.split("[")[0] for key, _ in query} <= known
        for content in described.get("requestBody", {}).get("content", {}).values():
            body = _body(request.body)
            if request.headers.get("content-type") == "application/json":
                schema = {key: value for key, value in content["schema"].items() if key != "pattern"}
                wrong = [
                    one.message for one in Draft202012Validator(schema).iter_errors(body) if one.validator != "pattern"
                ]
                assert wrong == []

    check()


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("change", {"id": "seven", "sku": "a"}),
        ("change", {"id": 1}),
        ("change", {"id": 1, "sku": ""}),
        ("change", {"id": 1, "sku": ".."}),
        ("create", {"lines": "no list"}),
        ("create", {"lines": [], "surprise": 1}),
        ("search", {"tag": {"no": "list"}}),
    ],
)
def test_what_the_document_does_not_take_is_never_sent(name: str, inputs: dict[str, Any]) -> None:
    with pytest.raises(FlowError) as refused:
        sent(name, inputs)
    assert refused.value.error_code == "inputs.invalid"
