"""Runs one operation: one request, or as many pages as the step wants, and one answer in the end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never
from urllib.parse import urljoin

from flov7.kit.errors import FlowError, StepFailed, StepRefused
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

MOST_PAGES = 1_000
DEFAULT_LIMIT = 100
_NEXT_LINK = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


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
        value = answers.content(answer, looks=is_read(operation))
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
    items: list[Json] = []
    seen: set[str] = set()
    if paging is not None and paging.size:
        request = _with(request, paging, paging.size, min(limit, paging.most))
    address: str | None = None
    for page in range(MOST_PAGES):
        answer, value = await caller.send(request, address=address)
        listed = _listed(value, operation)
        items += listed
        whole = paging is not None and len(listed) >= (min(limit, paging.most) if paging.size else paging.most)
        following = paging and _next(paging, answer, value, listed, got=len(items), page=page, whole=whole)
        if following is None or len(items) >= limit:
            return {"items": items[:limit], "more": following is not None or len(items) > limit}
        if following in seen:
            raise StepFailed(
                "The service names the same next page twice; reading on would never end.", code="answer.pages"
            )
        seen.add(following)
        assert paging is not None
        if paging.by in ("next", "link"):
            address = urljoin(answer.url, following)
        else:
            numbered = paging.by in ("page", "offset")
            request = _with(request, paging, paging.param, int(following) if numbered else following)
    raise StepFailed(f"There are more than {MOST_PAGES} pages.", hint="Give a `limit`.", code="answer.pages")


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


def _next(
    paging: Paging, answer: Answer, value: Json, listed: list[Json], *, got: int, page: int, whole: bool
) -> str | None:
    """What names the next page, None where this was the last; `whole`: this one was as full as it could be."""
    if paging.more and not answers.at(value, paging.more):
        return None
    match paging.by:
        case "cursor" | "next":
            found = answers.at(value, paging.read)
            return None if found in (None, "", False) else str(found)
        case "link":
            link = _NEXT_LINK.search(answer.headers.get("link", ""))
            return link[1] if link else None
        case "last":  # the id of the last item is the cursor
            found = answers.at(listed[-1], paging.read) if listed else None
            return str(found) if found and (paging.more or whole) else None
        case "page" | "offset":
            total = answers.at(value, paging.read) if paging.read else None
            if isinstance(total, int | str) and not isinstance(total, bool):
                whole = got < int(total)
            if not listed or not (whole or paging.more):
                return None
            return str(paging.first + page + 1 if paging.by == "page" else got)
        case _:
            assert_never(paging.by)
