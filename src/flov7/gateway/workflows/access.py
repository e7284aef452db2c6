"""What a key must be allowed for workflows."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from flov7.gateway.context import current
from flov7.gateway.security import Caller, allowed
from flov7.kit.errors import NotFound
from flov7.store import workflows
from flov7.store.scope import Scope
from flov7.store.workflows import Workflow

Reader = Annotated[Caller, Depends(allowed("workflows:read"))]
Writer = Annotated[Caller, Depends(allowed("workflows:write"))]
Runner = Annotated[Caller, Depends(allowed("executions:write"))]


async def find(scope: Scope, reference: str, *, for_update: bool = False) -> Workflow:
    """The caller's workflow by id or name. Raises NotFound, also for another workspace's."""
    try:
        found = await workflows.get(scope, reference, for_update=for_update)
    except NotFound:
        named = await workflows.by_name(scope, reference)
        if named is None:
            raise NotFound(
                f"There is no workflow {reference!r}.", hint="List them with GET /api/v1/workflows."
            ) from None
        found = await workflows.get(scope, named.id, for_update=True) if for_update else named
    current().workflow_id = found.id
    return found
