"""`flov7 gateway`, `worker`, `listen` and `ai`: one process each, told by FLOV7_… where its servers are."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "gateway",
        short_help="Run the gateway: REST, webhooks, live events.",
        help="Run the gateway: REST, webhooks, live events (port 8000).",
    )(_gateway)
    app.command(
        "worker",
        short_help="Run a worker: it works on runs.",
        help="Run a worker: it works on runs; health and metrics on port 8001.",
    )(_worker)
    app.command(
        "listen",
        short_help="Listen for triggers: databases, mailboxes, devices.",
        help="Listen for triggers that wait for the outside; health and metrics on port 8003.",
    )(_listen)
    app.command(
        "ai",
        short_help="Run the AI service: models, agents, crews.",
        help="Run the AI service: it works on steps that ask models; health and metrics on port 8002.",
    )(_ai)


def _gateway() -> None:
    """Settings come from FLOV7_GATEWAY_PORT, FLOV7_DATABASE_URL, FLOV7_REDIS_URL, FLOV7_TEMPORAL_ADDRESS."""
    from flov7.stack import processes

    processes.run("gateway")


def _worker() -> None:
    """Settings come from FLOV7_WORKER_PORT, FLOV7_DATABASE_URL, FLOV7_REDIS_URL, FLOV7_TEMPORAL_ADDRESS."""
    from flov7.stack import processes

    processes.run("worker")


def _listen() -> None:
    """Settings come from FLOV7_LISTEN_PORT, FLOV7_DATABASE_URL, FLOV7_REDIS_URL, FLOV7_TEMPORAL_ADDRESS."""
    from flov7.stack import processes

    processes.run("listen")


def _ai() -> None:
    """Settings come from FLOV7_AI_PORT, FLOV7_LLM_…, FLOV7_DATABASE_URL, FLOV7_REDIS_URL, FLOV7_TEMPORAL_ADDRESS."""
    from flov7.stack import processes

    processes.run("ai")
