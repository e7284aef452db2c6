"""The way to Temporal, with a breaker: a dead server costs a hundred requests one time limit, not a hundred."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.converter import DataConverter
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from flov7.engine.messages import Envelope, Message, Reply
from flov7.engine.runtimes.temporal.jobs import PlanRef, RunJob, workflow_id
from flov7.engine.settings import EngineSettings
from flov7.kit.errors import NotFound, Unavailable

RPC_LIMIT = timedelta(seconds=3)
TASK_LIMIT = timedelta(seconds=5)
"""After so long unheard of, a worker is taken for dead and its runs go on elsewhere."""
OPEN_FOR = 3.0
"""Seconds for which nobody asks a server that did not answer."""
MESSAGE_LIMIT = 10.0

T = TypeVar("T")
_GONE = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.UNKNOWN)


class TemporalLink:
    """One per process. Connects when it is first needed, and again after the server was away."""

    def __init__(self, settings: EngineSettings, *, converter: DataConverter) -> None:
        self._settings = settings
        self._converter = converter
        self._client: Client | None = None
        self._shut_until = 0.0
        self._why = ""
        self._connecting = asyncio.Lock()

    async def client(self) -> Client:
        """The connected client. Raises Unavailable."""
        if self._client is not None:
            return self._client
        async with self._connecting:
            if self._client is None:
                self._client = await self._guarded(self._connect)
        return self._client

    async def _connect(self) -> Client:
        return await asyncio.wait_for(
            Client.connect(
                self._settings.temporal_address,
                namespace=self._settings.temporal_namespace,
                data_converter=self._converter,
            ),
            timeout=5.0,
        )

    async def _guarded(self, ask: Callable[[], Awaitable[T]]) -> T:
        if time.monotonic() < self._shut_until:
            raise self._unavailable()
        try:
            answer = await ask()
        except (RPCError, RuntimeError, TimeoutError, OSError, RPCTimeoutOrCancelledError) as error:
            if isinstance(error, RPCError) and error.status not in _GONE:
                raise
            self._why = str(error)[:200] or type(error).__name__
            self._shut_until = time.monotonic() + OPEN_FOR
            raise self._unavailable() from error
        self._shut_until, self._why = 0.0, ""
        return answer

    def _unavailable(self) -> Unavailable:
        return Unavailable(
            f"Temporal does not answer at {self._settings.temporal_address}.",
            hint="Start it, or mend FLOV7_TEMPORAL_ADDRESS; what was accepted is started when it is back.",
            retry_after=max(1.0, self._shut_until - time.monotonic()),
            details={"why": self._why},
        )

    async def start_run(self, job: RunJob, plan: PlanRef) -> None:
        """Start a run's workflow; one that was started before is left alone. Raises Unavailable."""
        client = await self.client()
        start = job.start

        async def ask() -> None:
            try:
                await client.start_workflow(
                    "flov7.run",
                    args=[job, plan],
                    id=workflow_id(start.workspace_id, start.execution_id),
                    task_queue=self._settings.task_queue,
                    request_eager_start=True,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    task_timeout=TASK_LIMIT,
                    rpc_timeout=RPC_LIMIT,
                )
            except WorkflowAlreadyStartedError:
                return

        await self._guarded(ask)

    async def send(self, workspace_id: str, execution_id: str, message: Message) -> Reply:
        """Say something to a run and hear what became of it. NotFound, Unavailable."""
        client = await self.client()
        handle = client.get_workflow_handle(workflow_id(workspace_id, execution_id))

        async def ask() -> Reply:
            return await asyncio.wait_for(
                handle.execute_update("message", Envelope(message=message), result_type=Reply), timeout=MESSAGE_LIMIT
            )

        try:
            return await self._guarded(ask)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NotFound(
                    "The run is not with Temporal.",
                    hint="It has not started yet, or has ended just now; look at it again.",
                ) from error
            raise self._unavailable() from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise Unavailable(
                "No worker took the message in time.", hint="See whether `flov7 worker` runs.", retry_after=5.0
            ) from error
        except WorkflowUpdateFailedError as error:
            raise NotFound(f"The run did not take the message: {error.cause}.") from error

    async def health(self) -> dict[str, Any]:
        """Whether it answers, and whether anybody works for it."""
        try:
            client = await self.client()
            await self._guarded(lambda: client.service_client.check_health(timeout=RPC_LIMIT))
        except (Unavailable, RPCError) as error:
            return {"ok": False, "detail": str(error), "breaker": "open"}
        return {"ok": True, "detail": self._settings.temporal_address, "breaker": "closed"}
