"""A circuit: it opens after failures in a row, rests, lets one call through, and closes when that works."""

from __future__ import annotations

from flov7.kit.circuit import Circuit


class TestCircuit:
    def test_it_opens_only_after_so_many_failures_in_a_row(self) -> None:
        circuit = Circuit(2, 10.0, lambda: 0.0)
        circuit.failed()
        circuit.worked()
        circuit.failed()
        assert circuit.state == "closed" and circuit.left() == 0.0
        circuit.failed()
        assert circuit.state == "open" and circuit.left() == 10.0

    def test_after_its_rest_one_may_be_tried_and_success_closes_it(self) -> None:
        now = [0.0]
        circuit = Circuit(1, 10.0, lambda: now[0])
        circuit.failed()
        now[0] = 10.0
        assert circuit.state == "half_open" and circuit.left() == 0.0
        circuit.worked()
        assert circuit.state == "closed"
