"""Sample payloads: they fit the schema, and the simulated run takes them."""

from __future__ import annotations

from typing import Any

import pytest

from flov7.cli.demo.sample import sample
from flov7.engine.interpreter.prepare import prepare
from flov7.engine.runtimes.simulated import simulate
from flov7.language.front import check_value
from flov7.language.plan import Plan
from flov7.primitives.registry import catalogue, registry


def _plan(*steps: dict[str, Any], inputs: dict[str, Any] | None = None) -> Plan:
    trigger = {"type": "trigger", "kind": "api", "name": "asked"}
    document: dict[str, Any] = {"name": "d", "primitives": [trigger, *steps]}
    checked = check_value(document | ({"inputs": inputs} if inputs else {}), catalogue())
    assert checked.plan is not None, checked.diagnostics
    return checked.plan


def _value(text: str) -> dict[str, Any]:
    return {"type": "data", "kind": "transform", "name": "said", "config": {"value": text}}


class TestASamplePayload:
    def test_has_every_path_that_is_read(self) -> None:
        made = sample(_plan(_value("{{ order.customer.email }} {{ order.id }}")), trigger="asked")
        assert made == {"order": {"customer": {"email": "ada@example.com"}, "id": "some id"}}

    @pytest.mark.parametrize(
        "logic", ["order.total > 1000", "order.total <= 7", "order.kind == 'big'", "order.ok == true"]
    )
    def test_makes_conditions_hold(self, logic: str) -> None:
        plan = _plan({"type": "condition", "kind": "filter", "name": "is_so", "logic": logic}, _value("yes"))
        result = simulate(prepare(plan, registry()), registry(), payload=sample(plan, trigger="asked")).result
        assert result is not None and result.output == "yes"

    def test_gives_a_loop_items_with_what_it_reads(self) -> None:
        loop = {
            "type": "condition", "kind": "loop", "name": "each", "over": "order.lines", "as": "line",
            "do": [_value("{{ line.price }}")],
        }  # fmt: skip
        made = sample(_plan(loop), trigger="asked")
        assert [line["price"] for line in made["order"]["lines"]] == [42, 43]

    def test_fits_the_inputs_of_the_document(self) -> None:
        inputs = {
            "type": "object",
            "required": ["ticket", "count"],
            "properties": {"ticket": {"type": "object"}, "count": {"type": "integer"}},
        }
        made = sample(_plan(_value("{{ ticket }}"), inputs=inputs), trigger="asked")
        assert isinstance(made["ticket"], dict) and made["count"] == 42
