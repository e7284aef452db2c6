"""When each primitive of one list starts: the three rules of the language, as a pure function of the list.

1. With `after`: when all those are settled and at least one finished.
2. Named as a side of a condition or as a handler: only when chosen.
3. Any other: when the open ends above it in its part are settled and at least one finished; the first, at once.

An open end is what nothing waits for yet. A condition that names its sides is none, nor is an error handler, nor
what waits only for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flov7.language.document import AnyPrimitive, flat_sides


@dataclass(frozen=True, slots=True)
class Item:
    """What the rules need to know of one primitive."""

    name: str
    is_trigger: bool = False
    after: tuple[str, ...] | None = None
    sides: tuple[tuple[str, str], ...] = ()
    handler: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """When one primitive starts: `deps` to wait for, or the choices `(condition, label)` and failures that start it."""

    deps: tuple[str, ...] = ()
    chosen_by: tuple[tuple[str, str], ...] = ()
    handles: tuple[str, ...] = ()
    part: int = 0

    @property
    def only_when_chosen(self) -> bool:
        """Whether it waits to be chosen instead of for what stands above."""
        return bool(self.chosen_by or self.handles)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Every name that must be settled before this one can be."""
        return (*self.deps, *(name for name, _ in self.chosen_by), *self.handles)


@dataclass(frozen=True, slots=True)
class Part:
    """The triggers that open it (none in a nested list) and, in list order, what they start."""

    triggers: tuple[str, ...]
    members: tuple[str, ...]
    open_ends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The order of one list."""

    starts: dict[str, Start]
    parts: tuple[Part, ...]


@dataclass(slots=True)
class _Scan:
    part: int
    triggers: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    unjoined: list[str] = field(default_factory=list)
    waited: set[str] = field(default_factory=set[str])


def items_of(primitives: Sequence[AnyPrimitive]) -> list[Item]:
    """The rules' view of a list; connections take no part."""
    found: list[Item] = []
    for one in primitives:
        if one.type == "connection":
            continue
        handler = one.on_error if one.on_error not in (None, "fail", "continue") else None
        sides = tuple((label, name) for label, _, name in flat_sides(one))
        after = tuple(dict.fromkeys(one.after)) if one.after is not None else None
        found.append(Item(one.name, one.type == "trigger", after, sides, handler))
    return found


def arrange(items: Sequence[Item]) -> Arrangement:
    """The order of a list. Names that are not in the list below what names them are passed over here."""
    chosen, handled = _choices(items)
    starts: dict[str, Start] = {}
    parts: list[_Scan] = [_Scan(0)]
    quiet: set[str] = set()
    for item in items:
        if item.is_trigger:
            if parts[-1].members:
                parts.append(_Scan(len(parts)))
            parts[-1].triggers.append(item.name)
            continue
        scan = parts[-1]
        start = _start(item, scan, chosen=chosen, handled=handled)
        starts[item.name] = start
        scan.members.append(item.name)
        scan.waited.update(start.deps)
        for name in start.deps:
            _drop(scan.open, name)
        for name in start.waits_for:
            _drop(scan.unjoined, name)
        is_handler = bool(start.handles) and not start.chosen_by
        waits_only_for_quiet = bool(start.deps) and all(name in quiet for name in start.deps)
        if is_handler or waits_only_for_quiet:
            quiet.add(item.name)
        elif item.name in scan.waited:
            continue  # something above waits for it by `after`
        elif not item.sides:
            scan.open.append(item.name)
        else:
            scan.unjoined.append(item.name)
    made = [Part(tuple(scan.triggers), tuple(scan.members), tuple(scan.open)) for scan in parts]
    return Arrangement(starts, tuple(part for part in made if part.triggers or part.members))


def _drop(names: list[str], name: str) -> None:
    if name in names:
        names.remove(name)


def _choices(items: Sequence[Item]) -> tuple[dict[str, list[tuple[str, str]]], dict[str, list[str]]]:
    """Who chooses whom, and who handles whose failure; only downwards in the list."""
    position = {item.name: index for index, item in enumerate(items)}
    chosen: dict[str, list[tuple[str, str]]] = {}
    handled: dict[str, list[str]] = {}
    for index, item in enumerate(items):
        for label, name in item.sides:
            if position.get(name, -1) > index:
                chosen.setdefault(name, []).append((item.name, label))
        if item.handler is not None and position.get(item.handler, -1) > index:
            handled.setdefault(item.handler, []).append(item.name)
    return chosen, handled


def _start(
    item: Item, scan: _Scan, *, chosen: dict[str, list[tuple[str, str]]], handled: dict[str, list[str]]
) -> Start:
    if item.after is not None:
        return Start(deps=item.after, part=scan.part)
    if item.name in chosen or item.name in handled:
        return Start((), tuple(chosen.get(item.name, ())), tuple(handled.get(item.name, ())), scan.part)
    # Between a condition and its sides nothing is open yet: what stands there waits for the condition itself.
    return Start(deps=tuple(scan.open) or tuple(scan.unjoined[-1:]), part=scan.part)


def find_cycle(starts: dict[str, Start]) -> tuple[str, ...] | None:
    """Names of one circle of waiting, or None. Iterative; linear in names and edges."""
    state: dict[str, int] = {}
    for root in starts:
        if state.get(root):
            continue
        trail: list[str] = []
        stack: list[tuple[str, bool]] = [(root, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                state[name] = 2
                trail.pop()
                continue
            if state.get(name) == 2 or name not in starts:
                continue
            if state.get(name) == 1:
                return (*trail[trail.index(name) :], name)
            state[name] = 1
            trail.append(name)
            stack.append((name, True))
            stack.extend((other, False) for other in reversed(starts[name].waits_for))
    return None


def upstream(starts: dict[str, Start]) -> dict[str, int]:
    """For each name, the names settled before it starts, as a bit set over `bits(starts)`; needs no cycle."""
    index = bits(starts)
    known: dict[str, int] = {}
    for root in starts:
        stack = [root]
        while stack:
            name = stack[-1]
            if name in known:
                stack.pop()
                continue
            waits = [other for other in starts[name].waits_for if other in starts]
            missing = [other for other in waits if other not in known]
            if missing:
                stack.extend(missing)
                continue
            found = 0
            for other in waits:
                found |= known[other] | index[other]
            known[name] = found
            stack.pop()
    return known


def bits(starts: dict[str, Start]) -> dict[str, int]:
    """One bit for each name, in list order."""
    return {name: 1 << position for position, name in enumerate(starts)}
