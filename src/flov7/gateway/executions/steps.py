"""Where each step of a run is: a projection of its events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flov7.engine.events import EventType
from flov7.gateway.executions.schemas import StepOut
from flov7.language.effects import Effect

_OPEN = ("running", "retrying", "waiting", "in_doubt")


def project(events: Iterable[dict[str, Any]]) -> list[StepOut]:
    """The steps in the order in which they were first seen, each once in each round."""
    steps: dict[str, StepOut] = {}
    for event in events:
        if event["type"] == EventType.RUN_FINISHED:
            steps = {key: _given_up(step, event["at"]) for key, step in steps.items()}
        if event.get("step") is None:
            continue
        key = f"{event.get('path', '')}{event['step']}"
        present = steps.get(key) or StepOut(step=event["step"], path=event.get("path", ""), key=key, status="running")
        steps[key] = _after(present, event)
    return list(steps.values())


def _given_up(step: StepOut, at: str) -> StepOut:
    """A step that was under way when its run ended; where it changes something, that may have happened."""
    if step.status not in _OPEN:
        return step
    unsure = step.effect is not None and not Effect(step.effect).repeatable and step.status != "waiting"
    message = "The run ended while this was under way." + (" It may have happened all the same." if unsure else "")
    error = {"code": "step.given_up", "message": message, "hint": "Look at the receiver." if unsure else ""}
    changes = {"status": "given_up", "finished_at": at, "waits_for": None, "until": None, "ask": None, "error": error}
    return step.model_copy(update=changes)


def _after(step: StepOut, event: dict[str, Any]) -> StepOut:
    """The step after an event."""
    data: dict[str, Any] = event.get("data", {})
    at: str = event["at"]
    began = step.started_at or data.get("begun") or at
    ended = {"started_at": began, "finished_at": at, "waits_for": None, "until": None, "ask": None}
    match event["type"]:
        case EventType.STEP_STARTED:
            changes = {"status": "running", "started_at": began}
        case EventType.STEP_FINISHED:
            changes = {"status": "skipped" if data.get("said_no") else "finished", **ended, "error": None}
        case EventType.STEP_REUSED:
            changes = {"status": "finished", "reused": True, **ended}
        case EventType.STEP_FAILED:
            error = data.get("error") or {}
            changes = {"status": "failed", **ended, "attempts": error.get("attempts", step.attempts)}
        case EventType.STEP_RETRYING:
            changes = {"status": "retrying", "attempts": int(data.get("attempt", step.attempts)) + 1}
        case EventType.STEP_WAITING:
            changes = {
                "status": "waiting",
                "waits_for": data.get("for"),
                "until": data.get("until"),
                "ask": data.get("ask"),
            }
        case EventType.STEP_IN_DOUBT:
            error = {"code": "step.in_doubt", "message": data.get("message"), "hint": data.get("hint")}
            changes = {"status": "in_doubt", "waits_for": "in_doubt", "error": error}
        case EventType.STEP_RESOLVED:
            changes = {"status": "running", "waits_for": None, "error": None}
        case EventType.STEP_PASSED:
            changes = {"status": "passed_over", "finished_at": at}
        case EventType.STEP_SKIPPED:
            changes = {"status": "skipped", "finished_at": at}
        case _:
            changes = {}
    kept = {name: data[name] for name in ("input", "output", "side", "error", "effect") if data.get(name) is not None}
    return step.model_copy(update={**kept, **changes})
