"""What a key must be allowed to see what models cost."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from flov7.gateway.security import Caller, allowed

Reader = Annotated[Caller, Depends(allowed("executions:read"))]
