"""Telling people, once per run, that it failed and nothing handled it: who, which step, what, how often, where."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from flov7.engine.perform import Work
from flov7.engine.runtime import CallRequest
from flov7.kit.errors import FlowError
from flov7.language.effects import Effect
from flov7.primitives.declare import Log
from flov7.store import records, workflows, workspaces
from flov7.store.database import Database
from flov7.store.executions import Execution

LIMIT = 30.0


class Notices:
    """Alerts by e-mail and webhook, to whom the workspace's settings name under `alerts`.

    `alerts` is `{"email": ["owner@example.com"], "webhook": "https://…"}`; the workflow's own settings may add more.
    """

    def __init__(self, database: Database, work: Work, *, base_url: str, log: Log) -> None:
        self._database = database
        self._work = work
        self._base_url = base_url.rstrip("/")
        self._log = log

    async def tell(self, execution: Execution) -> None:
        """Send what is due; never raises, because the run's record is what counts."""
        with contextlib.suppress(FlowError):
            async with self._database.as_engine(execution.workspace_id) as scope:
                if not await records.first_notice(scope, execution.id, kind=execution.status):
                    return
                alerts = [(await workspaces.get(scope)).settings.get("alerts")]
                name = "a workflow"
                with contextlib.suppress(FlowError):
                    workflow = await workflows.get(scope, execution.workflow_id)
                    alerts.append(workflow.settings.get("alerts"))
                    name = workflow.name
            calls = [one for alert in alerts if isinstance(alert, dict) for one in self._calls(execution, name, alert)]
            await asyncio.gather(*(self._send(one) for one in calls))

    def _calls(self, execution: Execution, name: str, alert: dict[str, Any]) -> list[CallRequest]:
        error = execution.error or {"code": f"run.{execution.status}", "message": "An expectation does not hold."}
        link = f"{self._base_url}/api/v1/executions/{execution.id}"
        text = (
            f"The workflow {name} ended {execution.status}.\n\n"
            f"Step: {error.get('primitive', '-')}\nError: {error.get('message')} ({error.get('code')})\n"
            f"Attempts: {error.get('attempts', 1)}\nWhat to do: {error.get('hint') or 'Look at the run.'}\n\n"
            f"Run: {link}\nRe-run from that step: POST {link}/rerun\n"
        )
        title = f"{name} {execution.status}: {error.get('message')}"[:200]
        found: list[CallRequest] = []
        if alert.get("email"):
            inputs = {"channel": "email", "to": alert["email"], "title": title, "text": text, "level": "error"}
            found.append(_request(execution, "email", inputs))
        if alert.get("webhook"):
            fields = {
                "execution_id": execution.id,
                "workflow": name,
                "status": execution.status,
                "step": error.get("primitive"),
                "error": error,
                "attempts": error.get("attempts", 1),
                "link": link,
            }
            inputs = {"to": alert["webhook"], "title": title, "text": text, "level": "error", "fields": fields}
            found.append(_request(execution, "webhook", {"channel": "webhook", **inputs}))
        return found

    async def _send(self, request: CallRequest) -> None:
        try:
            await self._work(request, f"{request.execution_id}-{request.step}")
        except (FlowError, TimeoutError, OSError) as error:
            self._log.warning("an alert was not delivered", run_id=request.execution_id, why=str(error))


def _request(execution: Execution, how: str, inputs: dict[str, Any]) -> CallRequest:
    return CallRequest(
        execution_id=execution.id,
        workspace_id=execution.workspace_id,
        step=f"alert_{how}",
        key=f"alert_{how}",
        type="action",
        kind="notification",
        inputs=inputs,
        effect=Effect.WRITE,
        timeout=LIMIT,
    )
