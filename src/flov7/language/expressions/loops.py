"""Comprehensions at work: nested loops that pay for every turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from flov7.language.expressions import nodes as n
from flov7.language.expressions.errors import ExpressionError
from flov7.language.expressions.operators import describe, null_hint
from flov7.language.expressions.paths import Run
from flov7.language.expressions.values import Frame, Json

Turns: TypeAlias = Callable[[Frame], Iterator[tuple[Json, Json]]]
"""From a frame to the (key, element) pairs of all turns."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One compiled `for … in … if …`: what it runs over, the slots it fills, its conditions."""

    node: n.Clause
    iterable: Run
    targets: list[int]
    conditions: list[Run]


def build(loops: list[Loop], *, key: Run, element: Run, cost: int) -> Turns:
    """All loops within each other; every turn of any of them costs `cost` steps, every element one in size."""
    first, *others = loops

    def turns(frame: Frame) -> Iterator[tuple[Json, Json]]:
        for _ in _bind(frame, first, cost=cost):
            if inner is not None:
                yield from inner(frame)
            else:
                frame.budget.grow(1)
                yield key(frame), element(frame)

    inner = build(others, key=key, element=element, cost=cost) if others else None
    return turns


def _bind(frame: Frame, loop: Loop, *, cost: int) -> Iterator[None]:
    """Fill the slots with each element that passes the conditions."""
    slots, targets, conditions = frame.slots, loop.targets, loop.conditions
    spend = frame.budget.spend
    for item in _over(frame, loop):
        spend(cost)
        if len(targets) == 1:
            slots[targets[0]] = item
        else:
            if not isinstance(item, list) or len(item) != len(targets):
                raise ExpressionError(
                    f"each element must be a list of {len(targets)} to be taken apart",
                    code="expression.type",
                    hint="for an object write: for name, value in data.items()",
                    offset=loop.node.offset,
                )
            for slot, part in zip(targets, item, strict=True):
                slots[slot] = part
        if all(condition(frame) for condition in conditions):
            yield


def _over(frame: Frame, loop: Loop) -> list[Json] | str:
    value = loop.iterable(frame)
    if isinstance(value, list | str):
        return value
    if isinstance(value, dict):
        frame.budget.grow(len(value))
        return list(value)
    node = loop.node.iterable
    raise ExpressionError(
        f"`for` needs a list, but {describe(node, value)}",
        code="expression.null" if value is None else "expression.type",
        hint=null_hint(node, example="[]") if value is None else "",
        offset=node.offset,
    )
