"""Call a service over HTTP: REST, GraphQL or SOAP.

- `http`: `method`, `url`, `query`, `headers`, and one of `json`, `form`, `body`.
- `graphql`: `query` holds the document, with `variables` and `operation`; `errors` in the answer are an error,
  also under status 200. The output's `body` is `data`. With `schema` all of it is checked before it is sent.
- `soap`: with `wsdl`, the service's contract, `operation` names what is called and `body` holds its parameters: the
  message is built and checked by the contract before it is sent, and the output's `body` is what the operation gives.
  Without one `body` is what stands in the envelope, XML text or an object that becomes XML (in `namespace`), with
  `soap_action` and `soap_version`, and the output's `body` is what stood in the envelope. A fault is an error.

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

from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import Field

from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.language.effects import ByCase, ByGraphql, ByValue, Effect
from flov7.primitives.actions.api_call import http, pieces
from flov7.primitives.actions.api_call.asking import again, asked, harmless
from flov7.primitives.actions.api_call.inputs import Inputs
from flov7.primitives.credentials import NOT_HTTP
from flov7.primitives.declare import Context, Json, Kind, KindOutputs
from flov7.primitives.outside import Answer
from flov7.primitives.repeating import ONCE, USUAL

__all__ = ["KIND", "Inputs", "Outputs", "run"]


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
        url=inputs.url or (inputs.wsdl if isinstance(inputs.wsdl, str) else ""),
        headers=inputs.headers,
        follow=inputs.follow_redirects,
        sends_key=inputs.idempotency,
        expect=inputs.expect_status,
        per_second=inputs.per_second,
    )
    if inputs.batch is None:
        answer, content = await again(context, inputs, lambda: asked(context, call, inputs), usually=ONCE)
    else:
        answer, content = await pieces.sent(
            context, inputs.batch, send=partial(_piece, context, call, inputs), harmless=harmless(inputs)
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
    return await again(context, inputs, lambda: asked(context, mine, one), usually=USUAL)


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
