"""Puts a list of scenarios before all three runtimes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from flov7.store import workspaces
from flov7.wiring import House
from tests.scenarios.build import Scenario
from tests.scenarios.recorder import Recorder
from tests.scenarios.running import Came, in_simulation, on_house


def in_every_runtime(scenarios: list[Scenario]) -> Callable[[type], type]:
    """A class decorator: one test for each scenario and runtime."""
    assert len({one.name for one in scenarios}) == len(scenarios), "two scenarios share a name"

    def give(cls: type) -> type:
        def test_simulated(self: Any, scenario: Scenario) -> None:
            check(scenario, in_simulation(scenario))

        def test_simulated_with_a_fresh_start_after_every_call(self: Any, scenario: Scenario) -> None:
            check(scenario, in_simulation(scenario, fresh_every=1))

        async def test_durable(self: Any, scenario: Scenario, house: House, recorder: Recorder) -> None:
            check(scenario, await on_house(scenario, house, recorder, await _workspace(house), mode="durable"))

        async def test_express(self: Any, scenario: Scenario, house: House, recorder: Recorder) -> None:
            check(scenario, await on_house(scenario, house, recorder, await _workspace(house), mode="express"))

        every = pytest.mark.parametrize("scenario", scenarios, ids=lambda one: one.name.replace(" ", "_"))
        for test in (test_simulated, test_simulated_with_a_fresh_start_after_every_call, test_durable, test_express):
            setattr(cls, test.__name__, every(test))
        return cls

    return give


async def _workspace(house: House) -> str:
    return (await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="Scenario")).id


def check(scenario: Scenario, came: Came) -> None:
    """Hold what came against what must come."""
    result = came.result
    assert result.status == scenario.status, (result.status, result.error)
    if scenario.error is not None:
        assert result.error is not None
        assert result.error.code == scenario.error, result.error
    for key, how in scenario.steps.items():
        assert came.steps.get(key) == how, (key, came.steps)
    if isinstance(scenario.calls, list):
        assert came.calls == scenario.calls
    elif isinstance(scenario.calls, set):
        assert sorted(came.calls) == sorted(scenario.calls)
    if scenario.output is not ...:
        assert result.output == scenario.output
    assert [one.primitive for one in result.handled] == scenario.handled
    assert [one.name for one in result.unmet] == scenario.unmet
