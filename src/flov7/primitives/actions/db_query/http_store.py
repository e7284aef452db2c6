"""One JSON request to a store that speaks HTTP."""

from __future__ import annotations

from typing import Any

from flov7.primitives.actions.api_call import http
from flov7.primitives.actions.db_query.work import refused
from flov7.primitives.declare import Context
from flov7.primitives.formats import json_text
from flov7.primitives.outside import Request


async def ask(
    context: Context, url: str, *, method: str, body: Any, headers: dict[str, str], missing: bool = False
) -> Any:
    """The JSON of the answer. `missing`: a 404 is an answer too. Raises step errors."""
    sent = {"accept": "application/json", "content-type": "application/json", **headers}
    answer = await context.outside.fetch(
        Request(
            method=method,
            url=url,
            headers=sent,
            body=None if body is None else json_text.show(body).encode(),
            timeout=max(0.05, context.remaining() - 0.25),
            private=frozenset(sent),
        )
    )
    if answer.status == 404 and missing and "_index" in answer.text:
        return json_text.parse(answer.text)
    if 400 <= answer.status < 500 and answer.status not in (401, 403, 408, 429):
        raise refused(answer.text[:500], details={"status": answer.status})
    http.judge(answer, expect=None)
    return http.content(answer, parse="json", looks=method == "GET") or {}
