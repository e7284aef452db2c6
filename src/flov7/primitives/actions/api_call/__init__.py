"""Call a service over HTTP: REST, GraphQL or SOAP.

- `http`: `method`, `url`, `query`, `headers`, and one of `json`, `form`, `body`.
- `graphql`: `query` holds the document, with `variables` and `operation`; `errors` in the answer are an error,
  also under status 200. The output's `body` is `data`.
- `soap`: `body` is what stands in the envelope, XML text or an object that becomes XML (in `namespace`), with
  `soap_action` and `soap_version`; a fault is an error. The output's `body` is what stood in the envelope.

`paging` reads a list that comes in pages: the output's `body` is then `{items, more, pages}`. `batch` sends a list in
pieces: the output's `body` is then `{answers, sent, requests}`. Each page and each piece is asked for again where the
service turned it away, as `retries` says. `per_second` keeps to what the service allows. `files` sends files of earlier
steps in a form, `body` may be one; `parse: file` keeps the answer as a file.

With a connection (`api`, `api_key`) `url` is the path below its `base_url`, and its secret goes only there. An
answer of 400 or more is an error unless `expect_status` names it. What POST and PATCH do is a write, not repeated
where it is not known whether it arrived, unless `idempotency: true` says that the receiver honours
`Idempotency-Key`, or `effect` says that it only reads or is safe to repeat.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from email.message import Message
from functools import partial
from typing import Annotated, Any, Literal, assert_never
from urllib.parse import unquote, urlsplit

from pydantic import ConfigDict, Field, model_validator

from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.language.effects import ByCase, ByGraphql, ByValue, Effect, of_graphql
from flov7.primitives.actions.api_call import graphql, http, pieces, soap
from flov7.primitives.actions.api_call.paging import Paging, collected
from flov7.primitives.actions.api_call.pieces import Batch
from flov7.primitives.credentials import NOT_HTTP
from flov7.primitives.declare import Context, Json, Kind, KindInputs, KindOutputs, secret
from flov7.primitives.fields import rules, where_is
from flov7.primitives.files import File, as_file, kept
from flov7.primitives.outside import Answer
from flov7.primitives.repeating import ONCE, USUAL, Retries, repeated
from flov7.primitives.schemes.fetching import PerSecond

Method = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


class Inputs(KindInputs):
    """What is called, and what counts as well answered."""

    model_config = ConfigDict(
        json_schema_extra=rules(where_is("mode", "graphql", needs="query"), where_is("mode", "soap", needs="body"))
    )

    mode: Literal["http", "graphql", "soap"] = Field(default="http", description="The protocol.")
    method: Method = Field(default="GET", description="For HTTP; GraphQL and SOAP always POST.")
    url: str = Field(
        default="",
        max_length=8000,
        description="The address, or the path below the connection's.",
        examples=["/orders/{{ id }}"],
    )
    headers: Annotated[dict[str, str], secret()] = Field(default_factory=dict, description="Sent along.")
    query: dict[str, Json] | str | None = Field(
        default=None, description="For HTTP: parameters of the address. For GraphQL: the document."
    )
    json_: Json = Field(default=None, alias="json", description="A body, sent as JSON.")
    form: dict[str, Json] | None = Field(default=None, description="A body, sent as a form.")
    body: Json = Field(default=None, description="A body as it is; for SOAP the content of the envelope.")
    variables: dict[str, Json] = Field(default_factory=dict, description="For GraphQL.")
    operation: str | None = Field(default=None, description="For GraphQL: which operation of the document.")
    soap_action: str | None = Field(default=None, description="For SOAP: the action.")
    soap_version: Literal["1.1", "1.2"] = Field(default="1.1", description="For SOAP.")
    soap_header: Json = Field(default=None, description="For SOAP: the content of the header, XML or an object.")
    namespace: str | None = Field(default=None, description="For SOAP: the namespace of a body given as an object.")
    expect_status: list[int] | None = Field(
        default=None, description="The statuses that are no error; left out: all below 400."
    )
    files: dict[str, File] | None = Field(default=None, description="Files, sent in a form beside `form`, by field.")
    paging: Paging | None = Field(default=None, description="For GET: reads the list's further pages too.")
    batch: Batch | None = Field(default=None, description="Sends a list in several requests, a piece of it in each.")
    per_second: PerSecond = None
    retries: Retries | None = Field(
        default=None,
        description="How often each request is made where it was turned away, or failed and a repetition does no harm; "
        "left out, once, and three times for further pages and for pieces.",
    )
    parse: Literal["auto", "json", "text", "xml", "file"] = Field(
        default="auto", description="How the answer is read; `auto` goes by its content type; `file` keeps it."
    )
    follow_redirects: bool = Field(default=True, description="Whether redirects are followed, at most 5.")
    effect: Literal["read", "idempotent", "write"] | None = Field(
        default=None, description="For POST, PATCH, mutations and SOAP: says that it only reads, or is safe to repeat."
    )
    idempotency: bool = Field(default=False, description="The receiver honours `Idempotency-Key`: send ours.")

    @model_validator(mode="after")
    def _goes_together(self) -> Inputs:
        bodies = [n for n, v in (("json", self.json_), ("form", self.form), ("body", self.body)) if v is not None]
        if len(bodies) > 1:
            raise ValueError(f"give one body; here are {' and '.join(bodies)}")
        if self.files is not None and (self.mode != "http" or "json" in bodies or "body" in bodies):
            raise ValueError("`files` goes with `form` only, in `mode: http`")
        if self.paging is not None and (self.mode != "http" or self.method != "GET" or self.parse == "file"):
            raise ValueError("`paging` goes with GET, and not with `parse: file`")
        _batch_fits(self)
        bodies = (
            bodies or (["files"] if self.files is not None else []) or (["batch"] if self.batch is not None else [])
        )
        if self.mode == "http" and bodies and self.method in ("GET", "HEAD"):
            raise ValueError(f"{self.method} takes no body; give `method: POST`, or put it into `query`")
        if self.mode == "http" and isinstance(self.query, str):
            raise ValueError('`query` is an object of parameters, as in {"page": 2}; for GraphQL set `mode: graphql`')
        if self.mode == "graphql" and not isinstance(self.query, str):
            raise ValueError("`mode: graphql` needs the document as text in `query`")
        if self.mode == "soap" and self.body is None:
            raise ValueError("`mode: soap` needs `body`, the content of the envelope")
        return self


def _batch_fits(inputs: Inputs) -> None:
    if inputs.batch is None:
        return
    if inputs.mode == "soap" or inputs.files is not None or inputs.form is not None or inputs.body is not None:
        raise ValueError("`batch` goes with `json` or GraphQL `variables`, not with `form`, `body`, `files` or SOAP")
    if inputs.mode == "graphql" and not inputs.batch.into:
        raise ValueError("`batch` needs `into`: the variable of the document that takes a piece")
    if not inputs.batch.into and inputs.json_ is not None:
        raise ValueError(
            "`batch` is the body itself here; say in `into` where in `json` a piece goes, or leave `json` out"
        )


class Outputs(KindOutputs):
    """The answer."""

    status: int = Field(description="The HTTP status; of several requests the last one's; 0 where nothing was sent.")
    headers: dict[str, str] = Field(description="The headers, names in lower case.")
    body: Any = Field(description="The answer: JSON or XML as a value, else text, else Base64 of its bytes.")
    url: str = Field(description="Where the answer came from, after redirects.")


async def run(context: Context, inputs: Inputs) -> Outputs:
    """Sends the request. Raises a step error that says whether the effect can have happened."""
    call = http.Call.of(
        context,
        url=inputs.url,
        headers=inputs.headers,
        follow=inputs.follow_redirects,
        sends_key=inputs.idempotency,
        expect=inputs.expect_status,
        per_second=inputs.per_second,
    )
    if inputs.batch is None:
        answer, content = await _again(context, inputs, lambda: _asked(context, call, inputs), usually=ONCE)
    else:
        answer, content = await pieces.sent(
            context, inputs.batch, send=partial(_piece, context, call, inputs), harmless=_harmless(inputs)
        )
        if answer is None:  # an empty list, or one whose pieces have all gone before
            return Outputs(status=0 if not inputs.batch.items else 200, headers={}, body=content, url=call.url)
    return Outputs(status=answer.status, headers=dict(answer.headers), body=content, url=answer.url)


async def _piece(
    context: Context, call: http.Call, inputs: Inputs, piece: list[Json], part: str
) -> tuple[Answer, Json]:
    into, mine = inputs.batch.into if inputs.batch else "", replace(call, part=part)
    field = "variables" if inputs.mode == "graphql" else "json_"
    one = inputs.model_copy(update={field: pieces.put(getattr(inputs, field), into, piece), "batch": None})
    return await _again(context, inputs, lambda: _asked(context, mine, one), usually=USUAL)


async def _again(
    context: Context, inputs: Inputs, work: Callable[[], Awaitable[tuple[Answer, Json]]], *, usually: Retries
) -> tuple[Answer, Json]:
    policy = ONCE if inputs.paging is not None else inputs.retries or usually  # pages have their own
    return await repeated(work, policy=policy, context=context, harmless=_harmless(inputs))


def _harmless(inputs: Inputs) -> bool:
    """Whether a repetition changes nothing more."""
    if inputs.idempotency or inputs.effect in ("read", "idempotent"):
        return True
    match inputs.mode:
        case "http":
            return inputs.method in (*http.LOOKS_ONLY, "PUT")
        case "graphql":
            return of_graphql(str(inputs.query)) is Effect.READ
        case "soap":
            return False
        case _:
            assert_never(inputs.mode)


async def _asked(context: Context, call: http.Call, inputs: Inputs) -> tuple[Answer, Json]:
    match inputs.mode:
        case "http":
            return await _http(context, call, inputs)
        case "graphql":
            return await graphql.ask(
                call, document=str(inputs.query), variables=inputs.variables, operation=inputs.operation
            )
        case "soap":
            envelope = soap.envelope(
                inputs.body, header=inputs.soap_header, version=inputs.soap_version, namespace=inputs.namespace
            )
            return await soap.ask(call, envelope=envelope, version=inputs.soap_version, action=inputs.soap_action)
        case _:
            assert_never(inputs.mode)


async def _http(context: Context, call: http.Call, inputs: Inputs) -> tuple[Answer, Json]:
    query = inputs.query if isinstance(inputs.query, dict) else {}
    if inputs.paging is not None:
        return await collected(call, query=query, paging=inputs.paging, parse=inputs.parse, retries=inputs.retries)
    body, content_type = await _body(context, inputs)
    answer = await call.send(inputs.method, body=body, content_type=content_type, query=query)
    if inputs.parse != "file":
        return answer, http.content(answer, parse=inputs.parse, looks=inputs.method in http.LOOKS_ONLY)
    file = await kept(context.files.keep, answer.body, name=_name_of(answer), media_type=_media_type(answer))
    return answer, file.model_dump()


async def _body(context: Context, inputs: Inputs) -> tuple[bytes | None, str | None]:
    if inputs.files is not None:
        files = {
            name: (one.name, one.media_type, await context.files.read(one.file)) for name, one in inputs.files.items()
        }
        return http.multipart(inputs.form or {}, files)
    file = as_file(inputs.body)
    if file is not None:
        return await context.files.read(file.file), file.media_type
    return http.packed(json=inputs.json_, form=inputs.form, body=inputs.body)


def _name_of(answer: Answer) -> str:
    """The file's name: as the answer says, else the last part of its address."""
    head = Message()
    head["content-disposition"] = answer.headers.get("content-disposition", "")
    return head.get_filename() or unquote(urlsplit(answer.url).path.rsplit("/", 1)[-1]) or "file"


