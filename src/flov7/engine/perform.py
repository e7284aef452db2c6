"""Makes one attempt of one call: asks the ledger, opens the connection, runs the kind, and says what became of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import replace
from typing import Any, Protocol

from flov7.engine.blobs import Blobs, StoredFiles
from flov7.engine.ledger import Ledger
from flov7.engine.runtime import CallRequest, CallResult
from flov7.engine.values import ErrorInfo
from flov7.kit.errors import FlowError, StepBroken, StepFailed, StepRefused, StepTimedOut, StepUnreachable
from flov7.language.effects import Effect
from flov7.language.plan import Credential
from flov7.primitives.caging import Caged, NoCage
from flov7.primitives.connectors.operation import Operation
from flov7.primitives.connectors.running import run_operation
from flov7.primitives.declare import Cache, ConnectionValue, Context, Json, Log
from flov7.primitives.links import Links
from flov7.primitives.mcp import run_tool
from flov7.primitives.memory import Memory
from flov7.primitives.nodes import run_node
from flov7.primitives.outside import Outside
from flov7.primitives.registry import Registry
from flov7.primitives.runner import Runner
from flov7.primitives.thinking import NoThinker, Thinker
from flov7.primitives.turns import LocalTurns, Turns

Work = Callable[[CallRequest, str | None], Awaitable[Any]]
"""Does a call: the request and the idempotency key to its output. Raises step errors."""


LinksOf = Callable[[str, str], Links]
"""Workspace and execution to the addresses by which its steps are answered."""


MemoryOf = Callable[[str, str], Memory]
"""Workspace and workflow to what is remembered between runs."""


ThinkerOf = Callable[[CallRequest], Thinker]
"""A call to the one who asks models for it."""


class InDoubt(FlowError):
    """Inside a step something was begun, and nobody saw its end: a person decides about the step."""

    code = "step.in_doubt"

    def __init__(self, message: str, *, attempts: int) -> None:
        super().__init__(message)
        self.attempts = attempts


class Connections(Protocol):
    """Opens connections: secrets are looked up here and nowhere else."""

    async def open(self, workspace_id: str, credential: Credential) -> ConnectionValue:
        """The connection with its secret. Raises StepRefused where it is not there."""
        ...

    async def renew(
        self, workspace_id: str, credential: Credential, *, refused: ConnectionValue
    ) -> ConnectionValue | None:
        """The connection with another token than the refused one; None where there is none to be had."""
        ...

    async def default_mail(self, workspace_id: str) -> ConnectionValue | None:
        """The workspace's connection for mail, or None."""
        ...


class RunCaches:
    """What each run remembers between calls, in this process; the oldest runs are forgotten first."""

    def __init__(self, *, keep: int = 1000) -> None:
        self._keep = keep
        self._runs: dict[str, _RunCache] = {}

    def of(self, execution_id: str) -> Cache:
        """The cache of one run."""
        cache = self._runs.pop(execution_id, None) or _RunCache()
        self._runs[execution_id] = cache
        while len(self._runs) > self._keep:
            del self._runs[next(iter(self._runs))]
        return cache


class _RunCache:
    def __init__(self) -> None:
        self._values: dict[str, Json] = {}

    async def get(self, key: str) -> Json | None:
        return self._values.get(key)

    async def set(self, key: str, value: Json) -> None:
        self._values[key] = value


class KindWork:
    """Does calls by running kinds."""

    def __init__(
        self,
        *,
        registry: Registry,
        connections: Connections,
        outside: Outside,
        blobs: Blobs,
        links: LinksOf,
        memory: MemoryOf,
        log: Log,
        turns: Turns | None = None,
        cage: Caged | None = None,
    ) -> None:
        self._cage = cage or NoCage()
        self._thinker: ThinkerOf | None = None
        self._turns = turns or LocalTurns()
        self._registry = registry
        self._links = links
        self._memory = memory
        self._blobs = blobs
        self._connections = connections
        self._outside = outside
        self._log = log
        self._caches = RunCaches()

    def thinking(self, thinker: ThinkerOf) -> KindWork:
        """The same work in a process that asks models."""
        made = copy(self)
        made._thinker = thinker
        return made

    async def __call__(self, request: CallRequest, key: str | None) -> Any:
        """Run the kind once. Raises step errors."""
        runner = None if request.operation else self._registry.runner(request.type, request.kind)
        context = Context(
            execution_id=request.execution_id,
            step=request.key,
            attempt=request.attempt,
            outside=self._outside,
            log=self._log,
            cache=self._caches.of(request.execution_id),
            heartbeat=_no_heartbeat,
            deadline=time.monotonic() + request.timeout,
            idempotency_key=key,
            connection=await self._connection(request),
            default_mail=None if runner is None else await self._default_mail(request, runner),
            files=StoredFiles(self._blobs, request.workspace_id),
            links=self._links(request.workspace_id, request.execution_id),
            memory=self._memory(request.workspace_id, request.workflow_id),
            turns=self._turns,
            cage=self._cage,
            thinker=NoThinker() if self._thinker is None else self._thinker(request),
        )
        async with asyncio.timeout(request.timeout):
            try:
                return await _run(context, request, runner)
            except StepRefused as error:
                again = await self._with_new_token(context, request, error)
                if again is None:
                    raise
            return await _run(again, request, runner)

    async def _with_new_token(self, context: Context, request: CallRequest, error: StepRefused) -> Context | None:
        """A token that was refused did nothing: with a new one the call is made once more."""
        if error.error_code != "connection.expired" or request.credential is None or context.connection is None:
            return None
        refused = context.connection
        fresh = await self._connections.renew(request.workspace_id, request.credential, refused=refused)
        return None if fresh is None else replace(context, connection=fresh)

    async def _default_mail(self, request: CallRequest, runner: Runner) -> ConnectionValue | None:
        need = runner.kind.connection
        if request.credential is not None or need is None or "smtp" not in need.services:
            return None
        return await self._connections.default_mail(request.workspace_id)

    async def _connection(self, request: CallRequest) -> ConnectionValue | None:
        if request.credential is None:
            return None
        return await self._connections.open(request.workspace_id, request.credential)


