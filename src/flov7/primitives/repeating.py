"""Asking again within a step: where nothing can have happened, or where a repetition does no harm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import Field

from flov7.kit.errors import StepFailed, StepRefused, StepUnreachable
from flov7.primitives.declare import Context
from flov7.primitives.marks import KindInputs

T = TypeVar("T")
_MARGIN = 0.5


class Retries(KindInputs):
    """How often each request is made, and how long is waited before it is made again."""

    attempts: int = Field(default=3, ge=1, le=10, description="How often a request is made at most.")
    wait: float = Field(default=1.0, ge=0, le=300, description="Seconds before the second time; doubled each time.")
    most: float = Field(default=30.0, ge=0, le=3600, description="Seconds that are waited at most.")


ONCE = Retries(attempts=1)
USUAL = Retries()


async def repeated(work: Callable[[], Awaitable[T]], *, policy: Retries, context: Context, harmless: bool) -> T:
    """What `work` gives. It is done again where the service turned it away, and, where a repetition is `harmless`,
    where it failed; a `Retry-After` is kept to. The last error is raised, also where the time would not suffice."""
    for attempt in range(1, policy.attempts + 1):
        try:
            return await work()
        except StepRefused:
            raise
        except StepFailed as error:
            wait = _wait(error, attempt, policy)
            may = isinstance(error, StepUnreachable) or harmless
            if not may or attempt == policy.attempts or wait + _MARGIN >= context.remaining():
                raise
            context.log.info("request.again", attempt=attempt, wait=wait, code=error.error_code)
        await asyncio.sleep(wait)
    raise AssertionError("a policy makes at least one attempt")


def _wait(error: StepFailed, attempt: int, policy: Retries) -> float:
    own = min(policy.most, policy.wait * 2 ** (attempt - 1))
    return own if error.retry_after is None else max(error.retry_after, 0.0)
