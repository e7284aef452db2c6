"""Conversations: say something, get a draft, save it as a workflow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from flov7.gateway.conversations.access import Reader, Writer
from flov7.gateway.conversations.schemas import ConversationDetail, ConversationOut, MessageOut, SaveIn, Say
from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS, Cursor, Limit
from flov7.gateway.ports import Drafter
from flov7.gateway.security import Caller
from flov7.gateway.workflows.compiling import Compiler, acceptable
from flov7.gateway.workflows.schemas import WorkflowOut
from flov7.kit import json
from flov7.kit.errors import Conflict, FlowError, Unavailable
from flov7.store import conversations, workflows
from flov7.store.conversations import Conversation, Message

router = APIRouter(prefix="/conversations", tags=["conversations"], responses=ERRORS)
Id = Annotated[
    str, Path(max_length=64, description="The conversation.", examples=["019ac0de-7000-7000-8000-000000000001"])
]
_TITLE = 80


@router.post("", status_code=201, response_model=Envelope[ConversationDetail], summary="Begin with a sentence")
async def create(caller: Writer, body: Say) -> Response:
    """Say what should happen; the answer is a draft of a workflow, or questions."""
    drafter = _drafter(caller)
    async with caller.transaction() as scope:
        made = await conversations.create(scope, title=body.text[:_TITLE], started_by=caller.who)
        await conversations.say(scope, made.id, role="user", body={"text": body.text})
    shown = await _replied(caller, drafter, made.id, [], body.text)
    return success(shown, status=201, headers={"location": f"/api/v1/conversations/{made.id}"})


@router.get("", response_model=Envelope[ListOf[ConversationOut]], summary="List conversations")
async def listed(caller: Reader, cursor: Cursor = None, limit: Limit = None) -> Response:
    """Conversations of the workspace, newest first."""
    async with caller.transaction() as scope:
        page = await conversations.page(scope, cursor=cursor, limit=limit)
    items = [ConversationOut.model_validate(one) for one in page.items]
    return success({"items": items, "next_cursor": page.next_cursor})


@router.get("/{conversation}", response_model=Envelope[ConversationDetail], summary="Read a conversation")
async def read(caller: Reader, conversation: Id) -> Response:
    """All that was said, and the drafts."""
    async with caller.transaction() as scope:
        found = await conversations.get(scope, conversation)
        said = await conversations.messages(scope, conversation)
    return success(_detail(found, said))


@router.post("/{conversation}/messages", response_model=Envelope[ConversationDetail], summary="Say more")
async def say(caller: Writer, conversation: Id, body: Say, request: Request) -> Response:
    """Answer a question, or ask for a change; the answer is the next draft.

    With `Accept: text/event-stream` the stages of its making come as events `stage`, then one `reply` or `error`.
    """
    drafter = _drafter(caller)
    async with caller.transaction() as scope:
        before = [
            _line(one) for one in await conversations.messages(scope, (await conversations.get(scope, conversation)).id)
        ]
        await conversations.say(scope, conversation, role="user", body={"text": body.text})
    if _wants_events(request):
        stream = _streamed(caller, drafter, conversation, before, body.text)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})
    return success(await _replied(caller, drafter, conversation, before, body.text))


@router.post(
    "/{conversation}/save",
    status_code=201,
    response_model=Envelope[WorkflowOut],
    summary="Save the draft as a workflow",
)
async def save(caller: Writer, conversation: Id, body: SaveIn | None = None) -> Response:
    """The last draft becomes a workflow, or a new version of the one that it was saved as."""
    async with caller.transaction() as scope:
        found = await conversations.get(scope, conversation, for_update=True)
        said = await conversations.messages(scope, conversation)
        drafts = [one.body["document"] for one in said if one.body.get("document") is not None]
        if not drafts:
            raise Conflict("There is no draft yet.", hint="Answer the questions first.", code="conversation.no_draft")
        document = acceptable(await Compiler(scope, caller.gateway).check(drafts[-1]), allow_errors=True)
        if found.workflow_id is not None:
            workflow = await workflows.save(scope, found.workflow_id, document=document, created_by=caller.who)
        else:
            name = (body.name if body else None) or str(document["name"])
            description = str(document.get("description") or "")
            workflow = await workflows.create(
                scope, name=name, document=document, owner=caller.who, description=description, note=found.title
            )
        if (alerts := _alerts(said)) is not None:
            workflow = await workflows.change_settings(scope, workflow.id, alerts=alerts)
        await conversations.change(scope, found.id, state="saved", workflow_id=workflow.id)
    return success(WorkflowOut.model_validate(workflow), status=201)


def _alerts(said: list[Message]) -> dict[str, Any] | None:
    """Who shall be told when a run fails, where the conversation said it."""
    given = next((found for one in reversed(said) if (found := (one.body.get("details") or {}).get("alerts"))), "")
    named = [one for one in str(given).replace(",", " ").split() if "@" in one]
    return {"email": named} if named else None


def _drafter(caller: Caller) -> Drafter:
    if caller.gateway.drafter is None:
        raise Unavailable(
            "Nothing here turns sentences into workflows.",
            hint="Start the gateway with generation, or send a document to POST /api/v1/workflows.",
            code="generation.missing",
        )
    return caller.gateway.drafter


async def _replied(
    caller: Caller,
    drafter: Drafter,
    conversation_id: str,
    before: list[dict[str, Any]],
    text: str,
    *,
    progress: Callable[[str], None] | None = None,
) -> ConversationDetail:
    """Ask the drafter, outside of any transaction, and keep what it says."""
    async with caller.transaction() as scope:
        library = await Compiler(scope, caller.gateway).library()
    draft = await drafter.reply(before, text, library=library, progress=progress)
    body: dict[str, Any] = {"text": draft.text, "questions": list(draft.questions), "details": draft.details}
    async with caller.transaction() as scope:
        if draft.document is not None:
            checked = await Compiler(scope, caller.gateway).check(draft.document)
            diagnostics = [one.model_dump(mode="json") for one in checked.diagnostics]
            body |= {"document": draft.document, "diagnostics": diagnostics}
        await conversations.say(scope, conversation_id, role="assistant", body=body)
        asked = draft.details.get("open")
        asks = bool(draft.questions) if asked is None else any(one.get("sort") == "open" for one in asked)
        state = "asking" if asks else "drafted" if draft.document is not None else "open"
        found = await conversations.change(scope, conversation_id, state=state)
        return _detail(found, await conversations.messages(scope, conversation_id))


async def _streamed(
    caller: Caller, drafter: Drafter, conversation_id: str, before: list[dict[str, Any]], text: str
) -> AsyncGenerator[str, None]:
    """Stages as they begin, then the reply, or what went wrong, as events."""
    seen: asyncio.Queue[str | None] = asyncio.Queue()
    making = asyncio.create_task(
        _replied(caller, drafter, conversation_id, before, text, progress=lambda stage: seen.put_nowait(str(stage)))
    )
    making.add_done_callback(lambda _: seen.put_nowait(None))
    try:
        while (stage := await seen.get()) is not None:
            yield _event("stage", {"stage": stage})
        yield _event("reply", (await making).model_dump(mode="json"))
    except FlowError as problem:
        yield _event("error", {"code": problem.code, "message": problem.message, "hint": problem.hint})
    finally:
        making.cancel()


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data).decode()}\n\n"


def _wants_events(request: Request) -> bool:
    return "text/event-stream" in request.headers.get("accept", "")


def _line(message: Message) -> dict[str, Any]:
    return {"role": message.role, "text": message.body.get("text", ""), "document": message.body.get("document")}


def _detail(found: Conversation, said: list[Message]) -> ConversationDetail:
    base = ConversationOut.model_validate(found).model_dump()
    messages = [MessageOut(number=one.number, role=one.role, at=one.at, **one.body) for one in said]
    return ConversationDetail(**base, messages=messages)