async def _run(context: Context, request: CallRequest, runner: Runner | None) -> Any:
    if runner is not None:
        return await runner.call(context, request.inputs)
    if request.operation is not None and "node" in request.operation:
        return await run_node(context, request.operation, request.inputs)
    if request.operation is not None and "mcp" in request.operation:
        return await run_tool(context, request.operation, request.inputs)
    return await run_operation(context, Operation.model_validate(request.operation), request.inputs)


def _no_heartbeat(_: Json) -> None:
    return None


class Performer:
    """One attempt of one call, under the ledger where it changes anything."""

    def __init__(self, work: Work, *, ledger: Ledger) -> None:
        self._work = work
        self._ledger = ledger

    def under(self, ledger: Ledger) -> Performer:
        """The same work under another ledger."""
        return Performer(self._work, ledger=ledger)

    async def perform(self, request: CallRequest) -> CallResult:
        """What became of the call; never raises for what the outside does."""
        if request.effect in (Effect.PURE, Effect.READ):
            return await self._read(request)
        permit = await self._ledger.reserve(request)
        if permit.standing == "recorded":
            return CallResult(status="done", output=permit.output, recorded=True)
        if permit.standing == "in_doubt":
            message = f"An earlier attempt of `{request.key}` began, and nobody saw its end."
            doubt = _error(request, "step.in_doubt", message)
            return CallResult(status="in_doubt", error=doubt, attempts=permit.attempts)
        try:
            output = await self._work(request, permit.key)
        except (FlowError, TimeoutError, OSError) as problem:
            return await self._after_failure(request, problem, permit.attempts)
        await self._ledger.record(request, output)
        return CallResult(status="done", output=output)

    async def _read(self, request: CallRequest) -> CallResult:
        try:
            return CallResult(status="done", output=await self._work(request, None))
        except (FlowError, TimeoutError, OSError) as problem:
            error = told(request, problem)
            return CallResult(status="failed", error=info(request, error), retry_after=error.retry_after)

    async def _after_failure(
        self, request: CallRequest, problem: FlowError | TimeoutError | OSError, attempts: int
    ) -> CallResult:
        error = told(request, problem)
        if isinstance(error, InDoubt):
            return CallResult(status="in_doubt", error=info(request, error), attempts=error.attempts)
        if isinstance(error, StepUnreachable) or not isinstance(error, StepFailed) or isinstance(error, StepRefused):
            await self._ledger.release(request)
            return CallResult(status="failed", error=info(request, error), retry_after=error.retry_after)
        if request.effect.repeatable or request.takes_key:
            return CallResult(status="failed", error=info(request, error), retry_after=error.retry_after)
        await self._ledger.doubt(request)
        if isinstance(error, StepTimedOut | StepBroken):
            return CallResult(status="in_doubt", error=info(request, error), attempts=attempts)
        # It was answered with a failure: that is told, not repeated, because part of it may have happened.
        return CallResult(status="failed", error=info(request, error).model_copy(update={"retryable": False}))


def told(request: CallRequest, problem: FlowError | TimeoutError | OSError) -> FlowError:
    """The problem as one of ours."""
    match problem:
        case FlowError():
            return problem
        case TimeoutError():
            return StepTimedOut(
                f"No end within {request.timeout:g} s.",
                hint="Raise the step's `timeout`, or see why the other side is slow.",
            )
        case _:
            return StepBroken(f"The connection broke: {problem}.", hint="See whether the other side is up.")


def info(request: CallRequest, error: FlowError) -> ErrorInfo:
    """An error of a call as data."""
    return ErrorInfo(
        primitive=request.step,
        code=error.error_code,
        message=error.message,
        hint=error.hint,
        attempts=request.attempt,
        retryable=error.retryable,
        details=error.details,
    )


def _error(request: CallRequest, code: str, message: str) -> ErrorInfo:
    return ErrorInfo(primitive=request.step, code=code, message=message, attempts=request.attempt)
