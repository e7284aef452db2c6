"""What a key must be allowed to make a connector of an MCP server."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from flov7.gateway.security import Caller, allowed

Writer = Annotated[Caller, Depends(allowed("connectors:write"))]
