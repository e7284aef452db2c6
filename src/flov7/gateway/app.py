"""The application: rooms' routers, what surrounds every request, one life."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from flov7.engine.answering import HOOKS
from flov7.gateway import docs, errors, health, openapi
from flov7.gateway.connections import login
from flov7.gateway.connections import routes as connections
from flov7.gateway.connectors import routes as connectors
from flov7.gateway.context import API
from flov7.gateway.conversations import routes as conversations
from flov7.gateway.executions import live, messages
from flov7.gateway.executions import routes as executions
from flov7.gateway.files import routes as files
from flov7.gateway.hooks.endpoint import Hooks
from flov7.gateway.keys import routes as keys
from flov7.gateway.kinds import routes as kinds
from flov7.gateway.mcp import routes as mcp
from flov7.gateway.message_templates import routes as message_templates
from flov7.gateway.middleware import BodyLimit, FastLane, Observed
from flov7.gateway.nodes import routes as nodes
from flov7.gateway.parts import Gateway
from flov7.gateway.repeating import Repeatable
from flov7.gateway.security import KeyRequired
from flov7.gateway.spending import routes as spending
from flov7.gateway.templates import routes as templates
from flov7.gateway.workflows import lifecycle, state
from flov7.gateway.workflows import routes as workflows
from flov7.gateway.workspace import routes as workspace


def create_app(gateway: Gateway) -> FastAPI:
    """The gateway as an ASGI application."""
    hooks = Hooks(gateway)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncGenerator[None, None]:
        listening = asyncio.create_task(hooks.book.listen())
        if gateway.started is not None:
            await gateway.started()
        yield
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await gateway.turned_away.close()
        if gateway.stopped is not None:
            await gateway.stopped()

    app = FastAPI(title="Flov7", version="1.0", docs_url=None, redoc_url=None, lifespan=life, redirect_slashes=False)
    app.state.gateway = gateway
    errors.install(app)
    for noun in (
        lifecycle,
        state,
        workflows,
        live,
        messages,
        executions,
        spending,
        login,
        connections,
        connectors,
        mcp,
        nodes,
        message_templates,
        templates,
        files,
        kinds,
        conversations,
        workspace,
        keys,
    ):
        app.include_router(noun.router, prefix=API)
    app.include_router(login.public)
    app.include_router(health.router)
    app.include_router(docs.router)
    openapi.install(app)
    # The last one added is the outermost.
    app.add_middleware(Repeatable, gateway=gateway)
    app.add_middleware(KeyRequired, gateway=gateway)
    app.add_middleware(BodyLimit, largest=gateway.settings.max_body)
    app.add_middleware(FastLane, prefix=HOOKS, lane=hooks)
    app.add_middleware(Observed, gateway=gateway)
    return app
