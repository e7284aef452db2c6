"""Where events come from: a trigger's kind, its inputs and its opened connection, made ready to listen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from flov7.engine.perform import Blobs, StoredFiles, Work
from flov7.engine.runtime import CallRequest
from flov7.kit.errors import StepRefused
from flov7.kit.json import digest
from flov7.language.effects import Effect
from flov7.language.plan import Credential, Plan, TriggerNode
from flov7.primitives.declare import ConnectionValue, Log
from flov7.primitives.outside import Outside
from flov7.primitives.registry import Registry
from flov7.primitives.runner import Runner
from flov7.primitives.watching import WatchContext, Watcher

ASKED_FOR = 30.0
"""Seconds that one call of an action may take that a trigger asks."""
_OURS = ("event_id", "inputs")
"""Settings that the trigger's acceptance reads, not its kind's `watch`."""


class Connections(Protocol):
    """Opens connections, with the present value of their secret."""

    async def open(self, workspace_id: str, credential: Credential) -> ConnectionValue:
        """Raises StepRefused where one is not there."""
        ...


@dataclass(frozen=True, kw_only=True)
class Source:
    """One trigger's source: `config` is what a subscription keeps of it, `digest` what is listened to."""

    workspace_id: str
    subscription: str
    trigger: str
    kind: str
    config: dict[str, Any]


@dataclass(frozen=True)
class Ready:
    """A source made ready."""

    watcher: Watcher
    context: WatchContext
    inputs: BaseModel


class Sources:
    """One per process."""

    def __init__(
        self, *, registry: Registry, connections: Connections, outside: Outside, blobs: Blobs, work: Work, log: Log
    ) -> None:
        self._work = work
        self._registry = registry
        self._connections = connections
        self._outside = outside
        self._blobs = blobs
        self._log = log

    def wants_listener(self, trigger: TriggerNode) -> bool:
        """Whether somebody has to listen for this trigger: the same kind may also be called by a webhook."""
        runner = self._runner(trigger.kind)
        if runner is None or runner.watcher is None:
            return False
        asks = runner.watcher.listens
        return asks is None or asks(trigger.config)

    def config_of(self, plan: Plan, trigger: TriggerNode) -> dict[str, Any]:
        """What a subscription keeps: `{config, credential}`; no secret is in it."""
        credential = None
        if trigger.connection is not None:
            name = trigger.connection
            declared = plan.connections.get(name) or Credential(name=name, kind="", service="", secret=name)
            credential = declared.model_dump(mode="json")
        return {"config": trigger.config, "credential": credential, "operation": trigger.operation}

    def source_digest(self, kind: str, config: dict[str, Any]) -> str:
        """What is listened to, as a digest: while it is equal, a new version goes on where the old one was."""
        runner = self._needed(kind)
        watcher = runner.watcher
        value: Any = config["config"]
        if watcher is not None and watcher.source is not None:
            value = watcher.source(_inputs(runner, config))
        return digest({"value": value, "credential": config["credential"]})

    async def ready(
        self, source: Source, *, state: Any = None, heard: Callable[[], Awaitable[None]] | None = None
    ) -> Ready:
        """The source with its connection opened. Raises step errors."""
        runner = self._needed(source.kind)
        assert runner.watcher is not None
        connection, credential = None, None
        if source.config["credential"] is not None:
            credential = Credential.model_validate(source.config["credential"])
            connection = await self._connections.open(source.workspace_id, credential)

        async def act(action: str, inputs: Mapping[str, Any]) -> Any:
            return await self._work(_call(source, action, inputs, credential), None)

        context = WatchContext(
            subscription=source.subscription,
            trigger=source.trigger,
            state=state,
            outside=self._outside,
            log=self._log,
            connection=connection,
            files=StoredFiles(self._blobs, source.workspace_id),
            ready=heard or _nobody,
            act=act,
        )
        return Ready(runner.watcher, context, _inputs(runner, source.config))

    async def subscribe(self, source: Source) -> Any:
        """Open what is needed at the source; where to begin. Raises step errors."""
        made = await self.ready(source)
        return None if made.watcher.subscribe is None else await made.watcher.subscribe(made.context, made.inputs)

    async def unsubscribe(self, source: Source, *, state: Any = None) -> None:
        """Close it again. Raises step errors."""
        made = await self.ready(source, state=state)
        if made.watcher.unsubscribe is not None:
            await made.watcher.unsubscribe(made.context, made.inputs)

    def _runner(self, kind: str) -> Runner | None:
        spec = self._registry.catalogue().get("trigger", kind)
        return self._registry.runner("trigger", kind) if spec is not None and spec.built else None

    def _needed(self, kind: str) -> Runner:
        runner = self._runner(kind)
        if runner is None or runner.watcher is None:
            raise StepRefused(
                f"Nobody here can listen for a trigger of the kind `{kind}`.",
                hint="Install the package that brings it, on this machine too.",
                code="kind.unknown",
            )
        return runner


def _inputs(runner: Runner, config: dict[str, Any]) -> BaseModel:
    given: dict[str, Any] = config["config"]
    return runner.read({name: value for name, value in given.items() if name not in _OURS})


def _call(source: Source, action: str, inputs: Mapping[str, Any], credential: Credential | None) -> CallRequest:
    return CallRequest(
        execution_id=source.subscription,
        workspace_id=source.workspace_id,
        step=source.trigger,
        key=source.trigger,
        type="action",
        kind=action,
        inputs=dict(inputs),
        operation=source.config.get("operation"),
        credential=credential,
        effect=Effect.READ,
        timeout=ASKED_FOR,
    )


async def _nobody() -> None:
    return None
