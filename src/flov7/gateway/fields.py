"""Parameters and answers that several nouns share."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from flov7.gateway.envelope import ErrorEnvelope
from flov7.kit.paging import LARGEST_LIMIT

Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.", examples=[None])]
Limit = Annotated[
    int | None, Query(ge=1, le=LARGEST_LIMIT, description="How many at once; 50 where it is left out.", examples=[50])
]
WorkflowId = Annotated[str, Path(max_length=200, description="The workflow's id or name.", examples=["order_triage"])]
ExecutionId = Annotated[
    str, Path(max_length=64, description="The run's id.", examples=["019ac0de-7000-7000-8000-000000000001"])
]

ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorEnvelope, "description": "No key, or one that opens nothing."},
    403: {"model": ErrorEnvelope, "description": "The key lacks the scope."},
    404: {"model": ErrorEnvelope, "description": "There is no such thing in this workspace."},
    409: {"model": ErrorEnvelope, "description": "It collides with what is there."},
    422: {
        "model": ErrorEnvelope,
        "description": "What was sent does not hold; the answer says where and how to mend it.",
    },
    503: {"model": ErrorEnvelope, "description": "A service of ours is away; `Retry-After` says when to try again."},
}
"""What every route may answer beside its own."""
