"""`/hooks/_/<workspace>/<token>`: one step of one run is answered without a key, by whoever has the address."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope

from flov7.engine.answering import Opens, opened
from flov7.engine.messages import Answer, Approve, Callback, Message
from flov7.gateway import envelope
from flov7.gateway.context import current
from flov7.gateway.executions.messages import accepted
from flov7.gateway.executions.schemas import StepOut
from flov7.gateway.executions.steps import project
from flov7.gateway.hooks import page
from flov7.gateway.hooks.reading import body_of, headers_of, payload_of, query_of
from flov7.gateway.parts import Gateway
from flov7.kit.errors import Gone, Invalid, Refused
from flov7.store import events, executions

BY = "outside"


async def answer(gateway: Gateway, path: str, scope: Scope, receive: Receive) -> Response:
    """GET says what is asked (a page, for a browser); POST answers it. Looking at it never decides anything."""
    workspace_id, _, token = path.rstrip("/").partition("/")
    asked = await opened(gateway.database.vault, workspace_id, token)
    facts = current()
    facts.workspace_id, facts.execution_id, facts.step = workspace_id, asked.execution_id, asked.step
    headers = headers_of(scope["headers"])
    browser = "text/html" in headers.get("accept", "")
    match scope["method"]:
        case "GET" | "HEAD":
            step = await _step(gateway, asked)
            if browser:
                return _html(page.question(step, wants=asked.wants))
            return envelope.success(_shown(step, asked))
        case "POST":
            body = await body_of(receive, headers, largest=gateway.settings.max_body)
            given = payload_of(body, headers, query_of(scope["query_string"]))
            message = _message(asked, given)
            accepted(await gateway.engine.send(workspace_id, asked.execution_id, message))
            return _html(page.thanks(message)) if browser else envelope.success({"accepted": True})
        case _:
            raise Refused("This address takes GET and POST.", hint="POST the answer.", code="request.method")


def _message(asked: Opens, given: Any) -> Message:
    """The message in what was sent. Raises Invalid."""
    fields: dict[str, Any] = given if isinstance(given, dict) else {}
    match asked.wants:
        case "callback":
            return Callback(by=asked.who or BY, step=asked.step, payload=given)
        case "approval":
            decision = fields.get("decision")
            if decision not in ("approved", "rejected"):
                raise Invalid("`decision` is missing.", hint='Send {"decision": "approved"} or "rejected".')
            comment = fields.get("comment")
            return Approve(
                by=asked.who or BY, step=asked.step, decision=decision, comment=str(comment)[:4000] if comment else None
            )
        case _:
            return Answer(by=asked.who or BY, step=asked.step, answer=fields.get("answer", given))


async def _step(gateway: Gateway, asked: Opens) -> StepOut:
    async with gateway.database.workspace(asked.workspace_id) as scope:
        run = await executions.get(scope, asked.execution_id)
        steps = project(await events.read(scope, asked.execution_id))
    found = next((step for step in steps if step.key == asked.step), None)
    if run is None or run.finished_at is not None or found is None or found.status != "waiting":
        raise Gone("Nobody waits for this any more.", hint="It was answered, timed out, or the run has ended.")
    return found


def _shown(step: StepOut, asked: Opens) -> dict[str, Any]:
    return {"step": step.step, "wants": asked.wants, "ask": step.ask, "until": step.until}


def _html(text: str) -> HTMLResponse:
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(
        text,
        headers={"content-security-policy": policy, "cache-control": "no-store", "referrer-policy": "no-referrer"},
    )
