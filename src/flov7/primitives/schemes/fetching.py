"""One request with a connection's access: in its turn, signed, and once more where a challenge is answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from flov7.primitives.credentials import HttpAccess
from flov7.primitives.declare import Context
from flov7.primitives.outside import Answer, Request

PerSecond = Annotated[
    float | None,
    Field(gt=0, le=1000, description="How many requests are made in a second at most, by all runs together."),
]


async def fetched(context: Context, request: Request, *, access: HttpAccess, per_second: float | None = None) -> Answer:
    """The answer, whatever its status. Raises the step errors of `Outside`, and StepUnreachable where no turn comes
    in time."""
    rates = [rate for rate in (per_second, access.per_second) if rate is not None]
    account = f"{urlsplit(request.url).netloc.lower()}/{access.account}"

    async def send(one: Request) -> Answer:
        if rates:
            await context.turns.wait(account, per_second=min(rates), patience=context.remaining())
            one = replace(one, timeout=max(0.05, min(one.timeout, context.remaining())))
        return await context.outside.fetch(one)

    if access.scheme is None:
        return await send(request)
    first = access.scheme.signed(request)
    answer = await send(first)
    again = access.scheme.challenged(request, answer)
    return answer if again is None else await send(again)
