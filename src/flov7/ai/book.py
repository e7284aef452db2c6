"""The book of calls to models, in the store: budgets hold across all processes of a workspace."""

from __future__ import annotations

from flov7.kit.errors import StepRefused
from flov7.llm.answers import Account, Usage
from flov7.llm.counting import Budgets
from flov7.store import model_calls
from flov7.store.database import Database


class StoredBook:
    """Keeps the promises of `llm.counting.Book`."""

    def __init__(self, database: Database, *, most_models: int) -> None:
        """`most_models` is how many distinct models one run may use."""
        self._database = database
        self._most_models = most_models

    async def open(self, account: Account, *, model: str, reserve: float, budgets: Budgets) -> str:
        """Write the call down. Raises StepRefused where a budget or the plan's models are spent."""
        async with self._database.workspace(account.workspace_id) as scope:
            await model_calls.lightly(scope)
            await model_calls.lock(scope)
            spent = await model_calls.spent(scope, workflow_id=account.workflow_id, execution_id=account.execution_id)
            for of, most in (("run", budgets.run), ("workflow", budgets.workflow), ("workspace", budgets.workspace)):
                if most and getattr(spent, of) + reserve > most:
                    raise _spent(of, most, getattr(spent, of))
            used = {*spent.models, model}
            if account.execution_id and len(used) > self._most_models:
                raise _too_many(sorted(used), self._most_models)
            return await model_calls.begin(
                scope,
                workflow_id=account.workflow_id,
                execution_id=account.execution_id,
                step=account.step,
                place=account.place,
                agent=account.agent,
                model=model,
                reserve=reserve,
            )

    async def close(self, line: str, account: Account, *, usage: Usage, cost: float | None, seconds: float) -> None:
        """What it took."""
        async with self._database.workspace(account.workspace_id) as scope:
            await model_calls.lightly(scope)
            await model_calls.end(
                scope,
                line,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cached_tokens=usage.cached_tokens,
                cost=cost or 0.0,
                seconds=seconds,
            )

    async def strike(self, line: str, account: Account, *, why: str) -> None:
        """It failed."""
        async with self._database.workspace(account.workspace_id) as scope:
            await model_calls.lightly(scope)
            await model_calls.end(scope, line, why=why)


def _spent(of: str, most: float, so_far: float) -> StepRefused:
    when = "" if of == "run" else " this month"
    return StepRefused(
        f"The {of} may spend {most:g} US dollars on models{when}; {so_far:.4f} are spent, and this call could pass it.",
        hint=f"Raise FLOV7_LLM_BUDGET_{of.upper()}, bound the answer, or choose a cheaper model.",
        code="llm.budget",
        details={"of": of, "budget": most, "spent": so_far},
    )


def _too_many(models: list[str], most: int) -> StepRefused:
    return StepRefused(
        f"This run would use {len(models)} models ({', '.join(models)}), and the plan has {most}.",
        hint="Leave `model` out, so that one is chosen, or name the same one everywhere.",
        code="llm.too_many_models",
    )
