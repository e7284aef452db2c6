"""Services that call in a format of their own: the trigger's kind checks, reads and answers."""

from __future__ import annotations

import time
from urllib.parse import quote

from starlette.responses import Response

from flov7.engine.perform import StoredFiles
from flov7.engine.plans import StoredBlobs
from flov7.gateway.hooks.calls import Call
from flov7.gateway.hooks.delivery import accept, counted
from flov7.gateway.parts import Gateway
from flov7.primitives.inbound import Arrival, Reply


async def deliver(gateway: Gateway, call: Call, *, body: bytes) -> Response:
    """What the service wants to hear, once the event is safe. Raises Unauthenticated, Refused."""
    target = call.target
    assert target.receive is not None
    arrival = Arrival(
        method=call.scope["method"],
        url=_address(gateway, call),
        headers=call.headers,
        body=body,
        secret=target.secret or {},
        files=StoredFiles(StoredBlobs(gateway.database), target.workspace_id),
        now=time.time(),
    )
    received = await target.receive(arrival, target.inputs)
    if received.payload is not None:
        started = await accept(
            gateway,
            target,
            payload=received.payload,
            body=body,
            headers=call.headers,
            query=call.query,
            params=call.params,
            given_id=None if received.id is None else f"{target.intake.trigger.name}:{received.id}",
        )
        if started is None:
            trigger = target.intake.trigger
            gateway.turned_away.count(
                target.workspace_id, target.workflow_id, trigger=trigger.name, reason="when", source=trigger.kind
            )
        else:
            await counted(gateway, target, started)
    return _said(received.reply)


def _said(reply: Reply) -> Response:
    return Response(reply.body, status_code=reply.status, media_type=reply.media_type)


def _address(gateway: Gateway, call: Call) -> str:
    """As the service called it: what a signature covers. Behind a proxy that is our public address."""
    query = call.scope["query_string"].decode("latin-1")
    path = quote(call.scope["path"], safe="/:@!$&'()*+,;=~-._")
    return gateway.settings.public_url.rstrip("/") + path + (f"?{query}" if query else "")
