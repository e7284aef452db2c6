"""A command with its output and its time bounded; when either is passed, the whole of it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from flov7.cage.order import Limits, Outcome

_PIECE = 65_536
_ERRORS = 16_384


class _TooMuch(Exception):
    """More was written than is read."""


async def bounded(
    command: Sequence[str],
    given: bytes,
    *,
    limits: Limits,
    env: dict[str, str],
    pass_fds: tuple[int, ...] = (),
    end: Callable[[], Awaitable[None]] | None = None,
) -> Outcome:
    """Run it. `end` is called beside the kill, for what a killed command leaves running."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
        pass_fds=pass_fds,
        start_new_session=True,
    )
    assert process.stdin and process.stdout and process.stderr
    out, err, why = bytearray(), bytearray(), ""
    try:
        async with asyncio.timeout(limits.seconds + 1.0):
            await _all(
                _feed(process.stdin, given),
                _read(process.stdout, out, most=limits.output),
                _read(process.stderr, err, most=limits.output),
            )
            await process.wait()
    except TimeoutError:
        why = f"it took longer than {limits.seconds:g} seconds"
    except _TooMuch:
        why = f"it wrote more than {limits.output:,} bytes"
    finally:
        await _killed(process, end)
    return Outcome(process.returncode or 0, bytes(out), bytes(err[-_ERRORS:]).decode(errors="replace"), why)


async def _all(*works: Coroutine[Any, Any, None]) -> None:
    """All of them; where one fails the others are let go before it is told."""
    tasks = [asyncio.create_task(one) for one in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _feed(pipe: asyncio.StreamWriter, given: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionError):
        pipe.write(given)
        await pipe.drain()
    with contextlib.suppress(BrokenPipeError, ConnectionError):
        pipe.close()
        await pipe.wait_closed()


async def _read(pipe: asyncio.StreamReader, into: bytearray, *, most: int) -> None:
    while piece := await pipe.read(_PIECE):
        into += piece
        if len(into) > most:
            raise _TooMuch


async def _killed(process: asyncio.subprocess.Process, end: Callable[[], Awaitable[None]] | None) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        if end is not None:
            await end()
    # A pipe that was not read to its end stays open until somebody closes it, `wait` waits for that, and the stream
    # has no way to do it.
    process._transport.close()  # type: ignore[attr-defined]  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownMemberType] - see above
    await process.wait()
