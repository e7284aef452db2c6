"""Workflows: create, read, change, compare, archive."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from flov7.engine.intake import triggers_of
from flov7.gateway.context import current
from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS, Cursor, Limit, WorkflowId
from flov7.gateway.security import Caller
from flov7.gateway.workflows import activation
from flov7.gateway.workflows.access import Reader, Writer, find
from flov7.gateway.workflows.compiling import Compiler, acceptable
from flov7.gateway.workflows.schemas import (
    DocumentIn,
    WorkflowChange,
    WorkflowCreate,
    WorkflowDetail,
    WorkflowOut,
    WorkflowSave,
)
from flov7.kit.errors import Conflict
from flov7.language.document import UNTITLED
from flov7.language.front import Checked
from flov7.store import records, versions, workflows
from flov7.store.scope import Scope
from flov7.store.workflows import Status, Workflow

router = APIRouter(prefix="/workflows", tags=["workflows"], responses=ERRORS)


@router.post("", status_code=201, response_model=Envelope[WorkflowDetail], summary="Create a workflow")
async def create(caller: Writer, body: WorkflowCreate) -> Response:
    """Save a document as a new draft. What is wrong with it comes back all at once, each with its mend."""
    async with caller.transaction() as scope:
        checked = await Compiler(scope, caller.gateway).check(given(body))
        document = acceptable(checked, allow_errors=body.allow_errors)
        workflow = await workflows.create(
            scope,
            name=body.name or await _free_name(scope, str(document.get("name") or UNTITLED)),
            document=document,
            owner=caller.who,
            description=body.description or str(document.get("description") or ""),
            note=body.note,
        )
        current().workflow_id = workflow.id
        await note(scope, caller, "workflow.create", workflow)
        shown = await detail(scope, caller, workflow, number=1, document=document, checked=checked)
    return success(shown, status=201, headers={"location": f"/api/v1/workflows/{workflow.id}"})


@router.get("", response_model=Envelope[ListOf[WorkflowOut]], summary="List workflows")
async def listed(
    caller: Reader,
    status: Annotated[list[Status] | None, Query(description="Only these; left out: all but archived ones.")] = None,
    search: Annotated[str, Query(max_length=200, description="A part of the name.", examples=["order"])] = "",
    cursor: Cursor = None,
    limit: Limit = None,
) -> Response:
    """Workflows of the workspace, the one changed last first."""
    async with caller.transaction() as scope:
        page = await workflows.page(scope, statuses=status or (), search=search, cursor=cursor, limit=limit)
    items = [WorkflowOut.model_validate(one) for one in page.items]
    return success({"items": items, "next_cursor": page.next_cursor})


@router.get("/{workflow}", response_model=Envelope[WorkflowDetail], summary="Read a workflow")
async def read(
    caller: Reader,
    workflow: WorkflowId,
    version: Annotated[int | None, Query(ge=1, description="Left out: the current one.", examples=[1])] = None,
) -> Response:
    """The workflow with a version's document, what is wrong with it, and where its triggers listen."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
        number = version or found.current_version
        document = (await versions.get(scope, found.id, number=number)).document
        checked = await Compiler(scope, caller.gateway).check(document)
        shown = await detail(scope, caller, found, number=number, document=document, checked=checked)
    return success(shown)


@router.put("/{workflow}", response_model=Envelope[WorkflowDetail], summary="Save a new version")
async def save(caller: Writer, workflow: WorkflowId, body: WorkflowSave) -> Response:
    """The document becomes the current version; the same document again makes none. What is live stays live."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow, for_update=True)
        if found.status == "archived":
            raise Conflict("The workflow is archived.", hint="Restore it first.", code="workflow.archived")
        checked = await Compiler(scope, caller.gateway).check(given(body))
        document = acceptable(checked, allow_errors=body.allow_errors)
        saved = await workflows.save(
            scope, found.id, document=document, created_by=caller.who, note=body.note, based_on=body.based_on
        )
        await note(scope, caller, "workflow.save", saved, version=saved.current_version)
        shown = await detail(scope, caller, saved, number=saved.current_version, document=document, checked=checked)
    return success(shown)


@router.patch("/{workflow}", response_model=Envelope[WorkflowOut], summary="Rename or describe")
async def change(caller: Writer, workflow: WorkflowId, body: WorkflowChange) -> Response:
    """Change name or description; no version is made."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow, for_update=True)
        if body.name is not None or body.description is not None:
            found = await workflows.describe(scope, found.id, name=body.name, description=body.description)
            await note(scope, caller, "workflow.describe", found)
    return success(WorkflowOut.model_validate(found))


@router.delete("/{workflow}", response_model=Envelope[WorkflowOut], summary="Archive a workflow")
async def archive(caller: Writer, workflow: WorkflowId) -> Response:
    """It is deactivated and no longer listed; its versions and runs stay readable, and it can be restored."""
    return success(WorkflowOut.model_validate(await activation.deactivate(caller, workflow, archive=True)))


@router.post("/{workflow}/restore", response_model=Envelope[WorkflowOut], summary="Restore an archived workflow")
async def restore(caller: Writer, workflow: WorkflowId) -> Response:
    """Make an archived workflow a draft again."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow, for_update=True)
        if found.status == "archived":
            found = await workflows.set_status(scope, found.id, status="draft")
            await note(scope, caller, "workflow.restore", found)
    return success(WorkflowOut.model_validate(found))


def given(body: DocumentIn) -> Any:
    """What was sent: a JSON value, or a text."""
    return body.document if body.text is None else body.text


async def detail(
    scope: Scope, caller: Caller, workflow: Workflow, *, number: int, document: Any, checked: Checked
) -> WorkflowDetail:
    """The workflow as it is shown."""
    triggers = triggers_of(checked.plan) if checked.plan is not None else []
    counts = await records.turned_away_counts(scope, workflow.id)
    base = WorkflowOut.model_validate(workflow).model_dump()
    return WorkflowDetail(
        **base,
        version=number,
        document=document,
        triggers=await activation.triggers_out(scope, caller, workflow, triggers),
        diagnostics=list(checked.diagnostics),
        turned_away={f"{trigger}: {reason}": count for (trigger, reason), count in sorted(counts.items())},
    )


async def note(scope: Scope, caller: Caller, what: str, workflow: Workflow, **details: object) -> None:
    """Write into the audit log who did what."""
    await records.audit(
        scope, who=caller.who, what=what, target=workflow.id, details=dict(details), request_id=current().request_id
    )


async def _free_name(scope: Scope, name: str) -> str:
    """The document's name; only one that nobody chose is made free by a number."""
    if name != UNTITLED:
        return name
    number = 1
    while await workflows.by_name(scope, name) is not None:
        number += 1
        name = f"{UNTITLED}_{number}"
    return name
