"""GraphQL over HTTP: `errors` in an answer are errors, whatever its status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flov7.kit.errors import StepFailed, StepRefused
from flov7.language.effects import Effect, of_graphql
from flov7.primitives.actions.api_call.http import Call, judge
from flov7.primitives.declare import Json
from flov7.primitives.formats import json_text
from flov7.primitives.outside import Answer

_ACCEPT = "application/graphql-response+json, application/json;q=0.9"


async def ask(call: Call, *, document: str, variables: Mapping[str, Json], operation: str | None) -> tuple[Answer, Any]:
    """The answer and its `data`. Raises StepRefused where nothing was done, StepFailed where a part may have been."""
    body: dict[str, Any] = {"query": document, "variables": dict(variables)}
    if operation:
        body["operationName"] = operation
    answer = await call.send_raw(
        "POST", body=json_text.show(body).encode(), content_type="application/json", accept=_ACCEPT
    )
    reads = of_graphql(document) is Effect.READ
    content = _content(answer, reads=reads, call=call)
    errors = content.get("errors")
    if errors:
        raise _refused(errors, data=content.get("data"), reads=reads)
    judge(answer, expect=call.expect)
    if "data" not in content:
        raise StepFailed("The answer has neither `data` nor `errors`.", hint="Is this a GraphQL address?")
    return answer, content["data"]


def _content(answer: Answer, *, reads: bool, call: Call) -> dict[str, Any]:
    try:
        content = json_text.parse(answer.text)
    except StepRefused as error:
        judge(answer, expect=call.expect)
        wrong = StepRefused if reads else StepFailed
        raise wrong("The answer is no GraphQL answer.", hint="Look at the address.", code="graphql.answer") from error
    if not isinstance(content, dict):
        raise StepFailed("The answer is no GraphQL answer.", hint="Look at the address.", code="graphql.answer")
    if not content.get("errors"):
        judge(answer, expect=call.expect)
    return content


def _refused(errors: Any, *, data: Any, reads: bool) -> StepFailed:
    """A mutation of which some fields came back has partly happened; anything else has not."""
    listed: list[Any] = errors if isinstance(errors, list) else [errors]
    first = listed[0]
    message = str(first.get("message") if isinstance(first, dict) else first)[:300]
    path = ".".join(str(part) for part in first.get("path") or []) if isinstance(first, dict) else ""
    more = f" (and {len(listed) - 1} more)" if len(listed) > 1 else ""
    text = f"GraphQL says: {message}{f' at `{path}`' if path else ''}{more}"
    done = not reads and isinstance(data, dict) and any(value is not None for value in data.values())
    wrong = StepFailed if done else StepRefused
    return wrong(
        text,
        hint="Look at the document and its variables.",
        code="graphql.errors",
        details={"errors": listed[:20], "data": data},
    )
