"""Makes a connector of an MCP server: its tools become kinds of steps of this workspace."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from flov7.engine.connections import StoredConnections
from flov7.gateway.context import current
from flov7.gateway.envelope import Envelope, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.mcp.access import Writer
from flov7.kit.errors import Invalid, Misconfigured, StepFailed
from flov7.language.plan import Credential
from flov7.primitives import mcp
from flov7.primitives.connectors.openapi.importing import About
from flov7.store import connectors, records

router = APIRouter(prefix="/mcp-connectors", tags=["connectors"], responses=ERRORS)


class McpIn(BaseModel):
    """Which server, by its connection (kind `api`, service `mcp`), and what its tools are called by."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$", description="Tools are `NAME.tool`.", examples=["wiki"])
    connection: str = Field(min_length=1, max_length=100, examples=["wiki_server"])
    replace: bool = Field(default=False, description="Take the place of a connector of that name.", examples=[False])


class McpOut(BaseModel):
    """What was made."""

    name: str = Field(examples=["wiki"])
    title: str = Field(examples=["Company wiki"])
    operations: list[str] = Field(examples=[["wiki.search"]])


@router.post("", status_code=201, response_model=Envelope[McpOut], summary="Make a connector of an MCP server")
async def create(caller: Writer, body: McpIn) -> Response:
    """The server is asked for its tools; each becomes the kind `NAME.tool`, with the schema that it declares."""
    gateway = caller.gateway
    if gateway.outside is None:
        raise Misconfigured("This gateway cannot reach outside.", hint="Give it a network when it is built.")
    opened = StoredConnections(gateway.database, outside=gateway.outside)
    wanted = Credential(name=body.connection, kind="", service="", secret=body.connection)
    try:
        value = await opened.open(caller.workspace_id, wanted)
        if value.service != mcp.SERVICE:
            raise Invalid(f"`{body.connection}` is no MCP server.", hint="Add a connection with `service: mcp`.")
        found = await mcp.listed(gateway.outside, value, name=body.name)
    except StepFailed as error:
        raise Invalid(error.message, hint=error.hint, code=error.error_code) from error
    about = About(
        name=body.name, title=found.title, about="An MCP server.", base=str(value.config.get("base_url") or "")
    )
    async with caller.transaction() as scope:
        made = await connectors.put(
            scope,
            name=body.name,
            title=found.title,
            digest=found.digest,
            source=f"mcp:{body.connection}",
            about=about.model_dump(mode="json"),
            entries=[one.model_dump(mode="json") for one in found.entries],
            kinds=found.kinds,
            replace=body.replace,
        )
        await records.audit(
            scope, who=caller.who, what="connector.create", target=made.id, details={"name": made.name},
            request_id=current().request_id,
        )  # fmt: skip
    out = McpOut(name=body.name, title=found.title, operations=[one.name for one in found.entries])
    return success(out, status=201, headers={"location": f"/api/v1/connectors/{body.name}"})
