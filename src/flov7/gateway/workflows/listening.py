"""Triggers that somebody listens for: what is opened at their sources when a workflow goes live."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flov7.engine.intake import triggers_of
from flov7.gateway.security import Caller
from flov7.kit.errors import FlowError, Invalid, StepFailed
from flov7.kit.ids import new_id
from flov7.language.plan import Plan, TriggerNode
from flov7.listen.sources import Source, Sources
from flov7.store.subscriptions import Shown, Wish


@dataclass(frozen=True)
class Joined:
    """What a plan's triggers listen to; `opened` are those that were opened just now."""

    wishes: Sequence[Wish] = ()
    opened: Sequence[Source] = ()


def heard(caller: Caller, plan: Plan) -> list[TriggerNode]:
    """The triggers that somebody has to listen for."""
    sources = caller.gateway.sources
    return [] if sources is None else [one for one in triggers_of(plan) if sources.wants_listener(one)]


async def join(caller: Caller, plan: Plan, *, present: Sequence[Shown]) -> Joined:
    """Open what is new at the sources, outside of any transaction. Raises Invalid (`trigger.unheard`) with the mend."""
    sources = caller.gateway.sources
    if sources is None:
        return Joined()
    wishes: list[Wish] = []
    opened: list[Source] = []
    known = {(one.trigger, one.kind, one.source) for one in present}
    for trigger in heard(caller, plan):
        try:
            wish = _wish(sources, plan, trigger)
            source = source_of(caller, wish)
            if (trigger.name, wish.kind, wish.source) not in known:
                opened.append(source)
                wish = replace(wish, state=await sources.subscribe(source))
        except StepFailed as problem:
            await leave(caller, Joined(opened=opened))
            raise Invalid(
                f"The trigger `{trigger.name}` cannot listen: {problem.message}",
                hint=problem.hint,
                code="trigger.unheard",
                details={"trigger": trigger.name, "code": problem.error_code},
            ) from problem
        wishes.append(wish)
    return Joined(wishes, opened)


async def leave(caller: Caller, joined: Joined) -> None:
    """Close what was opened for nothing."""
    sources = caller.gateway.sources
    for source in joined.opened:
        if sources is not None:
            with contextlib.suppress(FlowError):
                await sources.unsubscribe(source)


def _wish(sources: Sources, plan: Plan, trigger: TriggerNode) -> Wish:
    config = sources.config_of(plan, trigger)
    digest = sources.source_digest(trigger.kind, config)
    return Wish(id=new_id(), trigger=trigger.name, kind=trigger.kind, source=digest, config=config)


def source_of(caller: Caller, wish: Wish) -> Source:
    """The source of a wish."""
    return Source(
        workspace_id=caller.workspace_id,
        subscription=wish.id,
        trigger=wish.trigger,
        kind=wish.kind,
        config=wish.config,
    )
