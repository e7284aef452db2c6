"""What every connection that is allowed by OAuth says, keeps and tests."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flov7.kit.errors import FlowError
from flov7.primitives.connections.api import check_http
from flov7.primitives.connectors.testing import check_service
from flov7.primitives.declare import Checked, Context, KindInputs
from flov7.primitives.oauth.client import client_of
from flov7.primitives.schemes.fetching import PerSecond


class OAuthInputs(KindInputs):
    """Where the service is, and where it gives tokens; a known service needs none of it."""

    base_url: str | None = Field(
        default=None, pattern=r"^https?://", description="Where it lives.", examples=["https://api.shop.com/v2"]
    )
    issuer: str | None = Field(
        default=None, pattern=r"^https?://", description="Who gives tokens, where it publishes its addresses."
    )
    authorize_url: str | None = Field(default=None, pattern=r"^https?://", description="Where a person allows it.")
    token_url: str | None = Field(default=None, pattern=r"^https?://", description="Where tokens are given.")
    device_url: str | None = Field(default=None, pattern=r"^https?://", description="Where a device asks for a code.")
    client_id: str | None = Field(
        default=None, description="The application's id at the service, where it is no secret."
    )
    scopes: list[str] = Field(default_factory=list, description="What is asked for; left out, the service's usual.")
    grant: Literal["authorization_code", "client_credentials", "device"] | None = Field(
        default=None, description="How it is allowed: by a person, by the client itself, or by a code on a device."
    )
    client_auth: Literal["basic", "body"] | None = Field(
        default=None, description="How the client says who it is; left out, as the service wants it."
    )
    extra: dict[str, str] = Field(default_factory=dict, description="Sent along when it is asked for.")
    pkce: bool | None = Field(default=None, description="Whether a code is bound to us; off only where it is refused.")
    headers: dict[str, str] = Field(default_factory=dict, description="Sent with every request.")
    query: dict[str, str] = Field(default_factory=dict, description="Added to every address.")
    host: str | None = Field(
        default=None, description="For a mailbox: its IMAP server.", examples=["outlook.office365.com"]
    )
    port: int | None = Field(default=None, ge=1, le=65535, description="For a mailbox: 993 where it is left out.")
    security: Literal["tls", "starttls", "none"] = Field(
        default="tls", description="For a mailbox: how the connection is kept private."
    )
    user: str | None = Field(default=None, description="For a mailbox: whose it is.", examples=["eve@shop.example"])
    test_path: str = Field(default="", description="What the connection test gets.")
    per_second: PerSecond = None
    to: str | None = Field(default=None, description="For messages: who gets them where a step does not say.")


class OAuthCredentials(KindInputs):
    """The secret: the client, and the tokens once it was allowed. A token that is known already may be given."""

    type: Literal["oauth"] | None = Field(default=None, description="Always `oauth`.")
    client_id: str | None = Field(default=None, description="The application's id at the service.")
    client_secret: str | None = Field(default=None, description="The application's secret at the service.")
    access_token: str | None = Field(default=None, description="Comes by itself when it is allowed.")
    refresh_token: str | None = Field(default=None, description="Comes by itself when it is allowed.")
    expires_at: int | None = Field(default=None, description="When the access token ends, in seconds since 1970.")
    scope: str | None = Field(default=None, description="What was allowed.")


async def check_oauth(context: Context) -> Checked:
    """Whether it was allowed, and the service takes the token."""
    connection = context.connection
    if connection is None:
        return Checked(ok=False, message="There is no connection to test.")
    if not connection.credential.get("access_token"):
        try:
            client_of(connection)
        except FlowError as error:
            return Checked(ok=False, message=error.message, hint=error.hint)
        return Checked(
            ok=False,
            message="It has not been allowed yet.",
            hint=f"Allow it: `flov7 connections login {connection.name}`.",
        )
    if connection.config.get("host"):
        return await _check_mailbox(context)
    known = await check_service(context, connection)
    if known is not None:
        return known
    return await check_http(context, connection, path=str(connection.config.get("test_path") or ""))


async def _check_mailbox(context: Context) -> Checked:
    """Whether a mailbox takes the token."""
    from flov7.primitives.triggers.email import check_mailbox

    try:
        return await check_mailbox(context, context.connection)
    except FlowError as error:
        return Checked(ok=False, message=error.message, hint=error.hint)
