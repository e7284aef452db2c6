"""Testing a connection to a service that has a connector: its own small question is asked."""

from __future__ import annotations

from flov7.kit.errors import FlowError
from flov7.primitives.connectors import builtin
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
    """What the service says of this connection; None where it has no connector, or that has no question."""
    shelf = builtin.shelves().get(connection.service or connection.kind)
    asked = question(shelf.connector) if shelf else None
    if shelf is None or asked is None:
        return None
    try:
        await run_operation(context, asked, {})
    except FlowError as error:
        return Checked(ok=False, message=error.message, hint=error.hint)
    return Checked(ok=True, message=f"{shelf.title} answers and takes the secret.")
