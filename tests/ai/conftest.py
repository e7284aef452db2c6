"""AI steps without servers: a scripted model, a ledger in memory, tools that a test plays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from flov7.ai.settings import AiSettings
from flov7.ai.thinking import Thinking
from flov7.engine.ledger import MemoryLedger
from flov7.engine.perform import Performer
from flov7.engine.runtime import CallRequest
from flov7.language.catalogue import Queue
from flov7.language.effects import Effect
from flov7.llm.models import models_of
from flov7.llm.testing import Play, Scripted, ScriptedModel, scripted_model
from flov7.primitives.actions.ai_process import Inputs
from flov7.primitives.registry import catalogue

Tool = Callable[[CallRequest], Any]


@dataclass
class Bench:
    """Runs AI steps, and counts what tools did."""

    server: ScriptedModel
    thinking: Thinking
    ledger: MemoryLedger
    done: list[CallRequest] = field(default_factory=list[CallRequest])

    async def run(self, *, execution_id: str = "run", **config: Any) -> dict[str, Any]:
        """One attempt of one step. Raises what the step raises."""
        inputs = Inputs.model_validate({"cache": "off", **config}).model_dump(by_alias=True)
        return await self.thinking(request(inputs, execution_id=execution_id)).think(inputs)


def request(inputs: Any, *, execution_id: str = "run") -> CallRequest:
    """A call of the step `ask`."""
    return CallRequest(
        execution_id=execution_id,
        workspace_id="w1",
        step="ask",
        key="ask",
        type="action",
        kind="ai_process",
        inputs=inputs,
        effect=Effect.IDEMPOTENT,
        timeout=60,
        queue=Queue.AI,
    )


@asynccontextmanager
async def thinking(
    play: Sequence[Scripted] | Play, *, tool: Tool | None = None, ledger: MemoryLedger | None = None, **given: Any
) -> AsyncIterator[Bench]:
    """A bench whose model plays that script, and whose tools do `tool`."""
    rows = ledger or MemoryLedger()
    done: list[CallRequest] = []

    async def work(call: CallRequest, key: str | None) -> Any:
        done.append(call)
        return tool(call) if tool is not None else {"ok": True}

    async with scripted_model(play) as server:
        models = models_of(server.settings(**{"llm_model": "cheap", "llm_strong_model": "strong", **given}))
        thinks = Thinking(
            models=models,
            performer=Performer(work, ledger=rows),
            ledger=rows,
            catalogue=catalogue(),
            settings=AiSettings.load(),
        )
        try:
            yield Bench(server, thinks, rows, done)
        finally:
            await models.close()
