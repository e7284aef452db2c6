"""One step's desk: every question to a model and every use of a tool passes over it and is recorded by its place.

A place is a name that is the same whenever the step is run again (`turn/2`, `analyst/1/3`). What is recorded there is
taken and not asked again: that is what a retry, a replay and a crash in the middle cost nothing by.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flov7.ai.limits import Limits
from flov7.ai.tools import BoundTool, told
from flov7.engine.ledger import Ledger
from flov7.engine.perform import InDoubt, Performer
from flov7.engine.runtime import CallRequest
from flov7.kit.errors import FlowError, StepRefused
from flov7.language.effects import Effect
from flov7.llm.answers import Account, Answer, Ask, Asks, Packed, Wish
from flov7.llm.wrapped import question

FORBIDDEN_MOST = 3
"""How often a model may ask for a tool that it may not use before the step fails."""


@dataclass(frozen=True)
class Used:
    """What became of a tool's use: `text` is what the model is told."""

    text: str
    ok: bool


@dataclass
class Desk:
    """The desk of one attempt of one step."""

    request: CallRequest
    asks: Asks
    ledger: Ledger
    performer: Performer
    limits: Limits
    turns: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    forbidden: int = 0
    _uses: dict[str, int] = field(default_factory=dict[str, int])

    async def ask(self, place: str, ask: Ask, *, agent: str = "") -> Answer:
        """The answer recorded at that place, or a new one, which is recorded. Raises what models raise, and limits."""
        self.limits.before()
        slot = self._slot(place, ask)
        permit = await self.ledger.reserve(slot)
        if permit.standing == "recorded":
            answer = replace(Packed(permit.output).answer(known=True))
        else:
            answer = await self._asked(slot, replace(ask, account=self._account(place, agent)))
        self.limits.after(answer)
        self._tell(place, agent, answer)
        return answer

    async def use(self, place: str, wish: Wish, tools: Mapping[str, BoundTool], *, agent: str = "") -> Used:
        """Use a tool as the model asks, or tell it why not. Raises InDoubt, and StepRefused where it keeps asking."""
        tool = tools.get(wish.name)
        if tool is None:
            used = self._refused(wish.name, tools)
        elif wish.arguments is None:
            used = Used("The arguments are no JSON object. Ask for the tool again with JSON.", ok=False)
        elif wrong := tool.wrong(wish.arguments):
            used = Used(f"The arguments do not fit: {wrong}. Ask again with arguments that do.", ok=False)
        elif self._uses.get(wish.name, 0) >= tool.most:
            used = Used(f"`{wish.name}` was used {tool.most} times already, which is all it may be.", ok=False)
        else:
            self._uses[wish.name] = self._uses.get(wish.name, 0) + 1
            used = await self._performed(tool.request(self.request, place, wish.arguments))
        self.turns.append(
            {"place": place, "agent": agent, "tool": wish.name, "arguments": wish.arguments, "ok": used.ok,
             "result": used.text[:2000]}
        )  # fmt: skip
        return used

    def took(self) -> dict[str, Any]:
        """What the step took, for its output: calls, tokens, cost, and each turn."""
        models = sorted({turn["model"] for turn in self.turns if "model" in turn})
        return {
            "models": models,
            "calls": self.limits.asked,
            "tokens": self.limits.used,
            "cost": round(self.limits.spent, 6),
            "turns": self.turns,
        }

    async def _asked(self, slot: CallRequest, ask: Ask) -> Answer:
        try:
            answer = await self.asks.ask(ask)
        except (FlowError, asyncio.CancelledError):
            await self.ledger.release(slot)
            raise
        await self.ledger.record(slot, Packed.of(answer).body)
        return answer

    async def _performed(self, request: CallRequest) -> Used:
        result = await self.performer.perform(request)
        match result.status:
            case "done":
                return Used(told(result.output), ok=True)
            case "failed":
                assert result.error is not None
                return Used(f"It failed: {result.error.message} {result.error.hint}".strip(), ok=False)
            case "in_doubt":
                words = f"The tool `{request.kind}` was begun in this step, and nobody saw its end."
                raise InDoubt(words, attempts=result.attempts)

    def _refused(self, name: str, tools: Mapping[str, BoundTool]) -> Used:
        self.forbidden += 1
        if self.forbidden >= FORBIDDEN_MOST:
            raise StepRefused(
                f"The model asked {self.forbidden} times for tools that this step does not allow, last for `{name}`.",
                hint="Allow the tool in `tools`, or look whether the input tells the model to do something else.",
                code="ai.forbidden_tool",
            )
        allowed = ", ".join(tools) or "none"
        return Used(f"There is no tool `{name}` here. Tools that may be used: {allowed}.", ok=False)

    def _slot(self, place: str, ask: Ask) -> CallRequest:
        """The place as the ledger knows it. Asking again changes nothing outside, so it may be repeated."""
        return self.request.model_copy(
            update={
                "key": f"{self.request.key[: -len(self.request.step)]}{place}/{self.request.step}",
                "type": "model",
                "kind": ask.model,
                "inputs": {"question": question(ask)},
                "effect": Effect.IDEMPOTENT,
                "takes_key": False,
                "again_after": 0,
            }
        )

    def _account(self, place: str, agent: str) -> Account:
        request = self.request
        return Account(request.workspace_id, request.workflow_id, request.execution_id, request.step, place, agent)

    def _tell(self, place: str, agent: str, answer: Answer) -> None:
        self.turns.append(
            {
                "place": place,
                "agent": agent,
                "model": answer.model,
                "says": answer.text[:2000],
                "asks_for": [one.name for one in answer.wishes],
                "tokens": answer.usage.input_tokens + answer.usage.output_tokens,
                "cost": answer.cost,
                "known": answer.known,
            }
        )


DeskOf = Callable[[CallRequest], Desk]
