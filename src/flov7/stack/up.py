"""Everything on this machine: embedded servers, gateway, worker, listener and AI service, under one process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec

from flov7.kit.errors import Misconfigured
from flov7.kit.settings import Settings
from flov7.stack import first
from flov7.stack.embedded import Home, ports
from flov7.stack.embedded.servers import EmbeddedServers, Ports
from flov7.stack.first import First
from flov7.stack.settings import StackSettings
from flov7.stack.supervisor import Service, Supervisor
from flov7.store.settings import StoreSettings

GATEWAY_PORT = 8000
WORKER_PORT = 8001
LISTEN_PORT = 8003
AI_PORT = 8002


@dataclass(frozen=True)
class Running:
    """What runs: addresses for people, and the way to the children."""

    home: Home
    servers: EmbeddedServers
    supervisor: Supervisor
    first: First
    gateway: Service
    worker: Service
    listener: Service
    ai: Service | None
    moved: list[str]


@asynccontextmanager
async def everything(
    home: Home,
    *,
    say: Callable[[str], None],
    any_ports: bool = False,
    headless: bool = False,
    environment: dict[str, str] | None = None,
) -> AsyncGenerator[Running, None]:
    """Start all, in order, and end all in the other order.

    Raises Conflict where the folder is in use, Unavailable where something does not start, Misconfigured in
    production. `any_ports`: none of the standard ones, so that nothing else on this machine is met.
    """
    _refuse_production()
    servers = EmbeddedServers(home, ports=Ports(0, 0, 0, 0) if any_ports else None, headless=headless)
    say("Starting PostgreSQL, Valkey and Temporal …")
    variables = await servers.start()
    supervisor: Supervisor | None = None
    try:
        services = _services(home, any_ports=any_ports)
        gateway, worker, listener, ai = services
        supervisor = Supervisor(
            home, environment={**variables, **_addresses(*services), **(environment or {})}, say=say
        )
        say("Starting the gateway, the worker and the listener …")
        supervisor.start(gateway)
        supervisor.start(worker)
        made = await first.ensure(_store(variables), home)
        patience = StackSettings.load().start_patience
        await supervisor.ready("gateway", patience=patience)
        await supervisor.ready("worker", patience=patience)
        # Nobody waits for the listener: what it will hear is kept at the sources until it is there.
        supervisor.start(listener)
        # Nor for the AI service: steps for it lie in its queue. It needs packages that not everyone installs.
        has_ai = find_spec("langgraph") is not None and find_spec("crewai") is not None
        if has_ai:
            supervisor.start(ai)
        moved = [] if any_ports else [*servers.moved(), *_moved(*services)]
        yield Running(home, servers, supervisor, made, gateway, worker, listener, ai if has_ai else None, moved)
    finally:
        if supervisor is not None:
            supervisor.stop()
        servers.stop()


def _refuse_production() -> None:
    if Settings.load().in_production:
        raise Misconfigured(
            "FLOV7_ENVIRONMENT is production, and embedded servers are for one machine.",
            hint="Run `flov7 gateway`, `flov7 worker` and `flov7 listen` with FLOV7_DATABASE_URL, FLOV7_REDIS_URL and "
            "FLOV7_TEMPORAL_ADDRESS set, or leave FLOV7_ENVIRONMENT out.",
        )


def _services(home: Home, *, any_ports: bool) -> tuple[Service, Service, Service, Service]:
    chosen: list[Service] = []
    standards = (("gateway", GATEWAY_PORT), ("worker", WORKER_PORT), ("listen", LISTEN_PORT), ("ai", AI_PORT))
    for name, standard in standards:
        taken = [one.port for one in chosen]
        port = ports.choose(0 if any_ports else standard, taken=taken, earlier=home.number(name, "port"))
        chosen.append(Service(name, port))
    return chosen[0], chosen[1], chosen[2], chosen[3]


def _addresses(gateway: Service, worker: Service, listener: Service, ai: Service) -> dict[str, str]:
    return {
        "FLOV7_GATEWAY_PORT": str(gateway.port),
        "FLOV7_PUBLIC_URL": gateway.url,
        "FLOV7_WORKER_PORT": str(worker.port),
        "FLOV7_LISTEN_PORT": str(listener.port),
        "FLOV7_AI_PORT": str(ai.port),
    }


def _moved(gateway: Service, worker: Service, listener: Service, ai: Service) -> list[str]:
    pairs = (
        ("The gateway", GATEWAY_PORT, gateway.port),
        ("The worker", WORKER_PORT, worker.port),
        ("The listener", LISTEN_PORT, listener.port),
        ("The AI service", AI_PORT, ai.port),
    )
    return [f"{name}: port {asked} is taken, so {got}." for name, asked, got in pairs if asked != got]


def _store(variables: dict[str, str]) -> StoreSettings:
    named = StoreSettings.variables()
    return StoreSettings.load(**{named[key]: value for key, value in variables.items() if key in named})
