"""`/hooks/<workspace>/…`: the fast way in. Plain ASGI; one commit for each event, and nothing else is waited for."""

from __future__ import annotations

import hmac
import time

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from flov7.engine.answering import HOOKS, OUTSIDE
from flov7.engine.perform import StoredFiles
from flov7.engine.plans import StoredBlobs
from flov7.gateway import envelope, errors
from flov7.gateway.context import current
from flov7.gateway.hooks import form, inbound, outside
from flov7.gateway.hooks.book import HookBook, Target
from flov7.gateway.hooks.calls import Call
from flov7.gateway.hooks.delivery import accept, counted
from flov7.gateway.hooks.proof import prove
from flov7.gateway.hooks.reading import body_of, headers_of, query_of, raw_payload, read_payload
from flov7.gateway.hooks.responding import respond
from flov7.gateway.parts import Gateway
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
        target, path = await self._target(slug, scope["method"], path)
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
        call = Call(target, path, scope, receive, headers_of(scope["headers"]), query_of(scope["query_string"]))
        try:
            if call.is_page:
                return form.page(call)
            return await (form.sent(self._gateway, call) if call.is_form else self._deliver(call))
        except FlowError as problem:
            if problem.status < 500:
                self._turned_away(target, problem.error_code)
            raise

    async def _deliver(self, call: Call) -> Response:
        gateway, target = self._gateway, call.target
        body = await body_of(call.receive, call.headers, largest=target.max_body)
        if target.receive is not None:
            return await inbound.deliver(gateway, call, body=body)
        known = prove(target, headers=call.headers, body=body)
        headers = {**{name: value for name, value in call.headers.items() if name != "jwt-claims"}, **known}
        files = StoredFiles(StoredBlobs(gateway.database), target.workspace_id)
        if target.intake.trigger.config.get("body") == "raw":
            payload = await raw_payload(body, headers, files=files)
        else:
            payload = await read_payload(body, headers, call.query, files=files)
        started = await accept(
            gateway, target, payload=payload, body=body, headers=headers, query=call.query, params=call.params
        )
        if started is None:
            self._turned_away(target, "when")
            return envelope.success(
                {"status": "turned_away", "reason": "`when` of the trigger does not want this event."}
            )
        return await respond(gateway, target, await counted(gateway, target, started))

    async def _target(self, slug: str, method: str, path: str) -> tuple[Target, str]:
        """Who is called, and by which path: the path as it stands, or with the token behind it."""
        path = path.rstrip("/")
        exact = await self.book.find(slug, method, path)
        if exact is not None and exact.token is None and "{" not in exact.path:
            return exact, path
        before, _, token = path.rpartition("/")
        guarded = await self.book.find(slug, method, before) if token else None
        if (
            guarded is not None
            and guarded.token is not None
            and hmac.compare_digest(guarded.token.encode(), token.encode())
        ):
            return guarded, before
        if exact is not None and exact.token is None:
            return exact, path
        raise NotFound(
            "No active workflow listens here.",
            hint="Look at the address, with its token, and at the method; GET /api/v1/workflows/{id} shows both.",
            code="hook.unknown",
        )

    def _turned_away(self, target: Target, reason: str) -> None:
        trigger = target.intake.trigger.name
        self._gateway.turned_away.count(target.workspace_id, target.workflow_id, trigger=trigger, reason=reason)
