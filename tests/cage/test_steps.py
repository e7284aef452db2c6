"""Code inside runs: `custom` with `code`, on real servers and in the real cage."""

from __future__ import annotations

import os

import pytest_asyncio

from flov7.cage.bubblewrap import Bubblewrap
from flov7.engine.values import RunStatus
from flov7.store import workspaces
from flov7.wiring import House
from tests.engine.conftest import Bench, house  # noqa: F401 - the fixture

CODE = "def run(inputs):\n    return {'total': sum(line['price'] for line in inputs['lines'])}\n"


@pytest_asyncio.fixture(loop_scope="session")
async def bench(house: House, bubblewrap: object) -> Bench:  # noqa: F811
    assert Bubblewrap.is_there()
    workspace = await workspaces.create(house.database, slug=f"w-{os.urandom(6).hex()}", title="A test")
    return Bench(house, workspace.id)


def document(code: str) -> dict[str, object]:
    config = {"code": code, "inputs": {"lines": "{{ lines }}"}}
    return {
        "flow7": "1.0",
        "name": "sums",
        "primitives": [
            {"type": "trigger", "kind": "manual", "name": "start"},
            {"type": "action", "kind": "custom", "name": "add", "config": config},
        ],
        "output": "{{ add.total }}",
    }


class TestAStepWithCode:
    async def test_its_output_goes_on(self, bench: Bench) -> None:
        result = await bench.run(document(CODE), payload={"lines": [{"price": 2}, {"price": 3}]})
        assert (result.status, result.output) == (RunStatus.SUCCEEDED, 5)

    async def test_its_failure_says_the_line(self, bench: Bench) -> None:
        result = await bench.run(document(CODE), payload={"lines": [{"cost": 2}]})
        assert result.status is RunStatus.FAILED and result.error is not None
        assert result.error.code == "cage.failed" and "line 2" in result.error.message
