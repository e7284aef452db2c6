"""Tokens and money: every call is written down before it is made, and none is made that would pass a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from flov7.kit.errors import FlowError
from flov7.llm.answers import Account, Answer, Ask, Asks, Usage
from flov7.llm.prices import cost_of, most_of
from flov7.llm.settings import LlmSettings


@dataclass(frozen=True, slots=True)
class Budgets:
    """US dollars that may be spent: by one run, and in a month by one workflow and by one workspace; 0: no limit."""

    run: float = 0.0
    workflow: float = 0.0
    workspace: float = 0.0

    @classmethod
    def of(cls, settings: LlmSettings) -> Budgets:
        """Those of the settings."""
        return cls(settings.llm_budget_run, settings.llm_budget_workflow, settings.llm_budget_workspace)


class Book(Protocol):
    """Where calls are written down. Shared by all processes: two that ask at once cannot pass a budget together."""

    async def open(self, account: Account, *, model: str, reserve: float, budgets: Budgets) -> str:
        """A new line, with what the call may cost; its id. Raises StepRefused `llm.budget` where a budget is spent."""
        ...

    async def close(self, line: str, account: Account, *, usage: Usage, cost: float | None, seconds: float) -> None:
        """What it really took."""
        ...

    async def strike(self, line: str, account: Account, *, why: str) -> None:
        """It failed; what it cost is not known, and counts as nothing."""
        ...


class NoBook:
    """Where nothing is written down: calls are priced, and no budget holds."""

    async def open(self, account: Account, *, model: str, reserve: float, budgets: Budgets) -> str:
        """Go on."""
        return ""

    async def close(self, line: str, account: Account, *, usage: Usage, cost: float | None, seconds: float) -> None:
        """Forgotten."""

    async def strike(self, line: str, account: Account, *, why: str) -> None:
        """Forgotten."""


Count = Callable[[str, Usage], None]


class Counting:
    """Writes every call down, prices it, and stops before a budget is passed."""

    def __init__(self, inner: Asks, book: Book, *, budgets: Budgets, count: Count | None = None) -> None:
        self._inner, self._book, self._budgets, self._count = inner, book, budgets, count

    async def ask(self, ask: Ask) -> Answer:
        """The answer with its cost. Raises StepRefused `llm.budget` before anything is asked."""
        if ask.account is None:
            return self._priced(await self._inner.ask(ask))
        line = await self._book.open(ask.account, model=ask.model, reserve=most_of(ask), budgets=self._budgets)
        try:
            answer = self._priced(await self._inner.ask(ask))
        except FlowError as error:
            await self._book.strike(line, ask.account, why=error.error_code)
            raise
        await self._book.close(line, ask.account, usage=answer.usage, cost=answer.cost, seconds=answer.seconds)
        if self._count is not None:
            self._count(answer.model, answer.usage)
        return answer

    def _priced(self, answer: Answer) -> Answer:
        return replace(answer, cost=cost_of(answer.model, answer.usage))
