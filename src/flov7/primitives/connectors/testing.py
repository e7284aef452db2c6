"""Testing a connection to a service that has a connector: its own small question is asked."""

from __future__ import annotations

from flov7.kit.errors import FlowError
from flov7.primitives.connectors import builtin
from flov7.primitives.connectors.access import access_of
from flov7.primitives.connectors.operation import Operation
from flov7.primitives.connectors.running import run_operation
from flov7.primitives.connectors.table import Connector
from flov7.primitives.declare import Checked, ConnectionValue, Context


def question(connector: Connector) -> Operation | None:
    """The request that shows whether a connection holds, or None where the table names none."""
    if not connector.test:
        return None
    method, _, path = connector.test.partition(" ")
    return Operation(
        service=connector.name,
        base=connector.base,
        method=method,
        path=path,
        headers=connector.headers,
        auth={kind: auth.sent() for kind, auth in connector.auth.items()},
        fails=connector.fails,
        settings=tuple(connector.settings),
        docs=connector.docs,
    )


async def check_service(context: Context, connection: ConnectionValue) -> Checked | None:
    """What the service says of this connection; None where it has no connector."""
    shelf = builtin.shelves().get(connection.service or connection.kind)
    if shelf is None:
        return None
    asked = question(shelf.connector)
    try:
        if asked is None:
            return _whole(shelf.connector, connection)
        await run_operation(context, asked, {})
    except FlowError as error:
        return Checked(ok=False, message=error.message, hint=error.hint)
    return Checked(ok=True, message=f"{shelf.title} answers and takes the secret.")


def _whole(connector: Connector, connection: ConnectionValue) -> Checked:
    """For services that can be asked nothing without doing something: whether all is there. Raises StepRefused."""
    access_of(connector.operation(next(iter(connector.operations))), connection)
    return Checked(
        ok=True,
        message=f"Address and secret are whole. {connector.title} can be asked nothing without doing something, "
        "so nothing was sent.",
    )
