"""Exchanges: what a step gives, the exact request that it makes, the answer of the service, the step's output.

Each cites the vendor's page (`source`) and the day on which it was written to it (`date`). A list of them stands
beside a connector's table; an operation without one does not count. `against` names what else they were held against.

    date: 2026-11-23
    exchanges:
    - op: create_page
      source: https://developers.notion.com/reference/post-page
      with: {parent: {database_id: d1}, properties: {}}
      sent: POST https://api.notion.com/v1/pages
      json: {parent: {database_id: d1}, properties: {}}
      answer: {object: page, id: p1}
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flov7.kit.errors import FlowError, Misconfigured, StepFailed
from flov7.language.schemas import problems
from flov7.primitives.connectors.builtin import EXCHANGES, FOLDER
from flov7.primitives.connectors.operation import Operation
from flov7.primitives.connectors.reading import read_text
from flov7.primitives.connectors.running import run_operation
from flov7.primitives.connectors.shelf import spec_of_table
from flov7.primitives.connectors.table import Connector
from flov7.primitives.declare import ConnectionValue, Context, Json
from flov7.primitives.formats import json_text
from flov7.primitives.outside import Answer, Request


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Turn(_Part):
    """One request and its answer."""

    sent: str = Field(pattern=r"^(GET|HEAD|POST|PUT|PATCH|DELETE) https?://\S+$")
    headers: dict[str, str] = Field(default={}, description="Headers that must be there, beside any others.")
    json_: Any = Field(default=None, alias="json", description="The body, where it is JSON.")
    form: dict[str, str] | None = Field(default=None, description="The body, where it is a form.")
    text: str | None = Field(default=None, description="What stands in a body of any other kind.")
    status: int = 200
    answer: Any = None
    answer_text: str | None = Field(default=None, description="An answer that is no JSON.")
    answer_headers: dict[str, str] = {}


class Exchange(Turn):
    """An operation's exchange; `then` are the requests for further pages."""

    op: str
    source: str = Field(pattern=r"^https://\S+$")
    date: str | None = Field(default=None, pattern=r"^20\d\d-\d\d-\d\d$")
    with_: dict[str, Any] = Field(default={}, alias="with")
    then: tuple[Turn, ...] = ()
    gives: Any = Field(default=None, description="The output; left out, the answer as it is.")

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All requests in their order."""
        return (self, *self.then)


class Exchanges(_Part):
    """The exchanges of one connector."""

    date: str = Field(pattern=r"^20\d\d-\d\d-\d\d$", description="The day on which they were written to their pages.")
    against: str = Field(default="", description="A contract of the vendor's that they were held against besides.")
    kind: str | None = Field(default=None, description="The connection kind; left out, the table's first.")
    settings: dict[str, str] = Field(default={}, description="What the connection's config says.")
    secret: dict[str, str] = Field(default={}, description="The connection's secret; left out, `test-NAME` each.")
    exchanges: tuple[Exchange, ...]


def exchanges_of(name: str, *, folder: Path = FOLDER) -> Exchanges:
    """The exchanges of a connector. Raises Misconfigured."""
    path = folder / name / EXCHANGES
    if not path.exists():
        raise Misconfigured(f"The connector {name} has no {EXCHANGES}.", hint="Write one exchange for each operation.")
    value = read_text(path.read_bytes(), what=f"The exchanges of {name}")
    try:
        return Exchanges.model_validate(value)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise Misconfigured(f"The exchanges of {name} do not hold: {wrong}.", code="connector.exchanges") from error


def connection_for(connector: Connector, exchanges: Exchanges, **config: Json) -> ConnectionValue | None:
    """The connection that the exchanges are played with."""
    if not connector.auth:
        return ConnectionValue(name="test", kind="api", service=connector.name, config={**exchanges.settings, **config})
    kind = exchanges.kind or next(iter(connector.auth))
    auth = connector.auth[kind]
    names = list(auth.secret) or (["key"] if kind == "api_key" else ["access_token"])
    secret = {name: f"test-{name}" for name in names} | exchanges.secret
    if auth.token:
        secret.setdefault("access_token", "test-access_token")
    settings = {**exchanges.settings, **config}
    return ConnectionValue(name="test", kind=kind, service=connector.name, config=settings, credential=secret)


async def played(connector: Connector, exchange: Exchange, exchanges: Exchanges) -> list[str]:
    """What differs when the exchange is played without a network; empty where all holds."""
    if exchange.op not in connector.operations:
        return [f"there is no operation `{exchange.op}`"]
    spec = spec_of_table(connector, exchange.op)
    wrong = [f"`{one.where}` {one.message}" for one in problems(spec.inputs, value=exchange.with_)]
    service = _Service(exchange.turns)
    context = _context(service, connection_for(connector, exchanges))
    try:
        given = await run_operation(context, Operation.model_validate(spec.operation), exchange.with_)
    except FlowError as error:
        return [*wrong, *service.wrong, f"{error.error_code}: {error.message}"]
    expected = exchange.answer if exchange.gives is None else exchange.gives
    if given != expected and not (expected is None and given == {}):
        wrong.append(f"it gives {json_text.show(given)[:400]} and not {json_text.show(expected)[:400]}")
    wrong += [f"output {one.where} {one.message}" for one in problems(spec.outputs, value=given)]
    if len(service.seen) < len(exchange.turns):
        wrong.append(f"only {len(service.seen)} of {len(exchange.turns)} requests were made")
    return [*wrong, *service.wrong]


def differences(turn: Turn, request: Request) -> list[str]:
    """How a request differs from the one that a turn says."""
    method, _, url = turn.sent.partition(" ")
    wrong: list[str] = []
    if (request.method, _place(request.url)) != (method, _place(url)):
        wrong.append(f"it asks {request.method} {request.url} and not {turn.sent}")
    if (query := _query(request.url)) != _query(url):
        wrong.append(f"the query is {query} and not {_query(url)}")
    for name, value in turn.headers.items():
        if request.headers.get(name.lower()) != value:
            wrong.append(f"the header {name} is {request.headers.get(name.lower())!r} and not {value!r}")
    return [*wrong, *_body_differs(turn, request.body)]


def _body_differs(turn: Turn, body: bytes | None) -> list[str]:
    text = (body or b"").decode("utf-8", errors="replace")
    if turn.json_ is not None:
        found = json_text.parse(text) if text else None
        return [] if found == turn.json_ else [f"the body is {text[:600]} and not {json_text.show(turn.json_)[:600]}"]
    if turn.form is not None:
        return [] if dict(parse_qsl(text)) == turn.form else [f"the form is {text[:600]} and not {turn.form}"]
    if turn.text is not None:
        return [] if turn.text.strip() in text.replace("\r\n", "\n") else [f"the body is {text[:600]}"]
    return [f"it has the body {text[:600]} and should have none"] if body else []


def answer_of(turn: Turn, url: str) -> Answer:
    """The answer that a turn says."""
    headers = {name.lower(): value for name, value in turn.answer_headers.items()}
    if turn.answer_text is not None:
        body = turn.answer_text.encode()
        headers.setdefault("content-type", "text/plain")
    else:
        body = b"" if turn.answer is None else json_text.show(turn.answer).encode()
        headers.setdefault("content-type", "application/json")
    return Answer(status=turn.status, headers=headers, body=body, url=url, seconds=0.0)


def _place(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc, parts.path


def _query(url: str) -> list[tuple[str, str]]:
    return sorted(parse_qsl(urlsplit(url).query, keep_blank_values=True))


class _Service:
    """Stands where the network stands, and answers by the turns."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = list(turns)
        self.seen: list[Request] = []
        self.wrong: list[str] = []

    async def fetch(self, request: Request) -> Answer:
        self.seen.append(request)
        if len(self.seen) > len(self._turns):
            raise StepFailed(f"There is one request too many: {request.method} {request.url}.")
        turn = self._turns[len(self.seen) - 1]
        self.wrong += differences(turn, request)
        return answer_of(turn, request.url)

    async def addresses(self, host: str, *, port: int) -> list[str]:
        return []

    async def connect(self, host: str, *, port: int, timeout: float) -> Any:
        raise StepFailed("There is no network here.")

    def local_file(self, name: str) -> Path:
        raise StepFailed("There are no files here.")

    def client(self, *, timeout: float) -> Any:
        raise StepFailed("There is no network here.")


