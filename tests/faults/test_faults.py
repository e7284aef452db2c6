"""Every line of the table of faults, against a peer that has the fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flov7.kit.errors import FlowError, StepRefused, StepUnreachable
from flov7.primitives.declare import Context
from flov7.primitives.faults import Fault, Outcome, faults
from flov7.primitives.network import GuardedNetwork
from tests.faults.callers import CONNECTIONS, MEETINGS, Make
from tests.faults.servers import faulty
from tests.primitives.conftest import Drawer, connection, context, guard

__all__ = ["connection", "context", "guard"]

TRIED = [
    pytest.param(kind, fault, outcome, id=f"{kind}-{fault.value}")
    for kind, table in faults().items()
    for fault, outcome in table.items()
    if not outcome.untried
]


@pytest.fixture
def network(guard: Callable[..., GuardedNetwork]) -> GuardedNetwork:
    """A network of an operator who allowed loopback, and who takes no large answers."""
    return guard(allow=("127.0.0.0/8",), largest=100_000)


@pytest.fixture
def make(context: Callable[..., Context]) -> Make:
    """Contexts with files."""
    return lambda **more: context(files=Drawer(), **more)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Triggers wait for their sources for half a minute; here for a second."""
    from flov7.primitives.triggers.database import log, polling
    from flov7.primitives.triggers.email import imap
    from flov7.primitives.triggers.iot import client

    for module in (log, polling, imap, client):
        monkeypatch.setattr(module, "_PATIENCE", 1.0)


@pytest.mark.parametrize(("kind", "fault", "outcome"), TRIED)
async def test_a_fault_is_what_the_table_says(kind: str, fault: Fault, outcome: Outcome, make: Make) -> None:
    meeting = MEETINGS[kind]
    async with faulty(meeting.script, fault) as port:
        if outcome.passes:
            await meeting.run(make, port, fault)
            return
        with pytest.raises(FlowError) as raised:
            await meeting.run(make, port, fault)
    error = raised.value
    assert (error.error_code, error.retryable) == (outcome.code, outcome.again), error.message
    assert error.hint.startswith(outcome.do), error.hint
    assert (meeting.writes and not isinstance(error, StepRefused | StepUnreachable)) == outcome.unknown
    assert error.message.endswith((".", "expired", "exceeded")), error.message


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.SLOW, Fault.EXPIRED, Fault.QUOTA])
@pytest.mark.parametrize("name", sorted(CONNECTIONS))
async def test_the_test_of_a_connection_says_what_is_wrong(name: str, fault: Fault, make: Make) -> None:
    if name == "api smtp" and fault is Fault.QUOTA:
        return  # the test sends nothing, so nothing is counted
    script, run = CONNECTIONS[name]
    async with faulty(script, fault) as port:
        checked: Any = await run(make, port, fault)
    assert not checked.ok, checked
    assert checked.hint
