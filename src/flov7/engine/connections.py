"""Opens connections for calls: the document's own or the workspace's, with the present value of their secret."""

from __future__ import annotations

import contextlib
from typing import Any

from flov7.kit.errors import NotFound, StepRefused
from flov7.language.plan import Credential
from flov7.primitives.declare import ConnectionValue
from flov7.store import connections as stored
from flov7.store import workspaces
from flov7.store.database import Database
from flov7.store.scope import Scope


class StoredConnections:
    """Connections and secrets as the store keeps them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, workspace_id: str, credential: Credential) -> ConnectionValue:
        """The connection with its secret opened. Raises StepRefused where one of them is not there."""
        async with self._database.as_engine(workspace_id) as scope:
            try:
                if credential.kind:
                    return await self._declared(scope, credential)
                return await _kept(scope, credential.name)
            except NotFound as error:
                raise StepRefused(error.message, hint=error.hint, code="connection.unknown") from error

    async def _declared(self, scope: Scope, credential: Credential) -> ConnectionValue:
        """A connection that the document declares takes address and secret from the kept one of the same name."""
        config: dict[str, Any] = {}
        with contextlib.suppress(NotFound):
            config = (await stored.get(scope, credential.secret)).config
        secret: dict[str, Any] = {}
        if credential.credentials.get("type") != "none":
            try:
                secret = await stored.secret(scope, credential.secret)
            except NotFound:
                if credential.credentials.get("type") is not None:
                    raise
        return ConnectionValue(
            name=credential.name,
            kind=credential.kind,
            service=credential.service,
            config={**config, **credential.config},
            credential={**secret, **credential.credentials},
        )

    async def default_mail(self, workspace_id: str) -> ConnectionValue | None:
        """The connection that the workspace's settings name for mail."""
        async with self._database.as_engine(workspace_id) as scope:
            name = (await workspaces.get(scope)).settings.get("default_mail")
            if not isinstance(name, str):
                return None
            try:
                return await _kept(scope, name)
            except NotFound:
                return None


async def _kept(scope: Scope, name: str) -> ConnectionValue:
    found = await stored.get(scope, name)
    secret = {} if found.credentials_type == "none" else await stored.secret(scope, found.secret)
    return ConnectionValue(
        name=found.name,
        kind=found.kind,
        service=found.service,
        config=found.config,
        credential={"type": found.credentials_type, **secret},
    )
