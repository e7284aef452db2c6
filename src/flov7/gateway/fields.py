"""Parameters and answers that several nouns share."""

from __future__ import annotations

import copy
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

_WORDS: dict[int | str, str] = {
    401: "No key, or one that opens nothing.",
    403: "The key lacks the scope.",
    404: "There is no such thing in this workspace.",
    409: "It collides with what is there.",
    422: "What was sent does not hold; the answer says where and how to mend it.",
    503: "A service of ours is away; `Retry-After` says when to try again.",
}
# By reference, not as a model: FastAPI would build a validator of its own for each of them on each route.
_BODY: dict[str, Any] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorEnvelope.__name__}"}}}

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "content": copy.deepcopy(_BODY)} for status, words in _WORDS.items()
}
"""What every route may answer beside its own."""
