"""`/hooks/<workspace>/…`: the fast way in. Plain ASGI; one commit for each event, and nothing else is waited for."""

from __future__ import annotations

import hmac
import time
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from flov7.engine.answering import HOOKS, OUTSIDE
from flov7.engine.events import RunStatus
from flov7.engine.start import Started
from flov7.engine.values import RunResult
from flov7.gateway import envelope, errors
from flov7.gateway.context import current
from flov7.gateway.hooks import outside
from flov7.gateway.hooks.book import HookBook, Target
from flov7.gateway.hooks.delivery import accept
from flov7.gateway.hooks.proof import prove
from flov7.gateway.hooks.reading import body_of, headers_of, payload_of, query_of
from flov7.gateway.parts import Gateway
from flov7.gateway.workflows.running import is_good, present, run_address
from flov7.kit.errors import FlowError, NotFound, TooMany, Unavailable

ROUTE = f"{HOOKS}/{{workspace}}/{{path}}"
_TRY_AGAIN = 60.0


class Hooks:
    """ASGI. Serves webhook triggers, and addresses for the outside under `/hooks/_/`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.book = HookBook(gateway)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one delivery."""
        scope["flov7.route"] = ROUTE
        try:
            response = await self._answer(scope, receive)
        except FlowError as problem:
            response = errors.of_flow_error(problem)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        slug, _, path = scope["path"].removeprefix(HOOKS).strip("/").partition("/")
        if slug == OUTSIDE:
            return await outside.answer(self._gateway, path, scope, receive)
        target = await self._target(slug, scope["method"], path)
        facts = current()
        facts.workspace_id, facts.workflow_id = target.workspace_id, target.workflow_id
        if target.paused:
            raise Unavailable(
                "The workflow is paused.", hint="Send it again later.", code="workflow.paused", retry_after=_TRY_AGAIN
            )
        if target.too_many(time.time()):
            raise TooMany(
                f"More than {target.per_minute} requests in a minute.", hint="Send more slowly.", retry_after=60.0
            )
        try:
            return await self._deliver(target, scope, receive)
        except FlowError as problem:
            if problem.status < 500:
                self._turned_away(target, problem.error_code)
            raise

    async def _deliver(self, target: Target, scope: Scope, receive: Receive) -> Response:
        gateway, headers = self._gateway, headers_of(scope["headers"])
        body = await body_of(receive, headers, largest=target.max_body)
        prove(target, headers=headers, body=body)
        query = query_of(scope["query_string"])
        payload = payload_of(body, headers, query)
        started = await accept(gateway, target, payload=payload, body=body, headers=headers, query=query)
        if started is None:
            self._turned_away(target, "when")
            return envelope.success(
                {"status": "turned_away", "reason": "`when` of the trigger does not want this event."}
            )
        current().execution_id = started.execution_id
        if not started.created:
            gateway.metrics.repeated.labels("webhook").inc()
            started = await present(gateway, target.workspace_id, started)
        else:
            gateway.metrics.accepted.labels("webhook", target.plan.mode).inc()
        if target.wait <= 0:
            return _accepted(started)
        result = await gateway.engine.wait(started, workspace_id=target.workspace_id, seconds=target.wait)
        return _accepted(started) if result is None else _ended(started, result)

    async def _target(self, slug: str, method: str, path: str) -> Target:
        """Who is called: by the path, or by the path with the token behind it."""
        path = path.rstrip("/")
        exact = await self.book.find(slug, method, path)
        if exact is not None and exact.token is None:
            return exact
        before, _, token = path.rpartition("/")
        guarded = await self.book.find(slug, method, before) if token else None
        if (
            guarded is not None
            and guarded.token is not None
            and hmac.compare_digest(guarded.token.encode(), token.encode())
        ):
            return guarded
        raise NotFound(
            "No active workflow listens here.",
            hint="Look at the address, with its token, and at the method; GET /api/v1/workflows/{id} shows both.",
            code="hook.unknown",
        )

    def _turned_away(self, target: Target, reason: str) -> None:
        trigger = target.intake.trigger.name
        self._gateway.turned_away.count(target.workspace_id, target.workflow_id, trigger=trigger, reason=reason)


def _accepted(started: Started) -> Response:
    address = run_address(started.execution_id)
    data = {
        "execution_id": started.execution_id,
        "created": started.created,
        "status": started.status,
        "address": address,
    }
    return envelope.success(data, status=202, headers={"location": address})


_FAILED: dict[RunStatus, int] = {RunStatus.TIMED_OUT: 504, RunStatus.CANCELLED: 409}


def _ended(started: Started, result: RunResult) -> Response:
    """The workflow's output is the body; what did not end well is an error."""
    address = run_address(started.execution_id)
    headers = {"flov7-run": started.execution_id, "flov7-run-status": result.status.value, "location": address}
    if is_good(result.status):
        return Response(envelope.encode(result.output), headers=headers, media_type="application/json")
    problem: dict[str, Any] = {
        "code": f"run.{result.status.value}",
        "message": result.error.message if result.error else f"The run ended {result.status.value}.",
        "hint": f"GET {address}/steps says what happened.",
        "details": {"execution_id": started.execution_id},
    }
    return envelope.error(problem, status=_FAILED.get(result.status, 500), headers=headers)
