"""Calling services: HTTP by a real server, GraphQL by strawberry on uvicorn, SOAP by spyne in its own process."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import strawberry
import uvicorn
from graphql import build_schema, introspection_from_schema
from strawberry.asgi import GraphQL

from flov7.kit.errors import StepFailed, StepRefused, StepUnreachable
from tests.primitives.conftest import Drawer

Call = Any
Serve = Any
Reply = Any
Connection = Any


class TestHttp:
    async def test_sends_json_and_reads_json(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(201, {"id": 7}))
        found = await call("action/api_call", {"method": "POST", "url": f"{server.url}/orders", "json": {"total": 5}})
        assert (found["status"], found["body"]) == (201, {"id": 7})
        assert (server.seen[0].json, server.seen[0].headers["content-type"]) == ({"total": 5}, "application/json")

    @pytest.mark.parametrize(
        ("body", "sent", "kind"),
        [
            ({"form": {"a": "x y", "b": [1, 2]}}, b"a=x+y&b=1&b=2", "application/x-www-form-urlencoded"),
            ({"body": "plain"}, b"plain", None),
            ({"body": {"a": 1}}, b'{"a":1}', "application/json"),
            ({"json": []}, b"[]", "application/json"),
        ],
    )
    async def test_sends_each_form_of_body(
        self, call: Call, serve: Serve, reply: Reply, body: dict[str, Any], sent: bytes, kind: str | None
    ) -> None:
        server = await serve(lambda seen: reply(200))
        await call("action/api_call", {"method": "PUT", "url": server.url, **body})
        assert (server.seen[0].body, server.seen[0].headers.get("content-type")) == (sent, kind)

    async def test_adds_parameters_to_the_address(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200))
        query = {"a": [1, 2], "b": True, "c": None, "d": "x&y"}
        await call("action/api_call", {"url": f"{server.url}/o?z=1", "query": query})
        assert server.seen[0].path == "/o?z=1&a=1&a=2&b=true&d=x%26y"

    @pytest.mark.parametrize(
        ("parse", "kind", "body", "wanted"),
        [
            ("auto", "application/problem+json", b'{"a":1}', {"a": 1}),
            ("auto", "application/json", b"not json", "not json"),
            ("auto", "text/xml", b"<a><b>1</b></a>", {"a": {"b": "1"}}),
            ("auto", "application/octet-stream", b"\x89PNG", "iVBORw=="),
            ("auto", "text/csv; charset=latin1", b"\xfc", "ü"),
            ("text", "application/json", b'{"a":1}', '{"a":1}'),
            ("json", "text/plain", b'{"a":1}', {"a": 1}),
            ("xml", "text/plain", b"<a/>", {"a": ""}),
            ("auto", "application/json", b"", None),
        ],
    )
    async def test_reads_the_answer_by_its_type(
        self, call: Call, serve: Serve, reply: Reply, parse: str, kind: str, body: bytes, wanted: Any
    ) -> None:
        server = await serve(lambda seen: reply(200, body, content_type=kind))
        found = await call("action/api_call", {"url": server.url, "parse": parse})
        assert found["body"] == wanted

    async def test_an_answer_that_cannot_be_read_refuses_a_read_and_doubts_a_write(
        self, call: Call, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(200, "no json"))
        with pytest.raises(StepRefused, match="no JSON"):
            await call("action/api_call", {"url": server.url, "parse": "json"})
        with pytest.raises(StepFailed, match="no JSON") as failed:
            await call("action/api_call", {"method": "POST", "url": server.url, "parse": "json"})
        assert not isinstance(failed.value, StepRefused)


class TestAnErrorStatus:
    @pytest.mark.parametrize(
        ("status", "headers", "error", "wait"),
        [
            (400, {}, StepRefused, None), (404, {}, StepRefused, None), (409, {}, StepRefused, None),
            (429, {}, StepUnreachable, None), (429, {"retry_after": "7"}, StepUnreachable, 7.0),
            (503, {"retry_after": "7"}, StepUnreachable, 7.0), (503, {}, StepFailed, None), (500, {}, StepFailed, None),
            (502, {"retry_after": "x"}, StepFailed, None), (408, {}, StepFailed, None),
        ],
    )  # fmt: skip
    async def test_says_who_is_wrong_and_whether_it_was_done(
        self,
        call: Call,
        serve: Serve,
        reply: Reply,
        status: int,
        headers: dict[str, str],
        error: type,
        wait: float | None,
    ) -> None:
        server = await serve(lambda seen: reply(status, {"error": {"message": "no stock"}}, **headers))
        with pytest.raises(StepFailed, match=f"answered {status}: no stock") as failed:
            await call("action/api_call", {"method": "POST", "url": server.url})
        assert type(failed.value) is error
        assert failed.value.retry_after == wait
        assert failed.value.details["status"] == status

    async def test_is_none_where_it_is_expected(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(404))
        assert (await call("action/api_call", {"url": server.url, "expect_status": [200, 404]}))["status"] == 404
        with pytest.raises(StepRefused, match="answered 404"):
            await call("action/api_call", {"url": server.url, "expect_status": [200]})


class TestTheConnection:
    @pytest.mark.parametrize(
        ("kind", "config", "secret", "header", "value"),
        [
            ("api", {}, {"type": "bearer", "token": "t"}, "authorization", "Bearer t"),
            ("api", {}, {"username": "u", "password": "p"}, "authorization", "Basic dTpw"),
            ("api", {}, {"type": "header", "name": "X-Key", "value": "v"}, "x-key", "v"),
            ("api_key", {}, {"key": "k"}, "authorization", "Bearer k"),
            ("api_key", {"header": "X-Api-Key", "prefix": ""}, {"key": "k"}, "x-api-key", "k"),
            ("api", {"headers": {"X-Team": "ops"}}, {}, "x-team", "ops"),
        ],
    )
    async def test_adds_its_secret(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection, kind: str, config: Any, secret: Any, header: str, value: str
    ) -> None:  # fmt: skip
        server = await serve(lambda seen: reply(200))
        shop = connection(kind, config={"base_url": f"{server.url}/v2/", **config}, credential=secret)
        await call("action/api_call", {"url": "/orders"}, connection=shop)
        assert (server.seen[0].path, server.seen[0].headers[header]) == ("/v2/orders", value)

    @pytest.mark.parametrize(
        ("kind", "config", "secret"),
        [("api", {}, {"type": "query", "name": "k", "value": "v"}), ("api_key", {"query_name": "k"}, {"key": "v"})],
    )
    async def test_puts_its_key_into_the_address_where_asked(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection, kind: str, config: Any, secret: Any
    ) -> None:
        server = await serve(lambda seen: reply(200))
        shop = connection(kind, config={"base_url": server.url, **config}, credential=secret)
        await call("action/api_call", {"url": "a", "query": {"b": 1}}, connection=shop)
        assert server.seen[0].path == "/a?k=v&b=1"

    async def test_sends_its_secret_nowhere_else(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        other = await serve(lambda seen: reply(200))
        shop = connection("api", config={"base_url": "https://shop.example"}, credential={"token": "t"})
        with pytest.raises(StepRefused, match=r"for `shop\.example`"):
            await call("action/api_call", {"url": other.url}, connection=shop)
        assert other.seen == []

    async def test_of_a_mail_server_is_never_used(self, call: Call, serve: Serve, connection: Connection) -> None:
        server = await serve(lambda seen: b"")
        mail = connection("api", service="smtp", config={"host": "x"}, credential={"username": "u", "password": "p"})
        with pytest.raises(StepRefused, match="is for smtp, not for HTTP"):
            await call("action/api_call", {"url": server.url}, connection=mail)
        assert server.seen == []

    async def test_with_half_a_secret_says_which_half(self, call: Call, connection: Connection) -> None:
        shop = connection("api", config={"base_url": "https://shop.example"}, credential={"type": "bearer"})
        with pytest.raises(StepRefused, match="`shop` has no `token`"):
            await call("action/api_call", {"url": "/"}, connection=shop)


class TestTheKey:
    async def test_is_sent_where_the_receiver_honours_it(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200))
        for wanted in (True, False):
            inputs = {"method": "POST", "url": server.url, "idempotency": wanted}
            await call("action/api_call", inputs, idempotency_key="run-1/step/0")
        assert [seen.headers.get("idempotency-key") for seen in server.seen] == ["run-1/step/0", None]


class TestInputs:
    @pytest.mark.parametrize(
        ("inputs", "said"),
        [
            ({"json": {}, "form": {}}, "give one body; here are json and form"),
            ({"json": {}}, "GET takes no body"),
            ({"query": "{ a }"}, "for GraphQL set `mode: graphql`"),
            ({"mode": "graphql"}, "needs the document"),
            ({"mode": "soap"}, "needs `body`"),
            ({}, "no address to call"),
        ],
    )
    async def test_that_do_not_go_together_are_explained(self, call: Call, inputs: dict[str, Any], said: str) -> None:
        with pytest.raises(StepRefused, match=said):
            await call("action/api_call", inputs)


@strawberry.type
class Order:
    id: int
    total: float


STORED: list[float] = []


@strawberry.type
class Query:
    @strawberry.field
    def order(self, id: int) -> Order | None:  # noqa: A002
        if id == 13:
            raise ValueError("bad luck")
        return Order(id=id, total=id * 1.5) if id < 100 else None


@strawberry.type
class Mutation:
    @strawberry.mutation
    def add(self, total: float) -> Order | None:
        if total < 0:
            raise ValueError("negative")
        STORED.append(total)
        return Order(id=len(STORED), total=total)


@pytest.fixture(scope="module")
async def graphql_url() -> AsyncIterator[str]:
    """A strawberry server on uvicorn."""
    app: Any = GraphQL(strawberry.Schema(Query, Mutation))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/graphql"
    server.should_exit = True
    await running


class TestGraphql:
    async def ask(self, call: Call, url: str, query: str, **more: Any) -> Any:
        return await call("action/api_call", {"mode": "graphql", "url": url, "query": query, **more})

    async def test_gives_data(self, call: Call, graphql_url: str) -> None:
        query = "query One($id: Int!) { order(id: $id) { id total } } query Other { order(id: 1) { id } }"
        found = await self.ask(call, graphql_url, query, variables={"id": 2}, operation="One")
        assert found["body"] == {"order": {"id": 2, "total": 3.0}}

    async def test_errors_under_status_200_are_an_error(self, call: Call, graphql_url: str) -> None:
        with pytest.raises(StepRefused, match="GraphQL says: bad luck at `order`") as refused:
            await self.ask(call, graphql_url, "{ order(id: 13) { id } }")
        assert refused.value.error_code == "graphql.errors"

    async def test_a_document_that_does_not_fit_is_an_error(self, call: Call, graphql_url: str) -> None:
        with pytest.raises(StepRefused, match="Cannot query field 'price'"):
            await self.ask(call, graphql_url, "{ order(id: 1) { price } }")

    async def test_a_mutation_that_was_refused_did_nothing(self, call: Call, graphql_url: str) -> None:
        with pytest.raises(StepRefused, match="negative"):
            await self.ask(call, graphql_url, "mutation { add(total: -1) { id } }")

    async def test_a_mutation_that_was_half_done_is_in_doubt(self, call: Call, graphql_url: str) -> None:
        before = len(STORED)
        with pytest.raises(StepFailed, match="negative") as failed:
            await self.ask(call, graphql_url, "mutation { a: add(total: 5) { id } b: add(total: -1) { id } }")
        assert not isinstance(failed.value, StepRefused)
        assert len(STORED) == before + 1

    async def test_what_is_no_graphql_is_explained(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200, "<html>"))
        with pytest.raises(StepRefused, match="no GraphQL answer"):
            await self.ask(call, server.url, "{ a }")


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def soap(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Version and address of a spyne server, in a process of its own (it predates our warnings)."""
    program = [sys.executable, str(Path(__file__).with_name("soap_server.py")), request.param]
    server = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    yield request.param, f"http://127.0.0.1:{int(server.stdout.readline())}/"
    server.kill()
    server.wait()
    server.stdout.close()


