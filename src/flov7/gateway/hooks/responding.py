"""What a caller hears: that the event is safe, the run's output, or the output of one step as soon as it is there."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from starlette.responses import Response

from flov7.engine.events import EventType, RunStatus
from flov7.engine.start import Started
from flov7.engine.values import RunResult
from flov7.gateway import envelope
from flov7.gateway.hooks.book import Target
from flov7.gateway.parts import Gateway
from flov7.gateway.workflows.running import is_good, run_address
from flov7.kit.errors import NotFound

_FAILED: dict[RunStatus, int] = {RunStatus.TIMED_OUT: 504, RunStatus.CANCELLED: 409}
_OWN = ("content-length", "transfer-encoding", "connection", "date", "server", "set-cookie")
"""Headers that a workflow's answer may not set: they are the server's, or would act on this whole address."""


async def respond(gateway: Gateway, target: Target, started: Started) -> Response:
    """The answer, as the trigger says."""
    if target.wait <= 0:
        return accepted(started)
    step = target.intake.trigger.config.get("respond_with")
    if target.intake.trigger.config.get("respond") == "step" and isinstance(step, str):
        return await _by_step(gateway, target, started, step=step)
    result = await gateway.engine.wait(started, workspace_id=target.workspace_id, seconds=target.wait)
    return accepted(started) if result is None else ended(started, result)


def accepted(started: Started) -> Response:
    """202 with the run's address."""
    address = run_address(started.execution_id)
    data = {
        "execution_id": started.execution_id,
        "created": started.created,
        "status": started.status,
        "address": address,
    }
    return envelope.success(data, status=202, headers={"location": address})


def ended(started: Started, result: RunResult) -> Response:
    """The workflow's output is the body; what did not end well is an error."""
    if is_good(result.status):
        return _whole(result.output, headers=_facts(started, result.status.value))
    return failed(started, result)


def failed(started: Started, result: RunResult) -> Response:
    """What went wrong, and where to look."""
    problem: dict[str, Any] = {
        "code": f"run.{result.status.value}",
        "message": result.error.message if result.error else f"The run ended {result.status.value}.",
        "hint": f"GET {run_address(started.execution_id)}/steps says what happened.",
        "details": {"execution_id": started.execution_id},
    }
    headers = _facts(started, result.status.value)
    return envelope.error(problem, status=_FAILED.get(result.status, 500), headers=headers)


def _facts(started: Started, status: str) -> dict[str, str]:
    return {
        "flov7-run": started.execution_id,
        "flov7-run-status": status,
        "location": run_address(started.execution_id),
    }


def _whole(output: Any, *, headers: dict[str, str]) -> Response:
    """`{status, headers?, body?}` is the whole answer; anything else is a JSON body."""
    if not isinstance(output, dict) or not {"status"} <= set(output) <= {"status", "headers", "body"}:
        return Response(envelope.encode(output), headers=headers, media_type="application/json")
    status, given, body = output["status"], output.get("headers") or {}, output.get("body")
    if (
        isinstance(status, bool)
        or not isinstance(status, int)
        or not 200 <= status <= 599
        or not isinstance(given, dict)
    ):
        return Response(envelope.encode(output), headers=headers, media_type="application/json")
    own = {str(name).lower(): str(value) for name, value in given.items() if _is_plain(str(name), str(value))}
    text = isinstance(body, str)
    media_type = own.pop("content-type", "text/plain; charset=utf-8" if text else "application/json")
    if status in (204, 304):
        return Response(status_code=status, headers={**headers, **own})
    content = body if isinstance(body, str) else envelope.encode(body)
    # A page that a workflow writes lives on our address: it gets none of our rights there.
    locked = {"content-security-policy": "sandbox allow-forms", "x-content-type-options": "nosniff"}
    return Response(content, status_code=status, headers={**headers, **own, **locked}, media_type=media_type)


def _is_plain(name: str, value: str) -> bool:
    good = name.lower() not in _OWN and name.replace("-", "").isalnum() and name.isascii()
    return good and value.isprintable() and value.isascii()


async def _by_step(gateway: Gateway, target: Target, started: Started, *, step: str) -> Response:
    try:
        async with asyncio.timeout(target.wait):
            found = await _step_output(gateway, target.workspace_id, started.execution_id, step)
    except TimeoutError:
        return accepted(started)
    if found is not None:
        return _whole(found["output"], headers=_facts(started, "running"))
    result = await gateway.engine.wait(started, workspace_id=target.workspace_id, seconds=1.0)
    if result is None or is_good(result.status):
        return accepted(started)  # the run took another way and never came there
    return failed(started, result)


async def _step_output(gateway: Gateway, workspace_id: str, execution_id: str, step: str) -> dict[str, Any] | None:
    """The step's output in an object, as soon as it is there; None where the run ended without it."""
    pause = 0.005
    while True:
        try:
            async with aclosing(gateway.watcher.watch(workspace_id, execution_id)) as found:
                async for event in found:
                    if event is not None and (output := _of(step)(event)) is not None:
                        return output
            return None
        except NotFound:
            await asyncio.sleep(pause)  # it is journalled, and not shown yet
            pause = min(pause * 2, 0.25)


def _of(step: str) -> Any:
    def read(event: dict[str, Any]) -> dict[str, Any] | None:
        if event.get("step") != step or event.get("type") not in (EventType.STEP_FINISHED, EventType.STEP_REUSED):
            return None
        return {"output": (event.get("data") or {}).get("output")}

    return read
