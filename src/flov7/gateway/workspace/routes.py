"""The workspace: its settings, and who did what in it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from flov7.gateway.context import current
from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS, Cursor, Limit
from flov7.gateway.workspace.access import Reader, Writer
from flov7.gateway.workspace.schemas import AuditOut, WorkspaceChange, WorkspaceOut
from flov7.kit.errors import Invalid
from flov7.store import connections, records, workspaces
from flov7.store.scope import Scope
from flov7.store.workspaces import Workspace

router = APIRouter(tags=["workspace"], responses=ERRORS)


@router.get("/workspace", response_model=Envelope[WorkspaceOut], summary="Read the workspace")
async def read(caller: Reader) -> Response:
    """The workspace that the key opens."""
    async with caller.transaction() as scope:
        return success(_out(await workspaces.get(scope)))


@router.patch("/workspace", response_model=Envelope[WorkspaceOut], summary="Change its settings")
async def change(caller: Writer, body: WorkspaceChange) -> Response:
    """The connection for mail, and who is told of runs that fail. What is live is compiled anew at its activation."""
    changes: dict[str, Any] = body.model_dump(include=body.model_fields_set)
    async with caller.transaction() as scope:
        if body.default_mail is not None:
            await _is_mail(scope, body.default_mail)
        changed = await workspaces.change_settings(scope, **changes)
        names = sorted(changes)
        await records.audit(
            scope, who=caller.who, what="workspace.change", target=changed.id, details={"changed": names},
            request_id=current().request_id,
        )  # fmt: skip
    return success(_out(changed))


@router.get("/audit", response_model=Envelope[ListOf[AuditOut]], summary="List who did what")
async def audit(
    caller: Reader,
    target: Annotated[str | None, Query(max_length=64, description="Only what was done to this id.")] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Response:
    """Changes by API, newest first. They cannot be altered."""
    async with caller.transaction() as scope:
        page = await records.audit_page(scope, target=target, cursor=cursor, limit=limit)
    items = [AuditOut.model_validate(one) for one in page.items]
    return success({"items": items, "next_cursor": page.next_cursor})


def _out(found: Workspace) -> WorkspaceOut:
    return WorkspaceOut(
        id=found.id,
        slug=found.slug,
        title=found.title,
        default_mail=found.settings.get("default_mail"),
        alerts=found.settings.get("alerts"),
        created_at=found.created_at,
        updated_at=found.updated_at,
    )


async def _is_mail(scope: Scope, name: str) -> None:
    """Raises NotFound, and Invalid for a connection that sends no mail."""
    found = await connections.get(scope, name)
    if found.service != "smtp":
        raise Invalid(
            f"`{name}` leads to {found.service}, which sends no mail.",
            hint="Name a connection whose service is smtp.",
            code="workspace.no_mail",
        )
