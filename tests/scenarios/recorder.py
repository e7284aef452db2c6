"""The outside of a scenario: answers as scripted, and a log of what was called, kept by the receiver itself."""

from __future__ import annotations

from typing import Any

from flov7.engine.runtime import CallRequest
from flov7.kit.errors import StepFailed, StepRefused, StepTimedOut, StepUnreachable
from tests.scenarios.build import Fails

_ERRORS = {"refused": StepRefused, "unreachable": StepUnreachable, "failed": StepFailed, "timeout": StepTimedOut}


class Recorder:
    """Does calls for any number of runs."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, list[Any]]] = {}
        self.log: dict[str, list[str]] = {}
        self.inputs: dict[str, list[Any]] = {}

    async def __call__(self, request: CallRequest, key: str | None) -> Any:
        """One call: noted, then answered."""
        self.log.setdefault(request.execution_id, []).append(request.key)
        self.inputs.setdefault(request.execution_id, []).append(request.inputs)
        script = self.answers.get(request.execution_id) or self.answers.get(request.workspace_id) or {}
        answers = script.get(request.key) or script.get(request.step) or [{"status": 200}]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Fails):
            raise _ERRORS[answer.how](answer.message)
        return answer
