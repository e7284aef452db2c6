"""Workflows: check, compare, go live, run."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS, Cursor, Limit, WorkflowId
from flov7.gateway.workflows import activation, running
from flov7.gateway.workflows.access import Reader, Runner, Writer, find
from flov7.gateway.workflows.compiling import Compiler
from flov7.gateway.workflows.routes import given, note
from flov7.gateway.workflows.schemas import (
    ActivationOut,
    Change,
    CheckOut,
    DiffOut,
    DocumentIn,
    RunIn,
    RunOut,
    ScheduleOut,
    VersionChoice,
    VersionDetail,
    VersionOut,
    WorkflowOut,
)
from flov7.kit.errors import Invalid
from flov7.language.diagnostics import DocumentInvalid, Report
from flov7.language.diff import diff
from flov7.language.document import Document
from flov7.language.front import Checked
from flov7.language.parse import parse_value
from flov7.language.printing import to_json
from flov7.store import versions, workflows

router = APIRouter(prefix="/workflows", tags=["workflows"], responses=ERRORS)
Number = Annotated[int, Path(ge=1, description="The version.", examples=[1])]
TriggerName = Annotated[
    str, Path(max_length=63, description="The schedule trigger's name.", examples=["every_morning"])
]


@router.post("/validate", response_model=Envelope[CheckOut], summary="Check a document")
async def validate(caller: Reader, body: DocumentIn) -> Response:
    """All diagnostics at once, and what the workflow would read, write and destroy. Nothing is saved."""
    async with caller.transaction() as scope:
        return success(_check_out(await Compiler(scope, caller.gateway).check(given(body), strict=True)))


@router.post("/{workflow}/validate", response_model=Envelope[CheckOut], summary="Check a version")
async def validate_version(caller: Reader, workflow: WorkflowId, body: VersionChoice | None = None) -> Response:
    """Whether a saved version could be activated in the workspace as it is now."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
        number = (body and body.version) or found.current_version
        document = (await versions.get(scope, found.id, number=number)).document
        return success(_check_out(await Compiler(scope, caller.gateway).check(document, strict=True)))


@router.get("/{workflow}/versions", response_model=Envelope[ListOf[VersionOut]], summary="List versions")
async def list_versions(caller: Reader, workflow: WorkflowId, cursor: Cursor = None, limit: Limit = None) -> Response:
    """Versions without their documents, newest first."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
        page = await versions.page(scope, found.id, cursor=cursor, limit=limit)
    items = [VersionOut.model_validate(one) for one in page.items]
    return success({"items": items, "next_cursor": page.next_cursor})


@router.get("/{workflow}/versions/{number}", response_model=Envelope[VersionDetail], summary="Read a version")
async def read_version(caller: Reader, workflow: WorkflowId, number: Number) -> Response:
    """One version with its document."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
        return success(
            VersionDetail.model_validate(await versions.get(scope, found.id, number=number), from_attributes=True)
        )


@router.post(
    "/{workflow}/versions/{number}/make-current", response_model=Envelope[WorkflowOut], summary="Make a version current"
)
async def make_current(caller: Writer, workflow: WorkflowId, number: Number) -> Response:
    """Go back, or forward. What is live stays live until it is activated."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow, for_update=True)
        changed = await workflows.make_current(scope, found.id, number=number)
        await note(scope, caller, "workflow.make_current", changed, version=number)
    return success(WorkflowOut.model_validate(changed))


@router.get("/{workflow}/diff", response_model=Envelope[DiffOut], summary="Compare two versions")
async def compare(
    caller: Reader,
    workflow: WorkflowId,
    from_: Annotated[int, Query(alias="from", ge=1, description="The older version.", examples=[1])],
    to: Annotated[int | None, Query(ge=1, description="Left out: the current one.", examples=[2])] = None,
) -> Response:
    """What changed from one version to another, by primitive, in words."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
        old = await versions.get(scope, found.id, number=from_)
        new = await versions.get(scope, found.id, number=to or found.current_version)
    return success(_diff_out(_document(old.document), _document(new.document)))


