"""Re-run from a step: a new run that takes what stands above from an earlier one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flov7.engine.events import EventType
from flov7.engine.interpreter.prepare import PreparedBlock, PreparedPlan
from flov7.engine.interpreter.scope import rough_size
from flov7.engine.plans import StoredPlans
from flov7.engine.runtimes.temporal.jobs import PlanRef
from flov7.engine.values import ErrorInfo, Outcome, RecordedEffect, RunState, Settled
from flov7.kit.errors import Invalid
from flov7.language.effects import EffectLine
from flov7.store import effects as stored_effects
from flov7.store import events as stored_events
from flov7.store.database import Database
from flov7.store.executions import Execution


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a repetition starts with, and the effects that it may do again.

    `recorded` ones are done again only where their input differs; nobody knows whether `uncertain` ones happened.
    """

    state: RunState
    recorded: tuple[EffectLine, ...]
    uncertain: tuple[EffectLine, ...]
    event: dict[str, Any]


class Rerunner:
    """Makes the state of a repetition from a run's record."""

    def __init__(self, database: Database, plans: StoredPlans) -> None:
        self._database = database
        self._plans = plans

    async def prepare(self, execution: Execution, *, step: str, edits: dict[str, Any], agreed: bool) -> Prepared:
        """The state to start with. Raises Invalid for a step that a run cannot begin at."""
        ref = PlanRef(workspace_id=execution.workspace_id, digest=execution.plan_digest)
        plan = await self._plans.get(ref)
        again = _from_step_on(plan, execution.trigger, step)
        async with self._database.as_engine(execution.workspace_id) as scope:
            events = await stored_events.read(scope, execution.id)
            done = await stored_effects.of_execution(scope, execution.id)
            entry = await self._database.journal.get(execution.id)
        outcomes = {
            key: one for key, one in outcomes_of(plan, events).items() if key.split("/")[0].split("[")[0] not in again
        }
        recorded = {
            row.key.path + row.key.primitive: RecordedEffect(digest=row.input_digest, output=row.output)
            for row in done
            if row.state == "recorded"
        }
        lines = {line.primitive: line for line in plan.plan.manifest}

        def those(states: Collection[str]) -> tuple[EffectLine, ...]:
            found = (row for row in done if row.state in states and row.key.primitive in again)
            return tuple(dict.fromkeys(lines[row.key.primitive] for row in found if row.key.primitive in lines))

        state = RunState(
            outcomes=outcomes,
            reused=list(outcomes),
            recorded=recorded,
            edits=_checked(plan, edits, again),
            agreed=agreed,
        )
        event = entry.payload if entry is not None and entry.payload else {"payload": execution.input}
        kept = {key: event[key] for key in ("payload", "headers", "query", "params") if key in event}
        open_ends = tuple(line for line in those(("reserved", "in_doubt")) if not line.effect.repeatable)
        return Prepared(state, those(("recorded",)), open_ends, kept)


def _checked(plan: PreparedPlan, edits: dict[str, Any], again: set[str]) -> dict[str, dict[str, Any]]:
    for name, fields in edits.items():
        if name not in again:
            raise Invalid(f"`{name}` is not run again, so its input cannot be edited.", hint="Begin at it or above it.")
        if not isinstance(fields, dict):
            raise Invalid(f"The edit of `{name}` is no object.", hint='Write {"STEP": {"field": "new value"}}.')
    return {name: dict(fields) for name, fields in edits.items()}


def _from_step_on(plan: PreparedPlan, trigger: str, step: str) -> set[str]:
    """The step, or what holds it, and everything that may see what that gives."""
    block = plan.blocks.get(trigger)
    begin = None if block is None else _holding(block, step)
    if block is None or begin is None:
        top = ", ".join(block.nodes) if block else ""
        raise Invalid(
            f"A run cannot begin at `{step}`.", hint=f"Take a step of the top list: {top}.", code="rerun.step"
        )
    found, stack = set[str](), [begin]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(block.dependents.get(name, ()))
    return found | {inner for name in found for one in block.nodes[name].blocks.values() for inner in _inside(one)}


def _holding(block: PreparedBlock, step: str) -> str | None:
    """The step of this list that it is, or that holds it: what was done in there before is taken over."""
    inside = (name for name, node in block.nodes.items() if any(step in _inside(one) for one in node.blocks.values()))
    return step if step in block.nodes else next(inside, None)


def _inside(block: PreparedBlock) -> set[str]:
    names = set(block.nodes)
    for node in block.nodes.values():
        for inner in node.blocks.values():
            names |= _inside(inner)
    return names


def outcomes_of(plan: PreparedPlan, events: list[dict[str, Any]]) -> dict[str, Outcome]:
    """What each step outside of loops came to, read from a run's events."""
    found: dict[str, Outcome] = {}
    for event in events:
        name, data = event.get("step"), event.get("data", {})
        if name is None or event.get("path") or name not in plan.nodes:
            continue
        outcome = _outcome(plan, name, event["type"], data)
        if outcome is not None:
            found[name] = outcome
    return found


def _outcome(plan: PreparedPlan, name: str, type_: str, data: dict[str, Any]) -> Outcome | None:
    node = plan.nodes[name].node
    match type_:
        case EventType.STEP_FINISHED | EventType.STEP_REUSED:
            said_no = bool(data.get("said_no"))
            skipped = said_no and (node.gate or node.lowering == "wait")
            output = data.get("output")
            return Outcome(
                settled=Settled.SKIPPED if skipped else Settled.FINISHED,
                output=output,
                side=data.get("side"),
                said_no=said_no,
                size=rough_size(output),
            )
        case EventType.STEP_PASSED:
            return Outcome(settled=Settled.FINISHED)
        case EventType.STEP_SKIPPED:
            return Outcome(settled=Settled.SKIPPED)
        case EventType.STEP_FAILED:
            error = ErrorInfo.model_validate(data["error"])
            if node.on_error == "continue":
                return Outcome(settled=Settled.FINISHED, error=error)
            return Outcome(settled=Settled.SKIPPED, error=error) if node.on_error != "fail" else None
        case _:
            return None