class TestSoap:
    async def ask(self, call: Call, soap: tuple[str, str], body: Any, **more: Any) -> Any:
        inputs = {"mode": "soap", "url": soap[1], "soap_version": soap[0], "soap_action": "price", "body": body, **more}
        return await call("action/api_call", inputs)

    async def test_sends_an_object_and_reads_the_answer(self, call: Call, soap: tuple[str, str]) -> None:
        found = await self.ask(call, soap, {"price": {"item": "tea", "quantity": 2}}, namespace="urn:shop")
        assert found["body"] == {"priceResponse": {"priceResult": "6"}}

    async def test_sends_xml_text(self, call: Call, soap: tuple[str, str]) -> None:
        found = await self.ask(call, soap, '<price xmlns="urn:shop"><item>pot</item><quantity>1</quantity></price>')
        assert found["body"]["priceResponse"]["priceResult"] == "40"

    async def test_a_fault_of_ours_is_refused(self, call: Call, soap: tuple[str, str]) -> None:
        with pytest.raises(StepRefused, match="fault: There is no spoon") as refused:
            await self.ask(call, soap, {"price": {"item": "spoon"}}, namespace="urn:shop")
        assert refused.value.error_code == "soap.fault"

    async def test_a_fault_of_theirs_is_a_failure(self, call: Call, soap: tuple[str, str]) -> None:
        with pytest.raises(StepFailed, match="answers with a fault") as failed:
            await self.ask(call, soap, {"price": {"item": "broken"}}, namespace="urn:shop")
        assert not isinstance(failed.value, StepRefused)

    async def test_a_body_against_their_schema_is_an_error(self, call: Call, soap: tuple[str, str]) -> None:
        # spyne's 1.2 cannot put this into a fault and answers a bare 500, which is an error all the same
        with pytest.raises(StepFailed, match="fault" if soap[0] == "1.1" else "answered 500"):
            await self.ask(call, soap, {"price": {"quantity": "many"}}, namespace="urn:shop")

    @pytest.mark.parametrize("body", ["<Envelope/>", "<a>", [1], '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
    async def test_a_body_that_cannot_stand_in_an_envelope_is_explained(
        self, call: Call, soap: tuple[str, str], body: Any
    ) -> None:
        with pytest.raises(StepRefused):
            await self.ask(call, soap, body)


class TestSoapByItsContract:
    async def ask(self, call: Call, soap: tuple[str, str], operation: str, body: Any, **more: Any) -> Any:
        inputs = {"mode": "soap", "wsdl": f"{soap[1]}?wsdl", "operation": operation, "body": body, **more}
        return (await call("action/api_call", inputs))["body"]

    async def test_builds_the_message_and_reads_the_answer_with_its_types(
        self, call: Call, soap: tuple[str, str]
    ) -> None:
        assert await self.ask(call, soap, "price", {"item": "tea", "quantity": 2}) == 6
        lines = {"Line": [{"item": "tea", "quantity": 2, "colour": "red"}]}
        offer = await self.ask(call, soap, "offer", {"lines": lines, "day": "2027-01-31"})
        assert offer == {"total": 6, "lines": lines, "valid_until": "2027-01-31"}

    @pytest.mark.parametrize(
        ("operation", "body", "why"),
        [
            ("price", {"itm": "tea"}, "no parameter 'itm'"),
            ("price", {"item": "tea", "quantity": "many"}, "not a valid value of the atomic type 'xs:integer'"),
            ("offer", {"lines": {"Line": [{"item": "tea", "quantity": 1, "colour": "green"}]}}, "'green' is not"),
            ("offer", {"lines": [1]}, "does not fit `offer`"),
            ("price", "tea", "is an object"),
            ("buy", {}, "no operation `buy`"),
        ],
    )
    async def test_what_does_not_fit_is_explained_before_it_is_sent(
        self, call: Call, soap: tuple[str, str], operation: str, body: Any, why: str
    ) -> None:
        with pytest.raises(StepRefused, match=why) as refused:
            await self.ask(call, soap, operation, body, url="http://127.0.0.1:1/never")
        assert refused.value.error_code in ("soap.message", "soap.operation")

    async def test_a_fault_is_a_fault_all_the_same(self, call: Call, soap: tuple[str, str]) -> None:
        with pytest.raises(StepRefused, match="fault: There is no spoon"):
            await self.ask(call, soap, "price", {"item": "spoon"})

    async def test_may_lie_in_a_file(self, call: Call, soap: tuple[str, str]) -> None:
        drawer = Drawer()
        with urllib.request.urlopen(f"{soap[1]}?wsdl") as page:
            file = await drawer.put(page.read(), "shop.wsdl", "text/xml")
        inputs = {"mode": "soap", "wsdl": file, "operation": "price", "body": {"item": "pot"}, "url": soap[1]}
        assert (await call("action/api_call", inputs, files=drawer))["body"] == 40

    async def test_parts_of_it_are_fetched_and_a_foreign_host_sees_no_secret(
        self, call: Call, soap: tuple[str, str], serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        with urllib.request.urlopen(f"{soap[1]}?wsdl") as page:
            whole = page.read().decode()
        begins, ends = whole.index("<wsdl:types>"), whole.index("</wsdl:types>")
        types = whole[begins + len("<wsdl:types>") : ends]
        inner = re.findall(r"<xs:schema.*?</xs:schema>", types, re.DOTALL)
        assert len(inner) == 2
        names = re.search(r"<wsdl:definitions[^>]*>", whole)
        assert names is not None
        spaces = " ".join(re.findall(r'xmlns:[a-z0-9]+="[^"]+"', names[0]))
        foreign = await serve(
            lambda seen: reply(200, inner[int(seen.path[-1])].replace("<xs:schema", f"<xs:schema {spaces}", 1))
        )
        targets = [str(re.findall(r'targetNamespace="([^"]+)"', one)[0]) for one in inner]
        imports = "".join(
            f'<xs:import namespace="{space}" schemaLocation="{foreign.url}/{n}"/>' for n, space in enumerate(targets)
        )
        cut = whole[:begins] + f"<wsdl:types><xs:schema>{imports}</xs:schema>" + whole[ends:]
        ours = await serve(lambda seen: reply(200, cut))
        shop = connection("api_key", config={"base_url": ours.url}, credential={"key": "s3cret"})
        inputs = {"mode": "soap", "wsdl": "/shop.wsdl", "operation": "price", "body": {"item": "tea"}}
        with pytest.raises(StepRefused, match="secret is not sent there") as refused:  # its address is spyne's
            await call("action/api_call", inputs, connection=shop)
        assert refused.value.error_code == "connection.other_host"
        assert ours.seen[0].headers["authorization"] == "Bearer s3cret"
        assert foreign.seen and all("authorization" not in seen.headers for seen in foreign.seen)

    @pytest.mark.parametrize("body", ["<html>", "<a/>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
    async def test_what_is_no_contract_is_explained(self, call: Call, serve: Serve, reply: Reply, body: str) -> None:
        server = await serve(lambda seen: reply(200, body))
        with pytest.raises(StepRefused, match="no contract") as refused:
            await call("action/api_call", {"mode": "soap", "wsdl": server.url, "operation": "a", "body": {}})
        assert refused.value.error_code == "soap.contract"


class TestGraphqlByItsSchema:
    async def ask(self, call: Call, url: str, query: str, **more: Any) -> Any:
        inputs = {"mode": "graphql", "url": url, "query": query, "schema": "introspect", **more}
        return (await call("action/api_call", inputs))["body"]

    async def test_what_fits_is_sent(self, call: Call, graphql_url: str) -> None:
        query = "query One($id: Int!) { order(id: $id) { id total } }"
        assert await self.ask(call, graphql_url, query, variables={"id": 2}) == {"order": {"id": 2, "total": 3.0}}

    @pytest.mark.parametrize(
        ("query", "variables", "code", "why"),
        [
            ("{ order(id: 1) { price } }", {}, "graphql.query", r"'price'.*line 1, column 18"),
            ("{ order(id: 1) { id }", {}, "graphql.query", "Syntax Error"),
            ("query A($id: Int!) { order(id: $id) { id } }", {"id": "two"}, "graphql.variables", r"\$id.*two"),
            ("query A($id: Int!) { order(id: $id) { id } }", {}, "graphql.variables", r"\$id.*non-null"),
            ("{ order(id: 1) { id } }", {"x": 1}, "graphql.variables", r"no variable `\$x`"),
            ("query A { order(id: 1) { id } } query B { order(id: 2) { id } }", {}, "graphql.query", "several"),
        ],
    )
    async def test_what_does_not_fit_is_explained_before_it_is_sent(
        self, call: Call, query: str, variables: dict[str, Any], code: str, why: str
    ) -> None:
        schema = "type Order { id: Int! total: Float } type Query { order(id: Int!): Order }"
        with pytest.raises(StepRefused, match=why) as refused:
            await self.ask(call, "http://127.0.0.1:1/never", query, variables=variables, schema=schema)
        assert refused.value.error_code == code

    async def test_is_asked_for_once(self, call: Call, serve: Serve, reply: Reply, graphql_url: str) -> None:
        told = introspection_from_schema(build_schema("type Query { a: Int }"))
        server = await serve(lambda seen: reply(200, {"data": told if "__schema" in seen.json["query"] else {"a": 1}}))
        for _ in range(2):
            assert await self.ask(call, server.url, "{ a }") == {"a": 1}
        assert ["__schema" in seen.json["query"] for seen in server.seen] == [True, False, False]

    async def test_that_is_not_told_is_explained(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200, {"errors": [{"message": "introspection is off"}]}))
        with pytest.raises(StepRefused, match="does not say what its schema is"):
            await self.ask(call, server.url, "{ a }")
