"""Allowing a connection by OAuth: in a browser, by a code on a device, or by the client itself."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict
from datetime import timedelta
from html import escape
from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from flov7.gateway.connections.access import Writer
from flov7.gateway.connections.schemas import LoginOut, LoginState
from flov7.gateway.context import current
from flov7.gateway.envelope import Envelope, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.parts import Gateway
from flov7.gateway.security import Caller
from flov7.kit.errors import FlowError, Forbidden, Gone, Invalid, Misconfigured
from flov7.primitives.credentials import TOKENS
from flov7.primitives.declare import ConnectionValue
from flov7.primitives.oauth import tokens
from flov7.primitives.oauth.client import OAuthClient, client_of, discovered, new_verifier
from flov7.primitives.outside import Outside
from flov7.store import connections, logins, records
from flov7.store.connections import Connection
from flov7.store.scope import Scope

router = APIRouter(prefix="/connections", tags=["connections"], responses=ERRORS)
public = APIRouter(tags=["operation"])
CALLBACK = "/oauth/callback"
Name = Annotated[str, Path(max_length=64, description="The connection's name.", examples=["our_gmail"])]


@router.post("/{name}/login", response_model=Envelope[LoginOut], summary="Allow a connection")
async def begin(caller: Writer, name: Name) -> Response:
    """Begin to allow it: `browser` gives an address to open, `device` a code to type; `done`: nobody was needed."""
    outside = _outside(caller.gateway)
    connection, value = await _opened(caller, name)
    client = await discovered(client_of(value), outside)
    match client.grant:
        case "client_credentials":
            await _keep(caller, connection, await tokens.renewed(value, outside))
            return success(LoginOut(mode="done"))
        case "device":
            return success(await _by_device(caller, connection, client, outside))
        case "authorization_code":
            return success(await _by_browser(caller, connection, client))
        case _:
            assert_never(client.grant)


@router.post("/{name}/login/{login}", response_model=Envelope[LoginState], summary="Ask whether it was allowed")
async def ask(
    caller: Writer,
    name: Name,
    login: Annotated[str, Path(max_length=64, description="The login, as `POST …/login` named it.")],
) -> Response:
    """For a login by device: whether the person has decided."""
    outside = _outside(caller.gateway)
    async with caller.transaction() as scope:
        open_login = await logins.take(scope, login, keep=True)
    if open_login.connection != name or open_login.key_id != caller.actor.key_id or "device" not in open_login.body:
        raise Gone("This login is not of this connection and key.", hint="Begin again.", code="login.gone")
    connection, value = await _opened(caller, name)
    client = await discovered(client_of(value), outside)
    given = await tokens.for_device(client, outside, device=open_login.body["device"])
    if given is None:
        return success(LoginState(allowed=False))
    async with caller.transaction() as scope:
        await logins.take(scope, login)
    await _keep(caller, connection, given)
    return success(LoginState(allowed=True))


@public.get(CALLBACK, include_in_schema=False)
async def callback(
    request: Request,
    state: Annotated[str, Query(max_length=300)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=300)] = "",
    error_description: Annotated[str, Query(max_length=1000)] = "",
) -> HTMLResponse:
    """Where the service sends a person back. The state opens one login of one workspace, once."""
    gateway: Gateway = request.app.state.gateway
    try:
        name = await _returned(gateway, state=state, code=code, refused=error_description or error)
    except FlowError as problem:
        return _page("That did not work.", f"{problem.message} {problem.hint}", status=problem.status)
    return _page(f"{name} is allowed.", "You can close this page.", status=200)


async def _returned(gateway: Gateway, *, state: str, code: str, refused: str) -> str:
    workspace_id, _, word = state.partition(".")
    if not workspace_id or not word:
        raise Invalid("This address holds no login.", hint="Begin again: `flov7 connections login NAME`.")
    async with gateway.database.workspace(workspace_id) as scope:
        open_login = await logins.take(scope, _digest(state))
        if not await logins.owner_holds(scope, open_login.key_id):
            raise Forbidden("The key that began this login does not hold any more.", hint="Begin again with another.")
        connection = await connections.get(scope, open_login.connection)
        secret = await _secret(scope, connection)
    if refused or not code:
        raise Invalid(
            f"The service did not allow it: {refused or 'it gave no code'}.", hint="Try again, and agree there."
        )
    outside = _outside(gateway)
    client = await discovered(client_of(_value(connection, secret)), outside)
    body = open_login.body
    given = await tokens.for_code(
        client, outside, code=code, redirect=str(body["redirect"]), verifier=str(body["verifier"])
    )
    async with gateway.database.workspace(workspace_id) as scope:
        await connections.end_renewing(scope, connection.secret, changes=given)
        await _note(scope, connection, who=str(body["who"]))
    return connection.name


async def _by_browser(caller: Caller, connection: Connection, client: OAuthClient) -> LoginOut:
    state = f"{caller.workspace_id}.{secrets.token_urlsafe(32)}"
    verifier = new_verifier()
    redirect = caller.gateway.settings.public_url + CALLBACK
    body = {"verifier": verifier, "redirect": redirect, "who": caller.who}
    address = client.address(redirect=redirect, state=state, verifier=verifier)
    await _remember(caller, connection, _digest(state), body, seconds=logins.LASTS.total_seconds())
    return LoginOut(mode="browser", address=address, redirect=redirect, seconds=int(logins.LASTS.total_seconds()))


async def _by_device(caller: Caller, connection: Connection, client: OAuthClient, outside: Outside) -> LoginOut:
    asked = await tokens.device_code(client, outside)
    login = _digest(f"{caller.workspace_id}.{asked.device}")
    await _remember(caller, connection, login, {"device": asked.device, "who": caller.who}, seconds=asked.seconds)
    shown = asdict(asked)
    return LoginOut(
        mode="device",
        login=login,
        address=shown["whole_address"] or shown["address"],
        code=asked.code,
        interval=asked.interval,
        seconds=int(asked.seconds),
    )


async def _remember(
    caller: Caller, connection: Connection, login: str, body: dict[str, Any], *, seconds: float
) -> None:
    async with caller.transaction() as scope:
        await logins.begin(
            scope, login=login, connection=connection.name, key_id=caller.actor.key_id, body=body,
            lasts=timedelta(seconds=min(seconds, 3600)),
        )  # fmt: skip


async def _keep(caller: Caller, connection: Connection, given: dict[str, Any]) -> None:
    async with caller.transaction() as scope:
        await connections.end_renewing(scope, connection.secret, changes=given)
        await _note(scope, connection, who=caller.who)


async def _opened(caller: Caller, name: str) -> tuple[Connection, ConnectionValue]:
    async with caller.transaction() as scope:
        found = await connections.get(scope, name)
        secret = await _secret(scope, found)
    if found.kind not in TOKENS:
        raise Invalid(
            f"`{found.name}` is a connection of kind `{found.kind}`; there is nothing to allow.",
            hint=f"Its secret is all it needs: `flov7 connections test {found.name}`.",
            code="login.not_oauth",
        )
    return found, _value(found, secret)


async def _secret(scope: Scope, found: Connection) -> dict[str, Any]:
    return {} if found.credentials_type == "none" else await connections.secret(scope, found.secret)


def _value(found: Connection, secret: dict[str, Any]) -> ConnectionValue:
    return ConnectionValue(
        name=found.name, kind=found.kind, service=found.service, config=found.config, credential=secret
    )


def _outside(gateway: Gateway) -> Outside:
    if gateway.outside is None:
        raise Misconfigured("This gateway cannot reach outside.", hint="Give it a network when it is built.")
    return gateway.outside


async def _note(scope: Scope, connection: Connection, *, who: str) -> None:
    await records.audit(
        scope, who=who, what="connection.allow", target=connection.id, details={"name": connection.name},
        request_id=current().request_id,
    )  # fmt: skip


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _page(title: str, words: str, *, status: int) -> HTMLResponse:
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex">'
        '<meta name="referrer" content="no-referrer"><title>Flov7</title></head>'
        '<body style="font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto;padding:0 1rem">'
        f"<h1>{escape(title)}</h1><p>{escape(words)}</p></body></html>"
    )
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'", "cache-control": "no-store"}
    return HTMLResponse(body, status_code=status, headers=headers)
