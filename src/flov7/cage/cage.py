"""The cage that this process uses: chosen once, tried before it is trusted, with so many at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flov7.cage.bubblewrap import Bubblewrap
from flov7.cage.docker import Docker
from flov7.cage.order import Backend, Limits, Order, Outcome
from flov7.cage.settings import CageSettings
from flov7.kit.errors import FlowError, Misconfigured, StepFailed, StepRefused, StepTimedOut

_TRIAL = "def run(inputs):\n    return {'sum': inputs['a'] + 1}\n"


@dataclass(frozen=True, slots=True)
class Tested:
    """One test of a node, as it went."""

    name: str
    ok: bool
    message: str = ""


class Cage:
    """Runs nodes. Raises Misconfigured `cage.none` where no cage works here: nothing ever runs without one."""

    def __init__(self, settings: CageSettings, *, backends: Sequence[Backend] | None = None) -> None:
        self._settings = settings
        self._backends = list(backends) if backends is not None else _possible(settings)
        self._chosen: Backend | None = None
        self._choosing = asyncio.Lock()
        self._slots = asyncio.Semaphore(settings.cage_slots)

    async def name(self) -> str:
        """Which cage is used. Raises Misconfigured where none works."""
        return (await self._backend()).name

    async def run(self, code: str, inputs: Any, *, seconds: float | None = None) -> Any:
        """What the code's `run(inputs)` gives. Raises step errors: the code's own, a limit, no JSON."""
        answer = await self._asked({"node.py": code}, {"do": "run", "inputs": inputs}, seconds)
        return answer["output"]

    async def test(self, code: str, tests: str, *, seconds: float | None = None) -> list[Tested]:
        """How each test of the node went. Raises step errors where it does not even begin."""
        answer = await self._asked({"node.py": code, "tests.py": tests}, {"do": "test"}, seconds)
        return [Tested(**one) for one in answer["tests"]]

    async def _asked(self, files: dict[str, str], question: dict[str, Any], seconds: float | None) -> dict[str, Any]:
        backend = await self._backend()
        most = self._settings.cage_seconds
        limits = Limits(memory=self._settings.cage_memory, seconds=min(seconds or most, most))
        order = Order({**files, "runner.py": runner()}, json.dumps(question).encode(), limits)
        async with self._slots:
            return _read(await backend.run(order), limits)

    async def _backend(self) -> Backend:
        async with self._choosing:
            if self._chosen is None:
                self._chosen = await self._tried()
            return self._chosen

    async def _tried(self) -> Backend:
        """The first that really runs something."""
        why: list[str] = []
        for backend in self._backends:
            order = Order({"node.py": _TRIAL, "runner.py": runner()}, b'{"do": "run", "inputs": {"a": 1}}')
            try:
                outcome = await backend.run(order)
                if _read(outcome, order.limits) == {"output": {"sum": 2}}:
                    return backend
                why.append(f"{backend.name}: another answer came back")
            except (FlowError, OSError) as error:
                why.append(f"{backend.name}: {error}")
        raise Misconfigured(
            "There is no cage on this machine in which code could run" + (f" ({'; '.join(why)})." if why else "."),
            hint="Install the package `bubblewrap`, or give FLOV7_CAGE=docker and an engine; nothing runs without one.",
            code="cage.none",
        )


@lru_cache(maxsize=1)
def runner() -> str:
    """The text of what runs inside."""
    return Path(__file__).with_name("runner.py").read_text(encoding="utf-8")


def _possible(settings: CageSettings) -> list[Backend]:
    found: list[Backend] = []
    if settings.cage in ("auto", "bubblewrap") and Bubblewrap.is_there():
        found.append(Bubblewrap())
    if settings.cage in ("auto", "docker") and Docker.is_there():
        found.append(Docker(image=settings.cage_image))
    return found


def _read(outcome: Outcome, limits: Limits) -> dict[str, Any]:
    """The answer in an outcome. Raises step errors in words for the node's author."""
    if outcome.why:
        hint = "Let it do less at a time, or look for a loop that does not end."
        kind = StepTimedOut if "seconds" in outcome.why else StepRefused
        raise kind(f"The code was ended: {outcome.why}.", hint=hint, code="cage.limit")
    try:
        answer = json.loads(outcome.out)
    except ValueError as error:
        raise _died(outcome, limits) from error
    if not isinstance(answer, dict) or not {"output", "tests", "error"} & answer.keys():
        raise _died(outcome, limits)
    if "error" in answer:
        told = answer["error"]
        line = f" (line {told['line']})" if told.get("line") else ""
        memory = told.get("type") == "MemoryError"
        raise StepRefused(
            f"The code failed{line}: {told['message']}.",
            hint=f"It may use {limits.memory} MB; let it hold less at once." if memory else "Mend the node's code.",
            code="cage.limit" if memory else "cage.failed",
            details={"printed": outcome.err[-2000:]},
        )
    return answer


def _died(outcome: Outcome, limits: Limits) -> StepFailed:
    words = outcome.err.strip().splitlines()[-1:] or [""]
    killed = outcome.code in (-9, -24, 137, 152)
    why = f"it used more than {limits.memory} MB or {limits.processor} s of processor" if killed else words[0][:300]
    return StepRefused(
        f"The code ended without an answer: {why or f'exit code {outcome.code}'}.",
        hint="Let it do less at a time." if killed else "Mend the node's code.",
        code="cage.limit" if killed else "cage.failed",
    )
