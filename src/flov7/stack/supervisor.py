"""Our own processes under one parent: started, awaited, started again when they die, ended in order."""

from __future__ import annotations

import asyncio
import http.client
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flov7.kit.errors import Unavailable
from flov7.stack.embedded import process
from flov7.stack.embedded.folder import Home

LOOK_EVERY = 0.3
"""Seconds between two looks at the children."""
SHORTEST_LIFE = 5.0
"""A child that dies sooner than this is started again only after a pause, which doubles up to `LONGEST_PAUSE`."""
LONGEST_PAUSE = 30.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Service:
    """One of our processes: `flov7 NAME`, with its health on `port`."""

    name: str
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@dataclass
class _Child:
    service: Service
    process: process.Process
    begun: float
    pause: float = 1.0
    again_at: float | None = None


class Supervisor:
    """Children end when this process does, however that happens. Call it from the main thread."""

    def __init__(self, home: Home, *, environment: Mapping[str, str], say: Say) -> None:
        self._home = home
        self._environment = {**os.environ, **environment}
        # Without kept bytecode every start would compile all of us anew, which costs a second.
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._say = say
        self._children: dict[str, _Child] = {}

    def start(self, service: Service) -> None:
        """Start it; `ready` waits for it."""
        self._children[service.name] = _Child(service, self._launched(service), time.monotonic())

    def pid(self, name: str) -> int:
        """The process id that a service has now."""
        return self._children[name].process.pid

    async def ready(self, name: str, *, patience: float) -> None:
        """Wait until its health is good. Raises Unavailable with the end of its log."""
        child = self._children[name]
        deadline = time.monotonic() + patience
        while not await asyncio.to_thread(_is_ours_and_healthy, child):
            if not child.process.alive:
                words = child.process.last_words(lines=3)
                raise Unavailable(f"`flov7 {name}` ended while starting.", hint=f"Its log says: {words}")
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"`flov7 {name}` is not ready after {patience:.0f} s.",
                    hint=f"Ask {child.service.url}/health, and read {child.process.log}.",
                )
            await asyncio.sleep(0.03)

    async def watch(self) -> None:
        """Start again what dies, with words, until cancelled."""
        while True:
            for child in self._children.values():
                self._look_at(child)
            await asyncio.sleep(LOOK_EVERY)

    def stop(self) -> None:
        """End all, the one that was started last first; may be called twice."""
        for child in reversed(self._children.values()):
            child.process.stop(patience=15.0)
            self._home.remember(child.service.name, port=child.service.port)
        self._children = {}

    def _look_at(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process.alive:
            return
        if child.again_at is None:
            quick = now - child.begun < SHORTEST_LIFE
            child.pause = min(child.pause * 2, LONGEST_PAUSE) if quick else 0.0
            child.again_at = now + child.pause
            later = f" in {child.pause:.0f} s" if child.pause else ""
            self._say(f"flov7 {child.service.name} ended; it is started again{later}. Its log: {child.process.log}")
        if now >= child.again_at:
            child.process, child.begun, child.again_at = self._launched(child.service), now, None
            self._say(f"flov7 {child.service.name} runs again, process {child.process.pid}.")

    def _launched(self, service: Service) -> process.Process:
        started = process.start(
            [sys.executable, "-m", "flov7.stack.processes", service.name],
            name=f"flov7 {service.name}",
            log=self._home.log(service.name),
            env=self._environment,
        )
        self._home.remember(service.name, port=service.port, pid=started.pid)
        return started


def _is_ours_and_healthy(child: _Child) -> bool:
    """A stranger who took the port in between may be healthy too; then ours has ended, or is about to."""
    return (
        child.process.alive
        and process.listens(child.process.pid, child.service.port)
        and _is_healthy(child.service.port)
    )


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3.0)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