@router.post("/{workflow}/diff", response_model=Envelope[DiffOut], summary="Compare a version with a document")
async def compare_with(
    caller: Reader,
    workflow: WorkflowId,
    body: DocumentIn,
    from_: Annotated[
        int | None, Query(alias="from", ge=1, description="Left out: the current one.", examples=[1])
    ] = None,
) -> Response:
    """What saving this document would change."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
        old = await versions.get(scope, found.id, number=from_ or found.current_version)
        checked = await Compiler(scope, caller.gateway).check(given(body))
    if checked.document is None:
        raise DocumentInvalid(checked.diagnostics)
    return success(_diff_out(_document(old.document), checked.document))


@router.post("/{workflow}/activate", response_model=Envelope[ActivationOut], summary="Go live")
async def activate(caller: Writer, workflow: WorkflowId, body: VersionChoice | None = None) -> Response:
    """The version's triggers start runs from now on. Refused with all diagnostics where it does not hold."""
    done = await activation.activate(caller, workflow, version=body.version if body else None)
    return success(
        ActivationOut(
            workflow=WorkflowOut.model_validate(done.workflow),
            triggers=done.triggers,
            effects=list(done.plan.manifest),
            warnings=list(done.warnings),
        )
    )


@router.post("/{workflow}/deactivate", response_model=Envelope[WorkflowOut], summary="Take it out of service")
async def deactivate(caller: Writer, workflow: WorkflowId) -> Response:
    """Its triggers are gone and it is a draft; runs that go on are left alone."""
    return success(WorkflowOut.model_validate(await activation.deactivate(caller, workflow)))


@router.post("/{workflow}/pause", response_model=Envelope[WorkflowOut], summary="Pause")
async def pause(caller: Writer, workflow: WorkflowId) -> Response:
    """Its triggers stay where they are and start nothing: senders get 503 and come again, schedules pass over."""
    return success(WorkflowOut.model_validate(await activation.pause(caller, workflow)))


@router.post("/{workflow}/unpause", response_model=Envelope[WorkflowOut], summary="Go on after a pause")
async def unpause(caller: Writer, workflow: WorkflowId) -> Response:
    """Its triggers start runs again."""
    return success(WorkflowOut.model_validate(await activation.unpause(caller, workflow)))


@router.post(
    "/{workflow}/run",
    status_code=202,
    response_model=Envelope[RunOut],
    responses={200: {"model": Envelope[RunOut], "description": "It has ended; the answer has its result."}},
    summary="Run it",
)
async def run(
    caller: Runner,
    workflow: WorkflowId,
    body: RunIn,
    idempotency_key: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Start a run with this input. The same `Idempotency-Key` is the same event, and so the same run."""
    status, told = await running.run(caller, workflow, body, event_id=idempotency_key)
    headers = {"location": told.address} if told.address else {}
    return success(told, status=status, headers=headers)


@router.get("/{workflow}/schedules", response_model=Envelope[list[ScheduleOut]], summary="List schedules")
async def schedules(caller: Reader, workflow: WorkflowId) -> Response:
    """Each schedule with its next starts and whether it is paused."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
    return success(await caller.gateway.engine.schedules(caller.workspace_id, workflow_id=found.id))


@router.post("/{workflow}/schedules/{trigger}/pause", response_model=Envelope[None], summary="Pause a schedule")
async def pause_schedule(caller: Writer, workflow: WorkflowId, trigger: TriggerName) -> Response:
    """This schedule starts nothing until it is resumed."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
        await note(scope, caller, "schedule.pause", found, trigger=trigger)
    engine = caller.gateway.engine
    await engine.pause_schedule(caller.workspace_id, workflow_id=found.id, trigger=trigger, note=f"by {caller.who}")
    return success(None)


@router.post("/{workflow}/schedules/{trigger}/resume", response_model=Envelope[None], summary="Resume a schedule")
async def resume_schedule(caller: Writer, workflow: WorkflowId, trigger: TriggerName) -> Response:
    """This schedule starts runs again."""
    async with caller.transaction() as scope:
        found = await find(scope, workflow)
        await note(scope, caller, "schedule.resume", found, trigger=trigger)
    await caller.gateway.engine.resume_schedule(caller.workspace_id, workflow_id=found.id, trigger=trigger)
    return success(None)


def _check_out(checked: Checked) -> CheckOut:
    return CheckOut(
        valid=checked.plan is not None,
        diagnostics=list(checked.diagnostics),
        document=None if checked.document is None else to_json(checked.document),
        effects=[] if checked.plan is None else list(checked.plan.manifest),
    )


def _document(stored: Any) -> Document:
    report = Report()
    document = parse_value(stored, report)
    if document is None:
        raise Invalid("A stored version cannot be read any more.", hint="Look at it with GET …/versions/N.")
    return document


def _diff_out(old: Document, new: Document) -> DiffOut:
    changes = [
        Change(change=one.change, primitive=one.primitive, field=one.field, old=one.old, new=one.new, text=one.text)
        for one in diff(old, new)
    ]
    return DiffOut(equal=not changes, changes=changes)
