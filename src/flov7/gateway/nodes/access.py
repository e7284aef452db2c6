"""What a key must be allowed for nodes. Who accepts one has looked at its code."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from flov7.gateway.security import Caller, allowed

Reader = Annotated[Caller, Depends(allowed("nodes:read"))]
Writer = Annotated[Caller, Depends(allowed("nodes:write"))]
Reviewer = Annotated[Caller, Depends(allowed("nodes:review"))]
