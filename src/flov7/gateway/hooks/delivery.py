"""One delivery: which event it is, whether it is wanted, and which run it makes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flov7.engine.intake import Event
from flov7.engine.start import Started, StartRequest
from flov7.gateway.context import current
from flov7.gateway.hooks.book import Target
from flov7.gateway.hooks.reading import shown
from flov7.gateway.parts import Gateway
from flov7.gateway.workflows.running import present
from flov7.kit.ids import made_at
from flov7.kit.json import digest_of

SENDERS = (
    "webhook-id",
    "idempotency-key",
    "svix-id",
    "x-github-delivery",
    "x-gitlab-event-uuid",
    "x-shopify-event-id",
    "x-shopify-webhook-id",
    "x-wc-webhook-delivery-id",
    "x-atlassian-webhook-identifier",
    "linear-delivery",
    "i-twilio-idempotency-token",
    "x-event-id",
)
"""Headers in which senders name an event, the first that is there counts."""
_LONGEST = 500


async def accept(
    gateway: Gateway,
    target: Target,
    *,
    payload: Any,
    body: bytes,
    headers: Mapping[str, str],
    query: dict[str, Any],
    params: dict[str, str],
    given_id: str | None = None,
) -> Started | None:
    """The run of this event; None where `when` does not want it. Raises Invalid for a payload against `inputs`."""
    intake = target.intake
    intake.check(payload)
    event = Event(payload=payload, headers=headers, query=query)
    if not intake.wants(event):
        return None
    event_id = given_id or sender_id(headers) or intake.event_id(event)
    if event_id is None and target.window is not None:
        event_id = await _by_digest(gateway, target, body)
    return await gateway.engine.start(
        StartRequest(
            workspace_id=target.workspace_id,
            workflow_id=target.workflow_id,
            version=target.version,
            plan_digest=target.digest,
            mode=target.plan.mode,
            trigger=intake.trigger.name,
            payload=payload,
            headers=shown(headers),
            query=query,
            params=params,
            event_id=event_id,
            actor="hook",
        )
    )


async def counted(gateway: Gateway, target: Target, started: Started) -> Started:
    """Count it; a repeated delivery is told what became of the first."""
    current().execution_id = started.execution_id
    kind = target.intake.trigger.kind
    if started.created:
        gateway.metrics.accepted.labels(kind, target.plan.mode).inc()
        return started
    gateway.metrics.repeated.labels(kind).inc()
    return await present(gateway, target.workspace_id, started)


def sender_id(headers: Mapping[str, str]) -> str | None:
    """The event's id as the sender says it."""
    for name in SENDERS:
        value = headers.get(name)
        if value:
            return value[:_LONGEST]
    return None


async def _by_digest(gateway: Gateway, target: Target, body: bytes) -> str:
    """Equal bodies within the window are one event: the id is the body's digest and the window that it began in."""
    assert target.window is not None
    now = time.time()
    slot = int(now // target.window)
    prefix = f"digest:{target.intake.trigger.name}:{digest_of(body)}:"
    earlier = f"{prefix}{slot - 1}"
    found = await gateway.database.journal.find(target.workspace_id, workflow_id=target.workflow_id, event_id=earlier)
    if found is not None:
        made = made_at(found.execution_id)
        if made is not None and now - made.timestamp() < target.window:
            return earlier
    return f"{prefix}{slot}"
