"""What a key must be allowed for connectors: they belong to the connections that use them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from flov7.gateway.security import Caller, allowed

Reader = Annotated[Caller, Depends(allowed("connections:read"))]
Writer = Annotated[Caller, Depends(allowed("connections:write"))]
