"""Who is called by an address: looked up once, remembered in memory, forgotten when somebody says it changed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from flov7.engine.intake import Intake, triggers_of
from flov7.gateway.hooks.patterns import best
from flov7.gateway.parts import HOOKS_TOPIC, Gateway
from flov7.gateway.workflows.running import respond_seconds
from flov7.kit import durations
from flov7.kit.errors import FlowError, NotFound
from flov7.language.plan import Plan
from flov7.primitives.inbound import Receive
from flov7.store import connections, hooks, workflows, workspaces
from flov7.store.hooks import Hook
from flov7.store.scope import Scope

_MOST = 20_000
_PATTERNS = 2_000
_UNKNOWN_FOR = 5.0
_LISTEN_AGAIN = 5.0


@dataclass(slots=True)
class Target:
    """All that a delivery needs to know; `secret` is what its sender proves himself with."""

    workspace_id: str
    workflow_id: str
    version: int
    paused: bool
    digest: str
    plan: Plan
    intake: Intake
    path: str
    receive: Receive | None
    inputs: BaseModel | None
    token: str | None
    auth: str
    secret: dict[str, Any] | None = field(repr=False)
    max_body: int
    wait: float
    per_minute: int | None
    window: float | None
    minute: int = 0
    seen: int = 0

    def too_many(self, now: float) -> bool:
        """Count a delivery; whether it is one too many in this minute."""
        if self.per_minute is None:
            return False
        minute = int(now // 60)
        if minute != self.minute:
            self.minute, self.seen = minute, 0
        self.seen += 1
        return self.seen > self.per_minute


_Key = tuple[str, str, str]


class HookBook:
    """One per process."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known: OrderedDict[_Key, tuple[float, str, Target | None]] = OrderedDict()
        self._targets: OrderedDict[str, tuple[float, Target]] = OrderedDict()
        self._loading: dict[_Key, asyncio.Task[Target | None]] = {}
        self._generation = 0
        gateway.listeners.append(self.heard)

    async def find(self, slug: str, method: str, path: str) -> Target | None:
        """Who listens there. Raises Unavailable where that has to be looked up and cannot."""
        key = (slug, method, path)
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[2]
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._load(key))
            task.add_done_callback(lambda _: self._loading.pop(key, None))
        return await asyncio.shield(task)

    def heard(self, topic: str, message: Any) -> None:
        """Somebody changed a workspace's hooks, or may have: `message` is its id, None means any."""
        if topic != HOOKS_TOPIC:
            return
        self._generation += 1
        self._targets.clear()
        stale = [key for key, (_, owner, _) in self._known.items() if message is None or owner in ("", message)]
        for key in stale:
            del self._known[key]

    async def listen(self) -> None:
        """Hear of changes in other processes, until cancelled."""
        bus = self._gateway.bus
        while bus is not None:
            with contextlib.suppress(FlowError):
                async with bus.subscribe(HOOKS_TOPIC) as changes:
                    while True:
                        message = await changes.next()
                        if changes.missed:
                            changes.missed = False
                            message = None
                        self.heard(HOOKS_TOPIC, message)
            await asyncio.sleep(_LISTEN_AGAIN)

    async def _load(self, key: _Key) -> Target | None:
        generation = self._generation
        slug, method, path = key
        workspace = await workspaces.by_slug(self._gateway.database, slug)
        target = None
        if workspace is not None:
            async with self._gateway.database.workspace(workspace.id) as scope:
                hook = await hooks.find(scope, path=path, method=method)
                if hook is None:
                    hook = best(await hooks.patterns(scope, method=method), path)
                target = await self._known_target(scope, hook) if hook is not None else None
        if generation == self._generation:  # nobody changed anything while we looked
            lasts = _UNKNOWN_FOR if target is None else self._gateway.settings.hook_cache_seconds
            self._known[key] = (time.monotonic() + lasts, workspace.id if workspace else "", target)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return target

    async def _known_target(self, scope: Scope, hook: Hook) -> Target | None:
        """A path with names is called by many addresses: what stands behind it is made once."""
        if "{" not in hook.path:
            return await self._target(scope, hook)
        known = self._targets.get(hook.id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        target = await self._target(scope, hook)
        if target is not None:
            self._targets[hook.id] = (time.monotonic() + self._gateway.settings.hook_cache_seconds, target)
            while len(self._targets) > _PATTERNS:
                self._targets.popitem(last=False)
        return target

    async def _target(self, scope: Scope, hook: Hook) -> Target | None:
        workflow = await workflows.get(scope, hook.workflow_id)
        digest = workflow.settings.get("active_plan")
        if workflow.active_version is None or not isinstance(digest, str):
            return None
        plan = await self._gateway.plan(scope, digest)
        trigger = next((one for one in triggers_of(plan) if one.name == hook.trigger), None)
        if trigger is None:
            return None
        runner = self._gateway.registry.runner("trigger", trigger.kind)
        auth, config = str(hook.auth.get("type", "none")), trigger.config
        secret = None
        if auth != "none":
            with contextlib.suppress(NotFound):  # it was removed: nobody gets in
                secret = await connections.secret(scope, str(hook.auth.get("secret")))
        return Target(
            workspace_id=scope.workspace_id,
            workflow_id=workflow.id,
            version=workflow.active_version,
            paused=workflow.status != "active",
            digest=digest,
            plan=plan,
            intake=Intake(plan, trigger),
            path=hook.path,
            receive=runner.receive,
            inputs=None if runner.receive is None else runner.read(without_event_id(config)),
            token=hook.token,
            auth=auth,
            secret=secret,
            max_body=min(int(config.get("max_body", 1_048_576)), self._gateway.settings.max_body),
            wait=respond_seconds(trigger, longest=self._gateway.settings.longest_wait),
            per_minute=config.get("per_minute"),
            window=_seconds(config.get("digest")),
        )


def without_event_id(config: dict[str, Any]) -> dict[str, Any]:
    """The settings that the kind itself reads; the id's expression is the acceptance's business."""
    return {name: value for name, value in config.items() if name != "event_id"}


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    return float(value) if isinstance(value, int | float) else durations.seconds(str(value))