def _media_type(answer: Answer) -> str:
    return answer.headers.get("content-type", "").split(";")[0].strip().lower()


_SAID = ByValue(
    field="effect",
    effects={"read": Effect.READ, "idempotent": Effect.IDEMPOTENT, "write": Effect.WRITE},
    absent=Effect.WRITE,
    otherwise=Effect.WRITE,
)
_HTTP = ByCase(
    field="method",
    cases={
        "GET": Effect.READ,
        "HEAD": Effect.READ,
        "OPTIONS": Effect.READ,
        "PUT": Effect.IDEMPOTENT,
        "DELETE": Effect.IRREVERSIBLE,
        "POST": _SAID,
        "PATCH": _SAID,
    },
    absent=Effect.READ,
    otherwise=Effect.WRITE,
)

KIND = Kind(
    title="API call",
    icon="globe",
    summary="Ask or tell a service over HTTP, GraphQL or SOAP.",
    confused_with="`notification` for a message to people; `db_query` for a database; `enrich` for many look-ups.",
    examples=("Get the order from the shop", "Post it to the CRM", "Call the SOAP service"),
    synonyms=("http", "rest", "request", "graphql", "soap", "fetch", "post", "call", "api"),
    lowering=Lowering.CALL,
    effect=ByCase(
        field="mode",
        cases={"http": _HTTP, "graphql": ByGraphql(field="query", changes=_SAID), "soap": _SAID},
        absent=_HTTP,
        otherwise=Effect.WRITE,
    ),
    target_fields=("method", "url"),
    takes_key=ByValue(
        field="idempotency", effects={"true": Effect.IDEMPOTENT}, absent=Effect.WRITE, otherwise=Effect.WRITE
    ),
    timeout=30.0,
    connection=ConnectionNeed(kinds=("api", "api_key", "oauth"), without=NOT_HTTP),
)
