"""Runs: what can be said to them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from flov7.engine.messages import Answer, Approve, Callback, Cancel, Message, Pause, Reply, Resolve, Resume
from flov7.gateway.context import current
from flov7.gateway.envelope import Envelope, success
from flov7.gateway.executions.access import Writer, find
from flov7.gateway.executions.schemas import (
    AnswerIn,
    ApproveIn,
    CallbackIn,
    CancelIn,
    ReplyOut,
    RerunIn,
    RerunOut,
    ResolveIn,
)
from flov7.gateway.fields import ERRORS, ExecutionId
from flov7.gateway.security import Caller
from flov7.gateway.workflows.running import told
from flov7.kit.errors import Conflict
from flov7.store import records

router = APIRouter(prefix="/executions", tags=["executions"], responses=ERRORS)


@router.post("/{execution}/cancel", response_model=Envelope[ReplyOut], summary="Cancel a run")
async def cancel(caller: Writer, execution: ExecutionId, body: CancelIn | None = None) -> Response:
    """Nothing new starts, waits end, and the run is `cancelled`."""
    return await _say(caller, execution, Cancel(by=caller.who, reason=body.reason if body else ""))


@router.post("/{execution}/pause", response_model=Envelope[ReplyOut], summary="Pause a run")
async def pause(caller: Writer, execution: ExecutionId) -> Response:
    """What runs ends, nothing new starts until it is resumed."""
    return await _say(caller, execution, Pause(by=caller.who))


@router.post("/{execution}/resume", response_model=Envelope[ReplyOut], summary="Resume a run")
async def resume(caller: Writer, execution: ExecutionId) -> Response:
    """It goes on after a pause."""
    return await _say(caller, execution, Resume(by=caller.who))


@router.post("/{execution}/approve", response_model=Envelope[ReplyOut], summary="Decide an approval")
async def approve(caller: Writer, execution: ExecutionId, body: ApproveIn) -> Response:
    """Approve or reject what a step waits for."""
    message = Approve(by=caller.who, step=body.step, decision=body.decision, comment=body.comment)
    return await _say(caller, execution, message)


@router.post("/{execution}/answer", response_model=Envelope[ReplyOut], summary="Answer a question")
async def answer(caller: Writer, execution: ExecutionId, body: AnswerIn) -> Response:
    """Fill in what a step asks for; checked against its form."""
    return await _say(caller, execution, Answer(by=caller.who, step=body.step, answer=body.answer))


@router.post("/{execution}/callback", response_model=Envelope[ReplyOut], summary="Call back")
async def callback(caller: Writer, execution: ExecutionId, body: CallbackIn) -> Response:
    """Give a step what it waits for from another system; one that comes early is kept."""
    return await _say(caller, execution, Callback(by=caller.who, step=body.step, payload=body.payload))


@router.post("/{execution}/resolve", response_model=Envelope[ReplyOut], summary="Resolve a step in doubt")
async def resolve(caller: Writer, execution: ExecutionId, body: ResolveIn) -> Response:
    """Say whether it happened (with its output), shall be repeated, or fails."""
    message = Resolve(by=caller.who, step=body.step, verdict=body.verdict, output=body.output)
    return await _say(caller, execution, message)


@router.post(
    "/{execution}/rerun",
    status_code=202,
    response_model=Envelope[RerunOut],
    responses={200: {"model": Envelope[RerunOut], "description": "Nothing started: say `agreed` to do these again."}},
    summary="Run again from a step",
)
async def rerun(caller: Writer, execution: ExecutionId, body: RerunIn) -> Response:
    """A new run that takes over what stands above the step. Effects that would be done again are listed first."""
    async with caller.transaction() as scope:
        found = await find(scope, execution)
    again = await caller.gateway.engine.rerun(
        caller.workspace_id, found.id, step=body.step, edits=body.edits, agreed=body.agreed, actor=caller.who
    )
    if again.started is None:
        return success({"run": None, "effects_again": list(again.effects_again)})
    run = told(again.started, None)
    await _note(caller, "execution.rerun", found.id)
    headers = {"location": str(run.address)}
    return success({"run": run, "effects_again": list(again.effects_again)}, status=202, headers=headers)


async def _say(caller: Caller, execution_id: str, message: Message) -> Response:
    """Send it. What is not accepted is 409, with the steps that do wait."""
    async with caller.transaction() as scope:
        found = await find(scope, execution_id)
    current().step = getattr(message, "step", None)
    reply = accepted(await caller.gateway.engine.send(caller.workspace_id, found.id, message))
    await _note(caller, f"execution.{message.type}", found.id)
    return success(ReplyOut(accepted=reply.accepted, problem=reply.problem, waiting=list(reply.waiting)))


def accepted(reply: Reply) -> Reply:
    """The reply, if the message was taken. Raises Conflict (`message.refused`)."""
    if reply.accepted:
        return reply
    waiting = ", ".join(f"`{step}`" for step in reply.waiting)
    raise Conflict(
        reply.problem or "The run does not take this now.",
        hint=f"These wait: {waiting}." if waiting else "Look at GET …/steps for what it waits for.",
        code="message.refused",
        details={"waiting": list(reply.waiting)},
    )


async def _note(caller: Caller, what: str, execution_id: str) -> None:
    async with caller.transaction() as scope:
        await records.audit(scope, who=caller.who, what=what, target=execution_id, request_id=current().request_id)
