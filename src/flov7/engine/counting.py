"""Runs and steps as numbers: a process's metrics from the events that it writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flov7.engine.events import EventType
from flov7.observability.metrics import Metrics


def count(metrics: Metrics, events: Sequence[dict[str, Any]], *, mode: str) -> None:
    """Count a batch of stored events (`{n, type, at, step, path, data}`) once, when it is written."""
    for event in events:
        data: dict[str, Any] = event.get("data", {})
        match event["type"]:
            case EventType.RUN_FINISHED:
                metrics.runs_finished.labels(mode, data.get("status", "unknown")).inc()
            case EventType.STEP_FINISHED | EventType.STEP_FAILED | EventType.STEP_SKIPPED:
                metrics.steps.labels(mode, event["type"].removeprefix("step.")).inc()
            case EventType.STEP_RETRYING:
                metrics.retries.labels(mode).inc()
            case EventType.STEP_IN_DOUBT:
                metrics.in_doubt.labels(mode).inc()
            case _:
                continue
