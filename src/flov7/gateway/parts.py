"""What the gateway is made of; wiring builds one and hands it to `create_app`."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flov7.ai.nodes import NodeWriter
from flov7.cache.answers import Answers
from flov7.cache.bus import Bus
from flov7.cache.turns import AccountTurns
from flov7.engine.turned_away import TurnedAway
from flov7.gateway.connectors.shelves import WorkspaceShelves
from flov7.gateway.limits import KeyLimit
from flov7.gateway.ports import Drafter, Engine
from flov7.gateway.settings import GatewaySettings
from flov7.kit.errors import FlowError
from flov7.language.plan import Plan
from flov7.listen.sources import Sources
from flov7.observability.metrics import Metrics
from flov7.primitives.registry import Registry
from flov7.realtime.watching import Watcher
from flov7.store import plans
from flov7.store.database import Database
from flov7.store.scope import Scope

if TYPE_CHECKING:
    from flov7.primitives.outside import Outside

HOOKS_TOPIC = "hooks"
"""The bus topic on which gateways tell each other that hooks changed; the message is the workspace's id."""
KEYS_TOPIC = "keys"
"""The bus topic on which gateways tell each other that a key was revoked; the message is the key's id."""
_PLANS = 256
Probe = Callable[[], Awaitable[None]]
"""Returns where a peer answers, raises FlowError where it does not."""


@dataclass(kw_only=True)
class Gateway:
    """`bus` is None without Redis; `outside` is how connection tests reach the world; `sources` opens what triggers
    listen to; `drafter` makes documents out of sentences, `nodes` writes nodes; `probes` are further peers for `/health` by name,
    `answers` keeps what is read often in Redis, `turns` counts there what each key asks, `circuits` is the state of
    the breakers of hosts outside; `started` and `stopped` are called with the application's life."""

    settings: GatewaySettings
    database: Database
    engine: Engine
    registry: Registry
    outside: Outside | None = None
    sources: Sources | None = None
    bus: Bus | None = None
    drafter: Drafter | None = None
    nodes: NodeWriter | None = None
    answers: Answers | None = None
    turns: AccountTurns | None = None
    metrics: Metrics = field(default_factory=Metrics)
    probes: Mapping[str, Probe] = field(default_factory=dict[str, Probe])
    circuits: Callable[[], Mapping[str, str]] | None = None
    started: Callable[[], Awaitable[None]] | None = None
    stopped: Callable[[], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self.watcher = Watcher(self.database, bus=self.bus)
        self.turned_away = TurnedAway(self.database, metrics=self.metrics)
        self.limit = KeyLimit(self.turns, per_second=self.settings.rate_limit)
        self.shelves = WorkspaceShelves()
        self.listeners: list[Callable[[str, Any], None]] = []
        self._plans: OrderedDict[tuple[str, str], Plan] = OrderedDict()

    async def plan(self, scope: Scope, digest: str) -> Plan:
        """A stored plan; the ones in use are remembered. Raises NotFound."""
        key = (scope.workspace_id, digest)
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = Plan.from_bytes(await plans.get(scope, digest))
        self._plans.move_to_end(key)
        while len(self._plans) > _PLANS:
            self._plans.popitem(last=False)
        return found

    async def tell(self, topic: str, message: Any) -> None:
        """Say something to all gateways, this one at once; without Redis the others notice a little later."""
        for listener in self.listeners:
            listener(topic, message)
        if self.bus is None:
            return
        with contextlib.suppress(FlowError):
            await self.bus.publish(topic, message=message)
