"""Every kind that reaches outside says what its peer can do wrong, and every line of that is tried."""

from __future__ import annotations

from flov7.language.catalogue import Lowering, PrimitiveType
from flov7.primitives.faults import Fault, faults
from flov7.primitives.registry import registry
from tests.faults.callers import MEETINGS

INSIDE = {"action/file", "action/state", "action/ai_process", "action/transform"}
"""Kinds whose peer is ours: the store, the workspace's files, and models, which have a suite of their own."""


def _reaching_out() -> set[str]:
    """Kinds that call somebody, or listen to somebody."""
    found = set[str]()
    for spec in registry().catalogue().kinds.values():
        if not spec.built or spec.type is PrimitiveType.CONNECTION:
            continue
        listens = spec.type is PrimitiveType.TRIGGER and registry().runner("trigger", spec.name).watcher is not None
        if listens or spec.lowering is Lowering.CALL:
            found.add(spec.key)
    return found


class TestFaults:
    def test_every_kind_that_reaches_outside_has_a_table(self) -> None:
        told = {kind.split(" ")[0] for kind in faults()}
        assert _reaching_out() - INSIDE == told - {"action/connector"}

    def test_every_table_has_every_fault(self) -> None:
        for kind, table in faults().items():
            assert set(table) == set(Fault), kind

    def test_every_table_is_tried(self) -> None:
        assert set(faults()) == set(MEETINGS)

    def test_few_lines_are_not_tried(self) -> None:
        untried = [f"{kind} {fault}" for kind, table in faults().items() for fault, one in table.items() if one.untried]
        assert len(untried) <= 18, untried
