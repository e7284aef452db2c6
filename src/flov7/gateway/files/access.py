"""What a key must be allowed for files."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from flov7.gateway.security import Caller, allowed

Reader = Annotated[Caller, Depends(allowed("files:read"))]
Writer = Annotated[Caller, Depends(allowed("files:write"))]
