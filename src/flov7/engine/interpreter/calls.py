"""Calls to the outside and to other workflows: attempts, waits between them, and steps in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flov7.engine.events import EventType
from flov7.engine.interpreter.prepare import PreparedNode
from flov7.engine.interpreter.scope import Frame
from flov7.engine.messages import Resolve
from flov7.engine.runtime import CallRequest, CallResult, ChildRequest
from flov7.engine.values import ErrorInfo, StepFailure
from flov7.kit import json
from flov7.language.catalogue import Queue
from flov7.language.plan import Credential

if TYPE_CHECKING:
    from flov7.engine.interpreter.run import Run


async def call(run: Run, prepared: PreparedNode, frame: Frame, inputs: Any) -> Any:
    """The output of a call, after as many attempts as its policy gives. Raises StepFailure."""
    node = prepared.node
    key = frame.path + node.name
    attempt, again_after = 0, 0
    if node.queue is Queue.AI:
        run.check_may_wait()  # models are asked by the AI service, so an express run is handed over
    earlier = run.state.recorded.get(key)
    if earlier is not None:
        if earlier.digest == json.digest(inputs):
            run.emit(EventType.STEP_REUSED, step=node.name, path=frame.path, output=earlier.output)
            return earlier.output
        if not run.state.agreed:
            doubt = ErrorInfo(
                primitive=node.name,
                code="step.in_doubt",
                message="The run that this one repeats did it already, with other input.",
            )
            verdict = await _ask(run, prepared, frame, CallResult(status="in_doubt", error=doubt))
            if verdict.verdict == "done":
                return verdict.output if verdict.output is not None else earlier.output
            if verdict.verdict == "fail":
                raise StepFailure(doubt)
    while True:
        attempt += 1
        request = CallRequest(
            execution_id=run.start.execution_id,
            workspace_id=run.start.workspace_id,
            workflow_id=run.start.workflow_id or "",
            step=node.name,
            key=key,
            attempt=attempt,
            type=node.type,
            kind=node.kind,
            inputs=inputs,
            operation=node.operation,
            credential=run.credential(node.connection),
            credentials=_of_tools(run, inputs) if node.queue is Queue.AI else {},
            effect=node.effect,
            takes_key=node.takes_key,
            timeout=node.timeout,
            queue=node.queue,
            again_after=again_after,
        )
        result = await run.runtime.call(request)
        again_after = 0
        match result.status:
            case "done":
                return result.output
            case "in_doubt":
                verdict = await _ask(run, prepared, frame, result)
                if verdict.verdict == "done":
                    return verdict.output
                if verdict.verdict == "fail":
                    raise StepFailure(_doubt(node.name, result, attempt))
                again_after = result.attempts
            case "failed":
                await _wait_for_next(run, prepared, frame, result, attempt)


def _of_tools(run: Run, inputs: Any) -> dict[str, Credential]:
    """The connections that tools inside a step's inputs name."""
    found: dict[str, Credential] = {}
    stack = [inputs]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            for tool in value.get("tools") or []:
                name = tool.get("connection") if isinstance(tool, dict) else None
                credential = run.credential(name) if isinstance(name, str) else None
                if credential is not None:
                    found[credential.name] = credential
            stack.append(value.get("agents"))
    return found


def _doubt(step: str, result: CallResult, attempt: int) -> ErrorInfo:
    if result.error is not None:
        return result.error.model_copy(update={"attempts": attempt})
    return ErrorInfo(
        primitive=step,
        code="step.in_doubt",
        message="Nobody knows whether it happened, and a person let it fail.",
        attempts=attempt,
    )


async def _ask(run: Run, prepared: PreparedNode, frame: Frame, result: CallResult) -> Resolve:
    """Wait until a person says whether a step in doubt happened."""
    run.check_may_wait()
    node = prepared.node
    message = result.error.message if result.error else "The call began, and its end was not seen."
    run.emit(
        EventType.STEP_IN_DOUBT,
        step=node.name,
        path=frame.path,
        message=message,
        hint="Look at the receiver, then say done (with its output), repeat or fail.",
    )
    verdict = await (await run.inbox.opened(frame.path + node.name, "in_doubt"))
    assert isinstance(verdict, Resolve)
    run.emit(EventType.STEP_RESOLVED, step=node.name, path=frame.path, verdict=verdict.verdict, by=verdict.by)
    return verdict


async def _wait_for_next(run: Run, prepared: PreparedNode, frame: Frame, result: CallResult, attempt: int) -> None:
    """Wait before the next attempt. Raises StepFailure where there is none."""
    node = prepared.node
    assert result.error is not None
    error = result.error.model_copy(update={"attempts": attempt})
    if not error.retryable or attempt >= node.retry.max_attempts or run.cancelled is not None:
        raise StepFailure(error)
    pause = min(node.retry.initial * node.retry.factor ** (attempt - 1), node.retry.maximum)
    pause = max(pause, min(result.retry_after or 0.0, 3600.0))
    run.emit(
        EventType.STEP_RETRYING,
        step=node.name,
        path=frame.path,
        attempt=attempt,
        of=node.retry.max_attempts,
        after=pause,
        error=error.model_dump(mode="json"),
    )
    await run.runtime.sleep(pause)


async def child(run: Run, prepared: PreparedNode, frame: Frame, inputs: Any) -> Any:
    """The output of another workflow. Raises StepFailure where it does not end well."""
    node = prepared.node
    if node.child is None or node.child.plan is None:
        raise StepFailure(
            ErrorInfo(
                primitive=node.name,
                code="workflow.unknown",
                message=f"There is no workflow `{inputs.get('workflow')}` to call.",
                hint="Save it in this workspace, then activate this one again.",
            )
        )
    run.check_may_wait()
    result = await run.runtime.child(
        ChildRequest(
            execution_id=run.start.execution_id,
            workspace_id=run.start.workspace_id,
            key=frame.path + node.name,
            child=node.child,
            payload=inputs.get("inputs"),
        )
    )
    if result.status != "done":
        assert result.error is not None
        raise StepFailure(result.error.model_copy(update={"primitive": node.name}))
    return result.output
