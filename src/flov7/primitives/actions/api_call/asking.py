"""One request of an `api_call`, by its protocol, and whether it may be made again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from email.message import Message
from typing import assert_never
from urllib.parse import unquote, urlsplit

from flov7.language.effects import Effect, of_graphql
from flov7.primitives.actions.api_call import checked_query, graphql, http, soap
from flov7.primitives.actions.api_call.contracts import contract_of
from flov7.primitives.actions.api_call.inputs import Inputs
from flov7.primitives.actions.api_call.paging import collected
from flov7.primitives.declare import Context, Json
from flov7.primitives.files import as_file, kept
from flov7.primitives.outside import Answer
from flov7.primitives.repeating import ONCE, Retries, repeated


async def again(
    context: Context, inputs: Inputs, work: Callable[[], Awaitable[tuple[Answer, Json]]], *, usually: Retries
) -> tuple[Answer, Json]:
    """What `work` gives, made as often as the step says, or as is `usually` done."""
    policy = ONCE if inputs.paging is not None else inputs.retries or usually  # pages have their own
    return await repeated(work, policy=policy, context=context, harmless=harmless(inputs))


def harmless(inputs: Inputs) -> bool:
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


async def asked(context: Context, call: http.Call, inputs: Inputs) -> tuple[Answer, Json]:
    """The answer and its content. Raises a step error that says whether the effect can have happened."""
    match inputs.mode:
        case "http":
            return await _http(context, call, inputs)
        case "graphql":
            return await _graphql(call, inputs)
        case "soap":
            return await _soap(call, inputs)
        case _:
            assert_never(inputs.mode)


async def _graphql(call: http.Call, inputs: Inputs) -> tuple[Answer, Json]:
    document, variables, operation = str(inputs.query), inputs.variables, inputs.operation
    if inputs.schema_ is not None:
        await checked_query.checked(
            call, schema=inputs.schema_, document=document, variables=variables, operation=operation
        )
    return await graphql.ask(call, document=document, variables=variables, operation=operation)


async def _soap(call: http.Call, inputs: Inputs) -> tuple[Answer, Json]:
    if inputs.wsdl is None:
        version = inputs.soap_version or "1.1"
        envelope = soap.envelope(inputs.body, header=inputs.soap_header, version=version, namespace=inputs.namespace)
        return await soap.ask(call, envelope=envelope, version=version, action=inputs.soap_action)
    return await soap.ask_by_contract(
        call,
        placed=bool(inputs.url),
        contract=await contract_of(call, inputs.wsdl),
        operation=inputs.operation or "",
        values=inputs.body,
        header=inputs.soap_header,
        version=inputs.soap_version,
        namespace=inputs.namespace,
    )


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
