"""Opens connections for calls: the document's own or the workspace's, with the present value of their secret."""

from __future__ import annotations

import contextlib
from typing import Any

from flov7.engine.renewals import Renewals
from flov7.kit.errors import NotFound, StepRefused
from flov7.language.plan import Credential
from flov7.primitives.declare import ConnectionValue
from flov7.primitives.oauth.client import is_oauth
from flov7.primitives.oauth.tokens import is_stale, renewable
from flov7.primitives.outside import Outside
from flov7.store import connections as stored
from flov7.store import workspaces
from flov7.store.database import Database
from flov7.store.scope import Scope


class StoredConnections:
    """Connections and secrets as the store keeps them; tokens that have ended are renewed where that can be."""

    def __init__(self, database: Database, *, outside: Outside | None = None) -> None:
        self._database = database
        self._renewals = Renewals(database, outside=outside) if outside is not None else None

    async def open(self, workspace_id: str, credential: Credential) -> ConnectionValue:
        """The connection with its secret opened. Raises StepRefused where one of them is not there."""
        value, secret = await self._found(workspace_id, credential)
        if self._renewals is None or not is_oauth(value) or not is_stale(value.credential):
            return value
        if not renewable(value):
            return value  # whoever uses it says what is missing, and how to allow it
        return await self._renewals.renewed(workspace_id, value, secret=secret)

    async def renew(
        self, workspace_id: str, credential: Credential, *, refused: ConnectionValue
    ) -> ConnectionValue | None:
        """The connection with another token than the one that the service has just refused; None where it has none."""
        value, secret = await self._found(workspace_id, credential)
        if self._renewals is None or not is_oauth(value) or not renewable(value):
            return None
        if value.credential.get("access_token") != refused.credential.get("access_token"):
            return value
        return await self._renewals.renewed(workspace_id, value, secret=secret)

    async def _found(self, workspace_id: str, credential: Credential) -> tuple[ConnectionValue, str]:
        """The connection and its secret's name."""
        async with self._database.as_engine(workspace_id) as scope:
            try:
                if credential.kind:
                    return await self._declared(scope, credential), credential.secret
                found = await stored.get(scope, credential.name)
                return await _kept(scope, credential.name), found.secret
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
