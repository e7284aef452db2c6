"""One OAuth client: where a service gives tokens, and who we are there.

Taken from the connection's own `config` and secret, over what a connector's table says of its service. With
`issuer` the addresses are discovered (RFC 8414, OpenID Connect Discovery).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from flov7.kit.errors import FlowError, StepRefused
from flov7.primitives.connectors import builtin
from flov7.primitives.connectors.access import base_of
from flov7.primitives.connectors.table import AuthTable
from flov7.primitives.credentials import TOKENS
from flov7.primitives.declare import ConnectionValue, Json
from flov7.primitives.formats import json_text
from flov7.primitives.outside import Outside, Request

_LIMIT = 15.0


@dataclass(frozen=True, kw_only=True)
class OAuthClient:
    """Where tokens are given, and as whom they are asked for."""

    connection: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    authorize_url: str = ""
    token_url: str = ""
    device_url: str = ""
    issuer: str = ""
    scopes: tuple[str, ...] = ()
    scope_mark: str = " "
    grant: Literal["authorization_code", "client_credentials", "device"] = "authorization_code"
    client_auth: Literal["basic", "body"] = "body"
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    pkce: bool = True

    def address(self, *, redirect: str, state: str, verifier: str) -> str:
        """Where a person is sent to allow it."""
        if not self.authorize_url:
            raise _missing(self.connection, "authorize_url", "where a person allows it")
        asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": redirect, "state": state}
        if self.scopes:
            asked["scope"] = self.scope_mark.join(self.scopes)
        if self.pkce:
            asked |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
        joint = "&" if urlsplit(self.authorize_url).query else "?"
        return self.authorize_url + joint + urlencode({**asked, **self.extra}, quote_via=quote)


def is_oauth(connection: ConnectionValue) -> bool:
    """Whether a connection holds OAuth tokens."""
    return connection.kind in TOKENS


def client_of(connection: ConnectionValue) -> OAuthClient:
    """The client that a connection is. Raises StepRefused where it lacks what every client needs."""
    config, secret = connection.config, connection.credential
    preset = _preset(connection)
    client_id = str(secret.get("client_id") or config.get("client_id") or "")
    if not client_id:
        raise _missing(connection.name, "client_id", "the id that the service gave this application")

    def said(name: str, otherwise: Any) -> Any:
        value = config.get(name)
        return otherwise if value in (None, "", []) else value

    values = {**config, **secret}
    scopes = said("scopes", preset.scopes)
    return OAuthClient(
        connection=connection.name,
        client_id=client_id,
        client_secret=str(secret.get("client_secret") or ""),
        authorize_url=said("authorize_url", _filled(preset.authorize, values, connection.name)),
        token_url=said("token_url", _filled(preset.token, values, connection.name)),
        device_url=said("device_url", ""),
        issuer=str(config.get("issuer") or ""),
        scopes=tuple(scopes.split() if isinstance(scopes, str) else scopes),
        scope_mark=preset.scope_mark,
        grant=said("grant", preset.grant),
        client_auth=said("client_auth", preset.client_auth),
        extra={**preset.extra, **said("extra", {})},
        pkce=bool(said("pkce", preset.pkce)),
    )


def _preset(connection: ConnectionValue) -> AuthTable:
    shelf = builtin.shelves().get(connection.service or connection.kind)
    found = shelf.connector.auth.get(connection.kind) if shelf else None
    return found or AuthTable()


def _filled(template: str, values: Mapping[str, Json], connection: str) -> str:
    return base_of(template, values, connection=connection) if "{" in template else template


def _missing(connection: str, name: str, words: str) -> StepRefused:
    return StepRefused(
        f"The connection `{connection}` has no `{name}`.",
        hint=f"Add it: {words}.",
        code="connection.incomplete",
    )


async def discovered(client: OAuthClient, outside: Outside) -> OAuthClient:
    """The client with the addresses that its issuer publishes, where they are not said. Raises step errors."""
    if not client.issuer or (client.token_url and (client.authorize_url or client.grant != "authorization_code")):
        return client
    facts = await _metadata(client.issuer, outside)
    if str(facts.get("issuer", "")).rstrip("/") != client.issuer.rstrip("/"):
        raise StepRefused(
            f"`{client.issuer}` publishes the addresses of another issuer: `{str(facts.get('issuer'))[:200]}`.",
            hint="Write the issuer as the service does.",
            code="oauth.issuer",
        )
    methods = facts.get("code_challenge_methods_supported")
    ways = facts.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return replace(
        client,
        authorize_url=client.authorize_url or str(facts.get("authorization_endpoint") or ""),
        token_url=client.token_url or str(facts.get("token_endpoint") or ""),
        device_url=client.device_url or str(facts.get("device_authorization_endpoint") or ""),
        client_auth="body" if "client_secret_post" in ways else "basic",
        pkce=client.pkce and (not isinstance(methods, list) or "S256" in methods),
    )


async def _metadata(issuer: str, outside: Outside) -> dict[str, Any]:
    parts = urlsplit(issuer)
    root, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    told = ""
    for address in (
        f"{root}/.well-known/oauth-authorization-server{path}",
        f"{root}{path}/.well-known/openid-configuration",
        f"{root}/.well-known/openid-configuration{path}",
    ):
        try:
            answer = await outside.fetch(Request(method="GET", url=address, timeout=_LIMIT))
            value = json_text.parse(answer.text) if answer.status == 200 else None
        except FlowError as error:
            told = error.message
            continue
        if isinstance(value, dict) and value.get("token_endpoint"):
            return value
    raise StepRefused(
        f"`{issuer}` publishes no addresses for OAuth. {told}".strip(),
        hint="Give `authorize_url` and `token_url` instead of `issuer`.",
        code="oauth.discovery",
    )


def new_verifier() -> str:
    """A secret that only we know until the code is exchanged (RFC 7636)."""
    return secrets.token_urlsafe(48)


def challenge(verifier: str) -> str:
    """What may be seen of a verifier (S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
