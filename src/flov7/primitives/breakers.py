"""A wrapper around the way outside: a host that keeps failing is left alone for a while, and none is overrun.

After `failures` failures in a row a host's circuit opens: calls are refused at once for `rest` seconds, as
unreachable, with the time to come back. Then one call is let through; if it works, the circuit closes. So a dead
peer costs a hundred queued runs one time limit, not a hundred. `side_by_side` bounds the calls to one host.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flov7.kit.circuit import Circuit
from flov7.kit.errors import StepFailed, StepRefused, StepUnreachable
from flov7.primitives.outside import Answer, Outside, Request

if TYPE_CHECKING:
    import httpx

_MOST_HOSTS = 10_000


@dataclass
class _Host:
    """One host: its circuit, and how many calls go to it side by side."""

    circuit: Circuit
    slots: asyncio.Semaphore


class BreakingNetwork:
    """`Outside` with a circuit breaker and a limit for each host. One per process."""

    def __init__(
        self,
        inner: Outside,
        *,
        failures: int = 5,
        rest: float = 30.0,
        side_by_side: int = 50,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._failures = failures
        self._rest = rest
        self._side_by_side = side_by_side
        self._clock = clock
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    def states(self) -> dict[str, str]:
        """Hosts whose circuit is not closed, for `/health`."""
        states = {name: host.circuit.state for name, host in self._hosts.items()}
        return {name: str(state) for name, state in states.items() if state != "closed"}

    async def addresses(self, host: str, *, port: int) -> list[str]:
        """See `Outside`."""
        return await self._inner.addresses(host, port=port)

    async def connect(self, host: str, *, port: int, timeout: float) -> socket.socket:
        """See `Outside`."""
        async with self._through(f"{host}:{port}"):
            return await self._inner.connect(host, port=port, timeout=timeout)

    async def fetch(self, request: Request) -> Answer:
        """See `Outside`. An answer of 500 or more counts as a failure of its host."""
        async with self._through(_host(request.url)) as circuit:
            answer = await self._inner.fetch(request)
            if answer.status >= 500:
                circuit.failed()
            return answer

    def local_file(self, name: str) -> Path:
        """See `Outside`."""
        return self._inner.local_file(name)

    def client(self, *, timeout: float) -> httpx.AsyncClient:
        """See `Outside`."""
        return self._inner.client(timeout=timeout)

    @asynccontextmanager
    async def _through(self, host: str) -> AsyncGenerator[Circuit, None]:
        known = self._host(host)
        circuit = known.circuit
        _enter(circuit, host)
        before = circuit.failures
        try:
            async with known.slots:
                yield circuit
        except StepRefused:
            raise  # our own request was wrong; that says nothing about the host
        except StepFailed:
            circuit.failed()
            raise
        else:
            if circuit.failures <= before:
                circuit.worked()
        finally:
            circuit.probing = False

    def _host(self, name: str) -> _Host:
        host = self._hosts.get(name)
        if host is None:
            circuit = Circuit(most=self._failures, rest=self._rest, clock=self._clock)
            host = self._hosts[name] = _Host(circuit, asyncio.Semaphore(self._side_by_side))
            while len(self._hosts) > _MOST_HOSTS:
                self._hosts.popitem(last=False)
        self._hosts.move_to_end(name)
        return host


def _enter(circuit: Circuit, host: str) -> None:
    state = circuit.state
    if state == "open" or (state == "half_open" and circuit.probing):
        wait = max(1.0, circuit.left())
        raise StepUnreachable(
            f"`{host}` has failed {circuit.failures} times in a row and is left alone for {wait:.0f} seconds.",
            hint="Look whether it runs; calls go through again by themselves.",
            code="outside.circuit_open",
            retry_after=wait,
        )
    circuit.probing = state == "half_open"


def _host(url: str) -> str:
    parts: Any = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{(parts.hostname or '').lower()}{port}"
