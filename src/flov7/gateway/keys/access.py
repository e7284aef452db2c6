"""What a key must be allowed for keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from flov7.gateway.security import Caller, allowed

Reader = Annotated[Caller, Depends(allowed("keys:read"))]
Writer = Annotated[Caller, Depends(allowed("keys:write"))]
