"""Testing a connection: its kind's own check, with the secret opened for as long as it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from flov7.gateway.connections.schemas import TestOut
from flov7.gateway.parts import Gateway
from flov7.kit.errors import FlowError, Misconfigured
from flov7.kit.redaction import text
from flov7.observability import logs
from flov7.primitives.declare import ConnectionValue, Context, Json
from flov7.store.connections import Connection

_LIMIT = 20.0
log = logs.get("flov7.gateway.connections")


class _Forgets:
    async def get(self, key: str) -> Json | None:
        return None

    async def set(self, key: str, value: Json) -> None:
        return None


async def check(gateway: Gateway, connection: Connection, *, secret: dict[str, Any]) -> TestOut:
    """What the kind says; no word of the secret is in it, whatever the other side answers."""
    if gateway.outside is None:
        raise Misconfigured("This gateway cannot reach outside.", hint="Give it a network when it is built.")
    runner = gateway.registry.runner("connection", connection.kind)
    credential = {"type": connection.credentials_type, **secret}
    value = ConnectionValue(
        name=connection.name,
        kind=connection.kind,
        service=connection.service,
        config=connection.config,
        credential=credential,
    )
    context = Context(
        execution_id="",
        step=f"test of {connection.name}",
        attempt=1,
        outside=gateway.outside,
        log=log,
        cache=_Forgets(),
        heartbeat=lambda _: None,
        deadline=time.monotonic() + _LIMIT,
        connection=value,
    )
    try:
        found = await runner.check(context)
    except (FlowError, OSError, TimeoutError) as problem:
        words = problem.message if isinstance(problem, FlowError) else "It does not answer."
        return TestOut(ok=False, message=text(words, known=texts(secret)))
    known = list(texts(secret))
    return TestOut(ok=found.ok, message=text(found.message, known=known), hint=text(found.hint, known=known))


def texts(value: Any) -> Iterator[str]:
    """Every text in a secret."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
