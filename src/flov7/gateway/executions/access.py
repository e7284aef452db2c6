"""What a key must be allowed for runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from flov7.gateway.context import current
from flov7.gateway.security import Caller, allowed
from flov7.kit.errors import NotFound
from flov7.store import executions
from flov7.store.executions import Execution
from flov7.store.scope import Scope

Reader = Annotated[Caller, Depends(allowed("executions:read"))]
Writer = Annotated[Caller, Depends(allowed("executions:write"))]


async def find(scope: Scope, execution_id: str) -> Execution:
    """The caller's run. Raises NotFound, also for another workspace's."""
    found = await executions.get(scope, execution_id)
    if found is None:
        raise NotFound("There is no such run.", hint="List them with GET /api/v1/executions.")
    current().execution_id, current().workflow_id = found.id, found.workflow_id
    return found
