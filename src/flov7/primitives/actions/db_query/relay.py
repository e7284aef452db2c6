"""A socket file on this machine that leads to a checked address: for drivers that only connect by themselves.

TLS is done here, with the certificate checked against the host's name, so the driver speaks plainly to the file. The
folder is ours alone, and the relay ends with the call.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from flov7.primitives.actions.db_query.tls import tls_of
from flov7.primitives.actions.db_query.work import Place
from flov7.primitives.declare import Context


@asynccontextmanager
async def relay(context: Context, where: Place, *, timeout: float) -> AsyncGenerator[str, None]:
    """The path of the socket file. Raises StepRefused and StepUnreachable as `outside.connect` does."""
    (await context.outside.connect(where.host, port=where.port, timeout=timeout)).close()  # says at once what is wrong
    tls = tls_of(where)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(Exception):
            sock = await context.outside.connect(where.host, port=where.port, timeout=timeout)
            name = None if tls is None else where.host
            far_reader, far_writer = await asyncio.open_connection(sock=sock, ssl=tls, server_hostname=name)
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        writer.close()

    with tempfile.TemporaryDirectory(prefix="flov7-relay-") as folder:
        path = str(Path(folder) / "s.sock")
        server = await asyncio.start_unix_server(serve, path)
        try:
            yield path
        finally:
            server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.close()
