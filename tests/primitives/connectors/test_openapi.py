"""OpenAPI documents read into kinds: names, fields, effects, paging, ways in; and what a document may not be."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from flov7.kit.errors import Invalid, TooLarge
from flov7.language.effects import Effect
from flov7.language.schemas import check_schema
from flov7.primitives.connectors.openapi.importing import Imported, read_openapi
from flov7.primitives.connectors.operation import Operation
from flov7.primitives.connectors.stored import StoredShelf

SHARED = Path(os.environ.get("FLOV7_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "vendor-contracts"


def document(paths: dict[str, Any], **more: Any) -> str:
    return json.dumps({
        "openapi": "3.0.3", "info": {"title": "Shop API", "version": "1"},
        "servers": [{"url": "https://api.shop.com/v1"}], "paths": paths, **more,
    })  # fmt: skip


def call(read: Imported, name: str) -> Operation:
    return Operation.model_validate(read.kind(name).operation)


def answers(schema: Any) -> dict[str, Any]:
    return {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}


class TestNames:
    def test_come_from_operation_ids_or_from_method_and_path(self) -> None:
        read = read_openapi(document({
            "/orders": {"get": {"operationId": "listAllOrders"}, "post": {"operationId": "orders/create"}},
            "/orders/{orderId}": {"get": {}, "delete": {"operationId": "orders/create"}},
        }))  # fmt: skip
        assert [entry.name for entry in read.entries] == [
            "shop.list_all_orders", "shop.orders_create", "shop.get_orders_order_id", "shop.orders_create_2",
        ]  # fmt: skip

    def test_of_fields_that_collide_say_where_they_go(self) -> None:
        body = {"content": {"application/json": {"schema": {"properties": {"id": {"type": "string"}, "$name": {}}}}}}
        parameter = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
        read = read_openapi(
            document({"/a/{id}": {"put": {"operationId": "p", "parameters": parameter, "requestBody": body}}})
        )
        kind = read.kind("p")
        assert set(kind.inputs["properties"]) == {"id", "body_id", "name"}
        assert {take.name: take.sent_as for take in call(read, "p").fields} == {
            "id": "id", "body_id": "id", "name": "$name",
        }  # fmt: skip


class TestEffects:
    @pytest.mark.parametrize(
        ("method", "summary", "effect"),
        [
            ("get", "List orders", Effect.READ),
            ("put", "Replace an order", Effect.IDEMPOTENT),
            ("delete", "Delete an order", Effect.IRREVERSIBLE),
            ("patch", "Change an order", Effect.WRITE),
            ("post", "Create an order", Effect.WRITE),
            ("post", "Search orders", Effect.READ),
            ("post", "Search and delete orders", Effect.WRITE),
            ("post", "Refund a payment", Effect.IRREVERSIBLE),
        ],
    )
    def test_follow_from_method_and_words(self, method: str, summary: str, effect: Effect) -> None:
        assert read_openapi(document({"/a": {method: {"summary": summary}}})).entries[0].effect is effect

    def test_a_key_that_the_service_takes_makes_it_safe_to_repeat(self) -> None:
        header = [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}]
        read = read_openapi(document({"/a": {"post": {"operationId": "pay", "parameters": header}}}))
        assert read.kind("pay").takes_key is True
        assert call(read, "pay").key == "Idempotency-Key"
        assert "Idempotency-Key" not in read.kind("pay").inputs["properties"]

    def test_a_person_may_correct_them(self) -> None:
        read = read_openapi(document({"/a": {"post": {"operationId": "ask"}}}))
        kinds = {"ask": read.kind("ask").model_dump_json(exclude_defaults=True).encode()}
        entries = [one.model_dump(mode="json") for one in read.entries]
        shelf = StoredShelf(read.about, digest="d", entries=entries, kinds=kinds, effects={"ask": "read"})
        found = shelf.get("shop.ask")
        assert found is not None and found.effect is Effect.READ
        assert shelf.entries()[0].effect is Effect.READ


class TestPages:
    @pytest.mark.parametrize(
        ("parameters", "answer", "by", "items"),
        [
            (["cursor", "limit"], {"next_cursor": {"type": "string"}, "data": {"type": "array"}}, "cursor", "data"),
            (["pageToken", "maxResults"], {"nextPageToken": {"type": "string"}, "files": {"type": "array"}}, "cursor", "files"),
            (["page", "per_page"], None, "page", ""),
            (["offset", "limit"], {"results": {"type": "array"}, "count": {"type": "integer"}}, "offset", "results"),
            (["starting_after", "limit"], {"data": {"type": "array"}, "has_more": {"type": "boolean"}}, "last", "data"),
            ([], {"value": {"type": "array"}, "@odata.nextLink": {"type": "string"}}, "next", "value"),
        ],
    )  # fmt: skip
    def test_are_recognised(self, parameters: list[str], answer: Any, by: str, items: str) -> None:
        schema = {"type": "array"} if answer is None else {"type": "object", "properties": answer}
        listed = [{"name": one, "in": "query", "schema": {"type": "string"}} for one in parameters]
        read = read_openapi(
            document({"/a": {"get": {"operationId": "l", "parameters": listed, "responses": answers(schema)}}})
        )
        operation, kind = call(read, "l"), read.kind("l")
        assert operation.paging is not None
        assert (operation.paging.by, operation.items) == (by, items)
        assert set(kind.inputs["properties"]) == {"limit"}
        assert set(kind.outputs["properties"]) == {"items", "more"}

    def test_an_answer_that_is_one_thing_has_none(self) -> None:
        schema = {"type": "object", "properties": {"id": {"type": "string"}}}
        page = [{"name": "page", "in": "query", "schema": {"type": "integer"}}]
        read = read_openapi(
            document({"/a": {"get": {"operationId": "g", "parameters": page, "responses": answers(schema)}}})
        )
        assert call(read, "g").paging is None
        assert set(read.kind("g").inputs["properties"]) == {"page"}


class TestWaysIn:
    @pytest.mark.parametrize(
        ("scheme", "kind", "headers", "query"),
        [
            ({"type": "http", "scheme": "bearer"}, "api_key", {"Authorization": "Bearer {key}"}, {}),
            ({"type": "apiKey", "in": "header", "name": "X-Key"}, "api_key", {"X-Key": "{key}"}, {}),
            ({"type": "apiKey", "in": "query", "name": "k"}, "api_key", {}, {"k": "{key}"}),
            ({"type": "http", "scheme": "basic"}, "api", {}, {}),
            ({"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://x/t", "scopes": {"a": ""}}}},
             "oauth", {"Authorization": "Bearer {access_token}"}, {}),
        ],
    )  # fmt: skip
    def test_are_recognised(self, scheme: Any, kind: str, headers: Any, query: Any) -> None:
        read = read_openapi(document({"/a": {"get": {}}}, components={"securitySchemes": {"s": scheme}}))
        assert list(read.about.auth) == [kind]
        sent = read.about.auth[kind].sent()
        assert (sent.headers, sent.query) == (headers, query)

    def test_two_keys_that_are_asked_for_together_are_one_secret(self) -> None:
        schemes = {name: {"type": "apiKey", "in": "header", "name": name} for name in ("App-Id", "App-Key")}
        read = read_openapi(document(
            {"/a": {"get": {}}}, components={"securitySchemes": schemes}, security=[{"App-Id": [], "App-Key": []}]
        ))  # fmt: skip
        assert set(read.about.auth["api_key"].secret) == {"app_id", "app_key"}

    def test_a_document_without_an_address_leaves_it_to_the_connection(self) -> None:
        read = read_openapi(json.dumps({"openapi": "3.1.0", "info": {"title": "A"}, "paths": {"/a": {"get": {}}}}))
        assert read.about.needs_address
        relative = read_openapi(
            json.dumps(
                {"openapi": "3.1.0", "info": {"title": "A"}, "servers": [{"url": "/v2"}], "paths": {"/a": {"get": {}}}}
            ),
            source="https://shop.com/docs/openapi.json",
        )
        assert relative.about.base == "https://shop.com/v2"


class TestOpenApi2:
    def test_is_read_too(self) -> None:
        text = json.dumps({
            "swagger": "2.0", "info": {"title": "Old", "version": "1"}, "host": "old.example.com", "basePath": "/api",
            "schemes": ["http", "https"], "securityDefinitions": {"b": {"type": "basic"}},
            "definitions": {"Pet": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
            "paths": {
                "/pets": {"post": {"operationId": "addPet", "parameters": [
                    {"in": "body", "required": True, "name": "pet", "schema": {"$ref": "#/definitions/Pet"}}]}},
                "/pets/{id}/photo": {"post": {"operationId": "addPhoto", "consumes": ["multipart/form-data"], "parameters": [
                    {"in": "path", "name": "id", "type": "integer", "required": True},
                    {"in": "formData", "name": "photo", "type": "file"},
                    {"in": "query", "name": "tags", "type": "array", "items": {"type": "string"}}]}},
            },
        })  # fmt: skip
        read = read_openapi(text)
        assert read.about.base == "https://old.example.com/api"
        assert read.kind("add_pet").inputs["required"] == ["name"]
        photo = call(read, "add_photo")
        assert photo.encoding == "multipart"
        assert {take.name: (take.type, take.style) for take in photo.fields} == {
            "id": ("integer", "comma"), "photo": ("file", "repeat"), "tags": ("array", "comma"),
        }  # fmt: skip


class TestSchemas:
    def test_that_name_themselves_are_cut_and_hold(self) -> None:
        node = {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
            },
        }
        body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
        read = read_openapi(
            document(
                {"/a": {"post": {"operationId": "p", "requestBody": body}}}, components={"schemas": {"Node": node}}
            )
        )
        schema = read.kind("p").inputs
        check_schema(schema)
        assert "$ref" not in str(schema)

    def test_say_null_and_limits_in_the_new_way(self) -> None:
        schema = {
            "type": "object",
            "properties": {"a": {"type": "integer", "nullable": True, "minimum": 1, "exclusiveMinimum": True}},
        }
        body = {"content": {"application/json": {"schema": schema}}}
        read = read_openapi(document({"/a": {"post": {"operationId": "p", "requestBody": body}}}))
        assert read.kind("p").inputs["properties"]["a"] == {"type": ["integer", "null"], "exclusiveMinimum": 1}

    def test_leave_out_what_only_the_service_sets(self) -> None:
        schema = {
            "type": "object",
            "required": ["id", "n"],
            "properties": {"id": {"type": "string", "readOnly": True}, "n": {"type": "integer"}},
        }
        body = {"required": True, "content": {"application/json": {"schema": schema}}}
        read = read_openapi(
            document({"/a": {"post": {"operationId": "p", "requestBody": body, "responses": answers(schema)}}})
        )
        assert set(read.kind("p").inputs["properties"]) == {"n"} and read.kind("p").inputs["required"] == ["n"]
        assert set(read.kind("p").outputs["properties"]) == {"id", "n"}

    def test_cannot_smuggle_marks_of_ours_in(self) -> None:
        schema = {
            "type": "object",
            "properties": {"a": {"type": "string", "x-expression": True, "x-deferred": ["item"]}},
        }
        body = {"content": {"application/json": {"schema": schema}}}
        read = read_openapi(document({"/a": {"post": {"operationId": "p", "requestBody": body}}}))
        assert "x-" not in str(read.kind("p").inputs)


class TestWhatIsRefused:
    def test_references_that_go_in_a_circle(self) -> None:
        schemas = {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
        body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}
        read = read_openapi(
            document({"/a": {"post": {"operationId": "p", "requestBody": body}}}, components={"schemas": schemas})
        )
        with pytest.raises(Invalid, match="names itself"):
            read.kind("p")
        assert list(read.kinds()) == []
        assert "names itself" in read.warnings[0]

    @pytest.mark.parametrize("reference", ["https://evil.example/x.json", "file:///etc/passwd", "other.yaml#/a"])
    def test_references_to_elsewhere(self, reference: str) -> None:
        with pytest.raises(Invalid, match="other documents") as refused:
            read_openapi(document({"/a": {"get": {"parameters": [{"$ref": reference}]}}}))
        assert "Bundle" in refused.value.hint

    def test_a_bomb_of_aliases(self) -> None:
        lines = ["openapi: 3.0.0", "info: {title: A}", "x0: &a0 [1,2,3,4,5,6,7,8,9]"]
        lines += [f"x{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
        began = time.perf_counter()
        with pytest.raises(TooLarge):
            read_openapi("\n".join([*lines, "paths: {/a: {get: {}}}"]))
        assert time.perf_counter() - began < 10

    def test_depth_without_end(self) -> None:
        deep: Any = {}
        for _ in range(400):
            deep = {"properties": {"a": deep}}
        body = {"content": {"application/json": {"schema": deep}}}
        with pytest.raises(TooLarge, match="deeper"):
            read_openapi(document({"/a": {"post": {"requestBody": body}}}))

    @pytest.mark.parametrize("name", ["Shop", "a b", "", "slack", "x" * 60])
    def test_names_that_are_none(self, name: str) -> None:
        with pytest.raises(Invalid):
            read_openapi(document({"/a": {"get": {}}}), name=name or " ")

    @pytest.mark.parametrize("text", ["", "[]", "{", "openapi: 3.0.0", "null", '{"openapi": "3.0.0", "paths": []}'])
    def test_what_is_no_document(self, text: str) -> None:
        with pytest.raises(Invalid) as refused:
            read_openapi(text)
        assert refused.value.message


class TestLargeRealOnes:
    @pytest.mark.parametrize(
        "path", ["k8s/swagger-unprocessed.json", "render/render-openapi.json", "vercel/vercel-openapi-2025-10-27.json"]
    )
    def test_are_read_whole_into_kinds_that_hold(self, path: str) -> None:
        file = SHARED / path
        if not file.is_file():
            pytest.skip(f"The vendors' contracts are not at {SHARED}; set FLOV7_SHARED to the folder that has them.")
        read = read_openapi(file.read_bytes())
        kinds = list(read.kinds())
        assert len(kinds) == len(read.entries) >= 190
        assert read.warnings == ()
        for kind in kinds[::25]:
            check_schema(kind.inputs)
            check_schema(kind.outputs)
            assert len(json.dumps(kind.operation)) < 8_000
