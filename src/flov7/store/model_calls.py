"""What every call to a model took. A line is written before the call, so that budgets hold across processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import desc, func, select, text

from flov7.kit.ids import new_id
from flov7.store import tables
from flov7.store.scope import Scope


@dataclass(frozen=True, kw_only=True)
class ModelCall:
    """One call. While it is `open`, `cost` (US dollars) is what it may take at most."""

    id: str
    workflow_id: str
    execution_id: str
    step: str
    place: str
    agent: str
    model: str
    state: Literal["open", "done", "failed"]
    why: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: float
    seconds: float
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Spent:
    """US dollars so far, reserves of open calls included: by the run, and this month by workflow and workspace.

    `models` are those that the run has used.
    """

    run: float
    workflow: float
    workspace: float
    models: tuple[str, ...]


async def lock(scope: Scope) -> None:
    """Nobody else reserves in this workspace until the transaction ends."""
    name = f"model_calls/{scope.workspace_id}"
    await scope.run(text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 11))").bindparams(lock=name))


async def lightly(scope: Scope) -> None:
    """Do not wait for the disk in this transaction: a server that dies may forget the last lines, never half of one."""
    await scope.run(text("SET LOCAL synchronous_commit TO off"))


async def spent(scope: Scope, *, workflow_id: str, execution_id: str) -> Spent:
    """What was spent so far."""
    table = tables.model_calls
    month = table.c.at >= func.date_trunc("month", func.now())
    run, workflow = table.c.execution_id == execution_id, table.c.workflow_id == workflow_id
    total = func.coalesce(func.sum(table.c.cost).filter(month), 0.0)
    row = await scope.row(
        select(
            func.coalesce(func.sum(table.c.cost).filter(run), 0.0).label("run"),
            func.coalesce(func.sum(table.c.cost).filter(month, workflow), 0.0).label("workflow"),
            total.label("workspace"),
            func.array_agg(table.c.model.distinct()).filter(run).label("models"),
        ).where(table.c.workspace_id == scope.workspace_id, month | run)
    )
    assert row is not None
    models = tuple(sorted(row.pop("models") or ()))
    return Spent(models=models, **row)


async def begin(
    scope: Scope,
    *,
    workflow_id: str,
    execution_id: str,
    step: str,
    place: str,
    agent: str,
    model: str,
    reserve: float,
) -> str:
    """Write down that a call begins and what it may cost; the line's id."""
    identifier = new_id()
    row: dict[str, Any] = {
        "workflow_id": workflow_id,
        "execution_id": execution_id,
        "step": step,
        "place": place,
        "agent": agent,
        "model": model,
        "cost": reserve,
    }
    zero = dict.fromkeys(("input_tokens", "output_tokens", "cached_tokens", "seconds"), 0)
    await scope.run(scope.insert(tables.model_calls, id=identifier, state="open", why="", at=func.now(), **row, **zero))
    return identifier


async def end(
    scope: Scope,
    identifier: str,
    *,
    why: str = "",
    input_tokens: int = 0,
    output_tokens: int = 0,
    cached_tokens: int = 0,
    cost: float = 0.0,
    seconds: float = 0.0,
) -> None:
    """Write down what it took; with `why` it failed for that reason."""
    values = {
        "state": "failed" if why else "done",
        "why": why,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "cached_tokens": cached_tokens,
        "cost": cost,
        "seconds": seconds,
    }
    await scope.run(scope.update(tables.model_calls, **values).where(tables.model_calls.c.id == identifier))


async def of_execution(scope: Scope, execution_id: str) -> list[ModelCall]:
    """All calls of a run, in their order. One that is open long after its step was lost with its process."""
    table = tables.model_calls
    found = await scope.rows(
        scope.select(table).where(table.c.execution_id == execution_id).order_by(table.c.at, table.c.id)
    )
    return [_call(row) for row in found]


async def totals(scope: Scope, *, by: Literal["workflow_id", "model", "agent", "step"]) -> list[dict[str, Any]]:
    """This month's calls, tokens and cost by workflow, model, agent or step; the dearest first."""
    table = tables.model_calls
    column = table.c[by]
    cost = func.sum(table.c.cost)
    statement = (
        select(
            column.label("of"),
            func.count().label("calls"),
            func.sum(table.c.input_tokens).label("input_tokens"),
            func.sum(table.c.output_tokens).label("output_tokens"),
            cost.label("cost"),
        )
        .where(table.c.workspace_id == scope.workspace_id, table.c.at >= func.date_trunc("month", func.now()))
        .group_by(column)
        .order_by(desc(cost))
    )
    rows = await scope.rows(statement)
    return [
        {**row, "input_tokens": int(row["input_tokens"]), "output_tokens": int(row["output_tokens"])} for row in rows
    ]


def _call(row: dict[str, Any]) -> ModelCall:
    return ModelCall(**{key: value for key, value in row.items() if key != "workspace_id"})
