"""Runs one operation: one request, or as many pages as the step wants, and one answer in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

from flov7.kit.errors import FlowError, StepFailed, StepRefused
from flov7.primitives import pages
from flov7.primitives.actions.api_call import http
from flov7.primitives.connectors import answer as answers
from flov7.primitives.connectors.access import access_of
from flov7.primitives.connectors.operation import LIMIT, Operation, Paging
from flov7.primitives.connectors.request import Ready, is_read, ready
from flov7.primitives.connectors.shaping import FileBytes, file_bytes
from flov7.primitives.credentials import HttpAccess, joined
from flov7.primitives.declare import Context, Json
from flov7.primitives.files import as_file
from flov7.primitives.outside import Answer
from flov7.primitives.repeating import ONCE, USUAL, repeated

DEFAULT_LIMIT = 100


async def run_operation(context: Context, operation: Operation, inputs: Mapping[str, Json]) -> Json:
    """The operation's output. Raises step errors that say whether the effect can have happened; none holds a secret."""
    try:
        caller = _Caller(context, operation, access_of(operation, context.connection))
        request = ready(operation, await _with_files(operation, inputs, context), context=context)
        if operation.items is None:
            _, value = await caller.send(request)
            return answers.output(value, operation)
        return await _collected(caller, request, _limit(inputs))
    except FlowError as error:
        raise answers.without_secrets(error, context.connection) from None


@dataclass(frozen=True)
class _Caller:
    context: Context
    operation: Operation
    access: HttpAccess

    async def send(self, request: Ready, *, address: str | None = None) -> tuple[Answer, Json]:
        """One request: the answer and its body. `address` is that of a page that the service named."""
        operation, body_type = self.operation, request.packed()
        url = joined(self.access.base_url, address) if address else request.url(self.access.base_url)
        headers = dict(request.headers)
        if operation.key and self.context.idempotency_key:
            headers[operation.key.lower()] = self.context.idempotency_key
        content_type = headers.pop("content-type", None) or body_type[1]
        call = http.Call(
            context=self.context,
            access=self.access if address is None else replace(self.access, query={}),
            url=url,
            headers=headers,
        )
        answer = await call.send_raw(operation.method, body=body_type[0], content_type=content_type)
        answers.judged(answer, operation, self.context.connection)
        if answers.is_file(answer):
            return answer, await answers.kept_file(answer, self.context)
        wants_page = "html" in f"{request.query} {headers}".lower()
        value = answers.content(answer, looks=is_read(operation), page=wants_page)
        problem = answers.failed_inside(value, operation.fails, operation, self.context.connection)
        if problem is not None:
            raise problem
        return answer, value


async def _with_files(operation: Operation, inputs: Mapping[str, Json], context: Context) -> dict[str, Any]:
    """The inputs with the bytes of the files that they name."""

    async def loaded(value: Json, kind: str) -> Any:
        if isinstance(value, list):
            return [await loaded(each, kind) for each in value]
        file = as_file(value)
        if file is not None:
            return FileBytes(file.name, file.media_type, await context.files.read(file.file))
        return file_bytes(value) if kind == "file" and isinstance(value, str) else value

    kinds = {take.name: take.type for take in operation.fields if take.type in ("file", "any", "array")}
    return {name: await loaded(value, kinds[name]) if name in kinds else value for name, value in inputs.items()}


def _limit(inputs: Mapping[str, Json]) -> int:
    value = inputs.get(LIMIT, DEFAULT_LIMIT)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 1:
        raise StepRefused("`limit` must be a whole number from 1.", code="inputs.invalid")
    return int(value)


async def _collected(caller: _Caller, request: Ready, limit: int) -> dict[str, Json]:
    """`{items, more}`: the items of all pages until there are enough; `more` where the service has further ones."""
    operation, paging = caller.operation, caller.operation.paging
    if paging is not None and paging.size:
        request = _with(request, paging, paging.size, min(limit, paging.most))

    async def ask(following: pages.Following | None) -> pages.Page:
        sent, address = request, None
        if following is not None and following.is_address:
            address = following.mark
        elif following is not None and paging is not None:
            numbered = paging.by in ("page", "offset")
            sent = _with(request, paging, paging.param, int(following.mark) if numbered else following.mark)
        answer, value = await repeated(
            lambda: caller.send(sent, address=address),
            policy=ONCE if following is None else USUAL,  # a list is not begun again for one of its pages
            context=caller.context,
            harmless=is_read(operation),
        )
        return pages.Page(answer=answer, value=value, items=_listed(value, operation))

    def following(page: pages.Page, got: int, number: int) -> pages.Following | None:
        if paging is None:
            return None
        full = min(limit, paging.most) if paging.size else paging.most
        return _next(paging, page, got=got, number=number, whole=len(page.items) >= full)

    found = await pages.collected(ask, following=following, limit=limit)
    return {"items": found.items, "more": found.more}


def _with(request: Ready, paging: Paging, name: str, value: Any) -> Ready:
    return request.with_body(name, value) if paging.where == "body" else request.with_query(name, str(value))


def _listed(value: Json, operation: Operation) -> list[Json]:
    found = answers.at(value, operation.items or "")
    if found is None:
        return []
    if isinstance(found, dict):  # some services give one where there is one
        return [found]
    if not isinstance(found, list):
        raise StepFailed(
            f"The answer holds no list where `{operation.items or 'the answer'}` was expected.",
            hint="The service may have changed its answer.",
            code="answer.shape",
        )
    return found


def _next(paging: Paging, page: pages.Page, *, got: int, number: int, whole: bool) -> pages.Following | None:
    """What names the next page, None where this was the last; `whole`: this one was as full as it could be."""
    if paging.more and not answers.at(page.value, paging.more):
        return None
    match paging.by:
        case "cursor" | "next":
            return pages.by_value(answers.at(page.value, paging.read), is_address=paging.by == "next")
        case "link":
            return pages.by_link(page.answer)
        case "last":  # the id of the last item is the cursor
            found = answers.at(page.items[-1], paging.read) if page.items else None
            return pages.Following(mark=str(found)) if found and (paging.more or whole) else None
        case "page" | "offset":
            total = answers.at(page.value, paging.read) if paging.read else None
            if isinstance(total, int | str) and not isinstance(total, bool):
                whole = got < int(total)
            if not page.items or not (whole or paging.more):
                return None
            return pages.Following(mark=str(paging.first + number if paging.by == "page" else got))
        case _:
            assert_never(paging.by)
