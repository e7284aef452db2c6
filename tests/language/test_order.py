"""The rules of order against a small reference that is written as the rules are."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from flov7.language.order import Item, arrange, find_cycle


@st.composite
def lists(draw: st.DrawFn) -> list[Item]:
    """Random lists, sides and handlers named downwards, `after` in any direction."""
    count = draw(st.integers(1, 8))
    names = [f"p{index}" for index in range(count)]
    items: list[Item] = []
    for index, name in enumerate(names):
        below = names[index + 1 :]
        after = None
        if draw(st.integers(0, 4)) == 0:
            after = tuple(draw(st.lists(st.sampled_from(names), max_size=2, unique=True)))
            after = tuple(one for one in after if one != name)
        sides: list[tuple[str, str]] = []
        handler = None
        if below and draw(st.integers(0, 3)) == 0:
            sides.append(("if_true", draw(st.sampled_from(below))))
            if draw(st.booleans()):
                sides.append(("if_false", draw(st.sampled_from(below))))
        elif below and draw(st.integers(0, 3)) == 0:
            handler = draw(st.sampled_from(below))
        items.append(Item(name, False, after, tuple(sides), handler))
    return items


def reference(items: list[Item]) -> dict[str, set[str]]:
    """What each primitive waits for, read off the language's three rules, quadratic and plain."""
    chosen = {name for item in items for _, name in item.sides}
    handlers = {item.handler for item in items if item.handler}
    waits: dict[str, set[str]] = {}
    for index, item in enumerate(items):
        above = items[:index]
        if item.after is not None:
            waits[item.name] = set(item.after)
        elif item.name in chosen or item.name in handlers:
            waits[item.name] = {
                one.name for one in above if item.name in [n for _, n in one.sides] or one.handler == item.name
            }
        else:
            waits[item.name] = _open_ends(above, waits, chosen, handlers)
            if not waits[item.name]:
                named = [
                    one.name
                    for one in above
                    if one.sides and not any(one.name in w for w in list(waits.values())[:index])
                ]
                waits[item.name] = set(named[-1:])
    return waits


def _open_ends(above: list[Item], waits: dict[str, set[str]], chosen: set[str], handlers: set[str | None]) -> set[str]:
    """What nothing above waits for yet: no condition that names sides, no handler, nor what waits only for one."""
    quiet: set[str] = set()
    for one in above:
        by_rule = one.after is None and one.name in handlers and one.name not in chosen
        only_quiet = bool(waits[one.name]) and one.name not in chosen and one.name not in handlers
        only_quiet = (only_quiet or one.after is not None) and bool(waits[one.name]) and waits[one.name] <= quiet
        if by_rule or only_quiet:
            quiet.add(one.name)
    waited = set[str]()
    for one in above:
        if one.after is not None or not (one.name in chosen or one.name in handlers):
            waited |= waits[one.name]
    return {one.name for one in above if one.name not in waited and not one.sides and one.name not in quiet}


class TestOrder:
    @given(lists())
    @settings(max_examples=500, deadline=None)
    def test_agrees_with_the_rules_as_they_are_written(self, items: list[Item]) -> None:
        starts = arrange(items).starts
        expected = reference(items)
        assert {name: set(start.waits_for) for name, start in starts.items()} == expected

    @given(lists())
    @settings(max_examples=200, deadline=None)
    def test_a_circle_is_found_or_there_is_none(self, items: list[Item]) -> None:
        starts = arrange(items).starts
        circle = find_cycle(starts)
        settled: set[str] = set()
        while True:
            ready = {name for name, start in starts.items() if name not in settled and set(start.waits_for) <= settled}
            if not ready:
                break
            settled |= ready
        assert (circle is None) == (len(settled) == len(starts))
        if circle is not None:
            assert circle[0] == circle[-1]
            assert all(b in starts[a].waits_for for a, b in pairwise(circle))
