"""Our processes: the gateway, the worker, the listener and the AI service, each as one function that ends on SIGTERM or SIGINT.

`python -m flov7.stack.processes gateway` is `flov7 gateway` without the command line, which starts faster.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from flov7.ai.settings import AiSettings
from flov7.ai.thinking import Thinking
from flov7.gateway import serving
from flov7.gateway.settings import GatewaySettings
from flov7.kit.errors import FlowError, Misconfigured, Unavailable
from flov7.listen.listener import Listener
from flov7.listen.settings import ListenSettings
from flov7.observability import logs
from flov7.observability.metrics import Metrics
from flov7.observability.settings import ObservabilitySettings
from flov7.stack.settings import StackSettings
from flov7.wiring import AllSettings, House, attending, gateway_of, listening, open_house, thinking, working

AGAIN_AFTER = 1.0
"""Seconds between two tries to reach PostgreSQL."""


async def gateway() -> None:
    """REST, webhooks and live events on `FLOV7_GATEWAY_PORT`. Raises Misconfigured where the port is taken."""
    from flov7.gateway.app import create_app

    settings = GatewaySettings.load()
    logs.configure(ObservabilitySettings.load(), service="gateway")
    until, metrics = _told_to_end(), Metrics()
    door = serving.Door(_not_yet)
    held = serving.bound(settings.gateway_host, port=settings.gateway_port)
    listening = asyncio.create_task(serving.serve(door, on=held, until=until))
    try:
        async with _house(until, service="gateway") as house:
            if house is not None:
                app = create_app(gateway_of(house, settings=settings, metrics=metrics))
                async with attending(house), door.opened(app):
                    serving.settle()
                    _say("gateway", "Ready", port=str(settings.gateway_port))
                    await listening
    finally:
        until.set()
        await listening


async def worker() -> None:
    """Work on runs; health and metrics on `FLOV7_WORKER_PORT`. Waits for PostgreSQL and Temporal, and says so."""
    settings, state = StackSettings.load(), _WorkerState()
    async with _service("worker", state, host=settings.worker_host, port=settings.worker_port) as at:
        if at.house is not None:
            await _work(at.house, state, until=at.until, metrics=at.metrics)


async def listen() -> None:
    """Listen for triggers; health and metrics on `FLOV7_LISTEN_PORT`. Waits for PostgreSQL, and says so."""
    settings, state = ListenSettings.load(), _ListenerState()
    async with _service("listen", state, host=settings.listen_host, port=settings.listen_port) as at:
        if at.house is not None:
            async with attending(at.house), listening(at.house, settings=settings, metrics=at.metrics) as listener:
                state.listener = listener
                serving.settle()
                _say("listen", "Ready", port=str(settings.listen_port))
                await at.until.wait()


async def ai() -> None:
    """Work on AI steps and crews; health and metrics on `FLOV7_AI_PORT`. Waits for its servers, and says so."""
    settings, state = AiSettings.load(), _AiState()
    _refuse_without_packages()
    async with _service("ai", state, host=settings.ai_host, port=settings.ai_port) as at:
        if at.house is not None:
            work = _think(at.house, state, settings, at.until, at.metrics)
            await _until_told(work, at.until, begun=lambda: state.polls)


class _State(Protocol):
    """How far a service is; what its `/health` says."""

    house: House | None

    async def health(self) -> Mapping[str, Mapping[str, Any]]:
        """Each peer, with `ok` and `detail`."""
        ...


@dataclass(frozen=True)
class _At:
    """What a service works with; `house` is None where it was told to end before PostgreSQL was there."""

    house: House | None
    until: asyncio.Event
    metrics: Metrics


@asynccontextmanager
async def _service(name: str, state: _State, *, host: str, port: int) -> AsyncGenerator[_At, None]:
    """A process with health and metrics on a port, from before its servers are there until after its work has ended."""
    logs.configure(ObservabilitySettings.load(), service=name)
    until, metrics = _told_to_end(), Metrics()
    held = serving.bound(host, port=port)
    vitals = asyncio.create_task(serving.serve(serving.vitals(state.health, metrics=metrics), on=held, until=until))
    try:
        async with _house(until, service=name) as house:
            state.house = house
            yield _At(house, until, metrics)
            state.house = None
    finally:
        until.set()
        await vitals


async def _think(house: House, state: _AiState, settings: AiSettings, until: asyncio.Event, metrics: Metrics) -> None:
    async with thinking(house, metrics=metrics, settings=settings) as thinks:
        state.thinking, state.polls = thinks, True
        serving.settle()
        _say("ai", "Ready", queue=f"{house.settings.engine.task_queue}-ai")
        await until.wait()


def _refuse_without_packages() -> None:
    if any(find_spec(package) is None for package in ("langgraph", "crewai")):
        raise Misconfigured(
            "The packages of the AI service are not installed.",
            hint="`make setup-ai` installs them (about 250 MB), or `pip install --no-deps -r requirements/ai.txt`.",
        )


class _AiState:
    """How far the AI service is; what its `/health` says."""

    def __init__(self) -> None:
        self.house: House | None = None
        self.thinking: Thinking | None = None
        self.polls = False

    async def health(self) -> Mapping[str, Mapping[str, Any]]:
        if self.house is None:
            return await _not_yet()
        temporal = await self.house.link.health()
        polls = {"ok": self.polls, "detail": "polls its queue" if self.polls else "waits for Temporal"}
        told: dict[str, Mapping[str, Any]] = {
            "database": await _asked(self.house),
            "temporal": temporal,
            "ai": polls,
        }
        if self.thinking is not None:
            models = self.thinking.models
            detail = "answers by its settings" if models.settings.has_model else "no model is set; offline steps only"
            told["models"] = {
                "ok": True,
                "detail": detail,
                "breakers": models.breaker.states(),
                "busy": self.thinking.busy,
            }
        return told


class _ListenerState:
    """How far the listener is; what its `/health` says."""

    def __init__(self) -> None:
        self.house: House | None = None
        self.listener: Listener | None = None

    async def health(self) -> Mapping[str, Mapping[str, Any]]:
        if self.house is None or self.listener is None:
            return await _not_yet()
        return {"database": await _asked(self.house), "listener": self.listener.health()}


class _WorkerState:
    """How far the worker is; what its `/health` says."""

    def __init__(self) -> None:
        self.house: House | None = None
        self.polls = False

    async def health(self) -> Mapping[str, Mapping[str, Any]]:
        if self.house is None:
            return await _not_yet()
        temporal = await self.house.link.health()
        polls = {"ok": self.polls, "detail": "polls its queues" if self.polls else "waits for Temporal"}
        return {"database": await _asked(self.house), "temporal": temporal, "worker": polls}


async def _work(house: House, state: _WorkerState, *, until: asyncio.Event, metrics: Metrics) -> None:
    """Poll until told to end; where Temporal is still waited for, that ends at once."""

    async def polling() -> None:
        async with attending(house), working(house, metrics=metrics):
            state.polls = True
            serving.settle()
            _say("worker", "Ready", queue=house.settings.engine.task_queue)
            await until.wait()

    await _until_told(polling(), until, begun=lambda: state.polls)


async def _until_told(polling: Coroutine[Any, Any, None], until: asyncio.Event, *, begun: Callable[[], bool]) -> None:
    """Let it poll until told to end; what has not begun by then is not waited for."""
    task, ending = asyncio.create_task(polling), asyncio.create_task(until.wait())
    await asyncio.wait([task, ending], return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not begun():
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _not_yet() -> Mapping[str, Mapping[str, Any]]:
    return {"database": {"ok": False, "detail": "not connected yet"}}


async def _asked(house: House) -> dict[str, Any]:
    try:
        await house.database.ping()
    except (FlowError, TimeoutError) as problem:
        return {"ok": False, "detail": str(problem) or "no answer"}
    return {"ok": True, "detail": "answers"}


@asynccontextmanager
async def _house(until: asyncio.Event, *, service: str) -> AsyncGenerator[House | None, None]:
    """The house, as soon as PostgreSQL answers; None where the process was told to end before."""
    settings, told = AllSettings.load(), False
    async with AsyncExitStack() as stack:
        house: House | None = None
        while house is None and not until.is_set():
            try:
                house = await stack.enter_async_context(open_house(settings))
            except Unavailable as problem:
                if not told:
                    _say(service, "Waiting for PostgreSQL", why=problem.message, mend=problem.hint)
                told = True
                await _pause(until)
        yield house


async def _pause(until: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(until.wait(), AGAIN_AFTER)


def _told_to_end() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    until = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, until.set)
    return until


def _say(service: str, what: str, **facts: str) -> None:
    logs.get(f"flov7.{service}").info(what, **facts)


def run(name: str) -> None:
    """Run one of them to its end. Raises Misconfigured where it cannot start."""
    match name:
        case "gateway":
            with asyncio.Runner(loop_factory=serving.fast_loop) as runner:
                runner.run(gateway())
        case "worker":
            asyncio.run(worker())
        case "listen":
            with asyncio.Runner(loop_factory=serving.fast_loop) as runner:
                runner.run(listen())
        case "ai":
            asyncio.run(ai())
        case _:
            raise Misconfigured(f"There is no process {name}.", hint="It is gateway, worker, listen or ai.")


def main(name: str) -> None:
    """The same, with the error in words on the error stream and exit code 1."""
    try:
        run(name)
    except FlowError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        raise SystemExit(1) from error


if __name__ == "__main__":
    main(*sys.argv[1:2])
