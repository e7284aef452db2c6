"""Waiting: for a time, a date, a callback, an approval or an answer. Deadlines outlive a fresh start."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flov7.engine.events import EventType
from flov7.engine.interpreter.calls import call
from flov7.engine.interpreter.prepare import PreparedNode
from flov7.engine.interpreter.scope import Frame
from flov7.engine.messages import Answer, Approve, Callback
from flov7.engine.values import ErrorInfo, Outcome, Settled, StepFailure
from flov7.kit.durations import seconds
from flov7.kit.errors import Invalid
from flov7.language.catalogue import Queue, Retry

if TYPE_CHECKING:
    from flov7.engine.interpreter.run import Run


TELLING = Retry(max_attempts=3)
"""How often a question is sent that surely did not go out."""


async def wait(run: Run, prepared: PreparedNode, frame: Frame, inputs: dict[str, Any]) -> Outcome:
    """The outcome of a wait. A rejected approval is a gate that says no, unless `on_rejected` is `continue`."""
    run.check_may_wait()
    node, what = prepared.node, inputs["for"]
    key = frame.path + node.name
    deadline = _deadline(run, key, inputs)
    if inputs.get("channel"):
        await _tell(run, prepared, frame, inputs)
    run.emit(
        EventType.STEP_WAITING,
        step=node.name,
        path=frame.path,
        **{"for": what, "until": None if deadline is None else _text(deadline)},
        ask=inputs.get("ask"),
        to=inputs.get("to"),
        fields=inputs.get("fields"),
        details=inputs.get("details"),
    )
    if what in ("time", "date"):
        await run.runtime.about_to_wait()
        if deadline is not None:
            await run.runtime.sleep(max((deadline - run.runtime.now()).total_seconds(), 0.0))
        return _finished(run, prepared, frame, {"at": run.now_text()})
    message = await _message(run, key, what, deadline)
    if message is None:
        raise StepFailure(
            ErrorInfo(
                primitive=node.name,
                code="wait.timed_out",
                message=f"No {what} came within {inputs.get('timeout')}.",
                hint="Raise `timeout`, or handle it with `on_error`.",
            )
        )
    output = _output(message) | {"at": run.now_text()}
    rejected = output.get("decision") == "rejected" and inputs.get("on_rejected") != "continue"
    return _finished(run, prepared, frame, output, said_no=rejected)


async def _tell(run: Run, prepared: PreparedNode, frame: Frame, inputs: dict[str, Any]) -> None:
    """Send the question out, once: under the step's own key in the ledger. Raises StepFailure."""
    update = {"kind": "notification", "retry": TELLING, "timeout": 15.0, "queue": Queue.ACTIONS}
    telling = replace(prepared, node=prepared.node.model_copy(update=update))
    question = {
        "channel": inputs["channel"],
        "text": inputs.get("ask") or f"The workflow waits for an {inputs['for']}: {prepared.node.name}.",
        "to": inputs.get("to"),
        "asks": {"step": frame.path + prepared.node.name, "wants": inputs["for"]},
    }
    await call(run, telling, frame, question)


def _finished(
    run: Run, prepared: PreparedNode, frame: Frame, output: dict[str, Any], *, said_no: bool = False
) -> Outcome:
    key = frame.path + prepared.node.name
    run.state.deadlines.pop(key, None)
    extra = {"said_no": True} if said_no else {}
    run.emit(EventType.STEP_FINISHED, step=prepared.node.name, path=frame.path, output=output, **extra)
    settled = Settled.SKIPPED if said_no else Settled.FINISHED
    return Outcome(settled=settled, output=output, said_no=said_no)


def _deadline(run: Run, key: str, inputs: dict[str, Any]) -> datetime | None:
    kept = run.state.deadlines.get(key)
    if kept is not None:
        return datetime.fromisoformat(kept)
    found: datetime | None = None
    if inputs["for"] == "date":
        found = _moment(inputs.get("until"))
    else:
        length = inputs.get("duration") if inputs["for"] == "time" else inputs.get("timeout")
        if inputs["for"] == "time" and length is None:
            raise Invalid(
                "Waiting for a time needs `duration`.", hint='Add "duration", like 10m.', code="config.missing"
            )
        if length is not None:
            found = run.runtime.now() + timedelta(seconds=_seconds(length))
    if found is not None:
        run.state.deadlines[key] = found.isoformat()
    return found


def _seconds(length: Any) -> float:
    return float(length) if isinstance(length, int | float) else seconds(str(length))


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise Invalid(
            f"`until` is no date: {str(text)[:60]!r}.",
            hint="Write it like 2027-01-31 or 2027-01-31T09:00:00Z.",
            code="config.wrong",
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def _message(run: Run, key: str, what: str, deadline: datetime | None) -> Any | None:
    """The message that was waited for, or None where the deadline came first."""
    waiting = await run.inbox.opened(key, what)
    if deadline is None:
        return await waiting
    clock = asyncio.ensure_future(run.runtime.sleep(max((deadline - run.runtime.now()).total_seconds(), 0.0)))
    first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    for one in (waiting, clock):
        one.add_done_callback(lambda _: None if first.done() else first.set_result(None))
    try:
        await first
    finally:
        clock.cancel()
        if not waiting.done():
            waiting.cancel()
    return waiting.result() if waiting.done() and not waiting.cancelled() else None


def _output(message: Any) -> dict[str, Any]:
    match message:
        case Approve():
            return {"decision": message.decision, "by": message.by or None, "comment": message.comment}
        case Answer():
            return {"answer": message.answer, "by": message.by or None}
        case Callback():
            return {"payload": message.payload}
        case _:
            raise AssertionError(message)
