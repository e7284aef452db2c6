"""The worker process's inside: Temporal's worker with our workflow, activities and converter."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from flov7.engine.activities import Activities
from flov7.engine.runtime import CallRequest, CallResult
from flov7.engine.runtimes.temporal.runtime import Process, queue_name
from flov7.engine.runtimes.temporal.workflow import FlowRun, ScheduledRun
from flov7.engine.settings import EngineSettings
from flov7.language.catalogue import Queue

CallActivity = Callable[[CallRequest], Awaitable[CallResult]]
DEPLOYMENT = "flov7"
INTERPRETER_VERSION = "1"
"""Raised when a change makes recorded histories replay differently; tests replay them (tests/histories)."""


@asynccontextmanager
async def running_worker(
    client: Client, *, process: Process, activities: Activities, settings: EngineSettings
) -> AsyncGenerator[None, None]:
    """Poll workflows and calls until the block ends; what runs gets a few seconds to end."""
    FlowRun.process = process
    process.sink.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(process.sink.stop)
        for worker in _workers(client, activities=activities, settings=settings):
            await stack.enter_async_context(worker)
        promotion = asyncio.create_task(promote(client, settings))
        try:
            yield
        finally:
            promotion.cancel()
    gc.collect()
    await asyncio.sleep(0.3)  # temporalio/sdk-python#300: the process may abort at exit otherwise


@asynccontextmanager
async def running_calls(
    client: Client, *, queue: Queue, perform: CallActivity, settings: EngineSettings, slots: int
) -> AsyncGenerator[None, None]:
    """Poll one queue of calls, and nothing else, until the block ends; what runs gets a few seconds to end."""
    common: dict[str, Any] = {**_common(settings), "max_concurrent_activities": slots}
    worker = Worker(client, task_queue=queue_name(settings.task_queue, queue), activities=[perform], **common)
    async with worker:
        promotion = asyncio.create_task(promote(client, settings))
        try:
            yield
        finally:
            promotion.cancel()
    gc.collect()
    await asyncio.sleep(0.3)  # temporalio/sdk-python#300: the process may abort at exit otherwise


def _workers(client: Client, *, activities: Activities, settings: EngineSettings) -> list[Worker]:
    common = _common(settings)
    flows = Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[FlowRun, ScheduledRun],
        activities=activities.all(),
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_workflow_tasks=settings.workflow_slots,
        max_concurrent_local_activities=settings.call_slots,
        max_cached_workflows=2000,
        **common,
    )
    calls = Worker(
        client,
        task_queue=queue_name(settings.task_queue, Queue.ACTIONS),
        activities=[activities.call, activities.pure],
        **common,
    )
    return [flows, calls]


def _common(settings: EngineSettings) -> dict[str, Any]:
    return {
        "graceful_shutdown_timeout": timedelta(seconds=5),
        "max_concurrent_activities": settings.call_slots,
        "deployment_config": WorkerDeploymentConfig(
            version=WorkerDeploymentVersion(DEPLOYMENT, INTERPRETER_VERSION),
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
        ),
    }


async def promote(client: Client, settings: EngineSettings) -> None:
    """Make this interpreter's version the current one, as soon as the server has seen its pollers."""
    version = f"{DEPLOYMENT}.{INTERPRETER_VERSION}"
    while True:
        try:
            await client.workflow_service.set_worker_deployment_current_version(
                SetWorkerDeploymentCurrentVersionRequest(
                    namespace=settings.temporal_namespace,
                    deployment_name=DEPLOYMENT,
                    build_id=INTERPRETER_VERSION,
                    version=version,
                )
            )
            return
        except RPCError:
            await asyncio.sleep(0.2)
