"""What a key must be allowed for templates."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from flov7.gateway.security import Caller, allowed

Reader = Annotated[Caller, Depends(allowed("templates:read"))]
Writer = Annotated[Caller, Depends(allowed("templates:write"))]
Reviewer = Annotated[Caller, Depends(allowed("templates:review"))]