class _Files:
    """Files of exchanges: named by the digest of `test file`, and kept nowhere."""

    async def read(self, digest: str) -> bytes:
        return b"test file"

    async def keep(self, body: bytes) -> str:
        return hashlib.sha256(body).hexdigest()


class _Quiet:
    def info(self, event: str, **fields: Json) -> None:
        return None

    def warning(self, event: str, **fields: Json) -> None:
        return None

    async def get(self, key: str) -> Json | None:
        return None

    async def set(self, key: str, value: Json) -> None:
        return None


def _context(service: _Service, connection: ConnectionValue | None) -> Context:
    return Context(
        execution_id="run",
        step="step",
        attempt=1,
        outside=service,
        log=_Quiet(),
        cache=_Quiet(),
        heartbeat=lambda _: None,
        deadline=time.monotonic() + 30,
        idempotency_key="key-1",
        connection=connection,
        files=_Files(),
    )


def played_all(connector: Connector, exchanges: Exchanges) -> Mapping[str, list[str]]:
    """What is wrong, by `operation #number`; only what is wrong is in it. Runs its own event loop."""

    async def play() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for number, one in enumerate(exchanges.exchanges, 1):
            wrong = await played(connector, one, exchanges)
            if wrong:
                found[f"{one.op} #{number}"] = wrong
        return found

    return asyncio.run(play())
