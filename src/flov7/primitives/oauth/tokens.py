"""Tokens: given for a code, for a device, for the client itself, or for an old one; and what each refusal means."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from flov7.kit.errors import FlowError, StepFailed, StepRefused
from flov7.primitives.actions.api_call.http import retry_after
from flov7.primitives.credentials import basic
from flov7.primitives.declare import ConnectionValue, Json
from flov7.primitives.formats import json_text
from flov7.primitives.oauth.client import OAuthClient, client_of, discovered
from flov7.primitives.outside import Answer, Outside, Request

EARLY = 60.0
"""Seconds before its end in which a token counts as ended."""
_LIMIT = 20.0
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def is_stale(secret: Mapping[str, Json]) -> bool:
    """Whether the access token has ended, is about to, or was never there."""
    ends = secret.get("expires_at")
    if not secret.get("access_token"):
        return True
    return isinstance(ends, int | float) and ends - EARLY <= time.time()


def renewable(connection: ConnectionValue) -> bool:
    """Whether a new access token can be had without a person."""
    secret = connection.credential
    by_itself = secret.get("client_secret") and connection.config.get("grant") == "client_credentials"
    return bool(secret.get("refresh_token") or by_itself)


async def renewed(connection: ConnectionValue, outside: Outside) -> dict[str, Json]:
    """What changes in the secret. Raises StepRefused (`connection.expired`) where a person has to allow it again."""
    client = await discovered(client_of(connection), outside)
    refresh = connection.credential.get("refresh_token")
    if client.grant == "client_credentials":
        form = {"grant_type": "client_credentials", **_scopes(client), **client.extra}
    elif refresh:
        form = {"grant_type": "refresh_token", "refresh_token": str(refresh)}
    else:
        raise _again(client, "Its access has ended, and the service gave nothing to renew it with.")
    return await _asked(client, form, outside, renewing=True)


async def for_code(
    client: OAuthClient, outside: Outside, *, code: str, redirect: str, verifier: str
) -> dict[str, Json]:
    """The tokens for a code that a person brought back. Raises step errors."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
    if client.pkce:
        form["code_verifier"] = verifier
    return await _asked(client, form, outside, renewing=False)


@dataclass(frozen=True, kw_only=True)
class DeviceCode:
    """What a person types where: `code` at `address`; `device` is ours alone, asked again every `interval` seconds."""

    device: str
    code: str
    address: str
    whole_address: str
    interval: float
    seconds: float


async def device_code(client: OAuthClient, outside: Outside) -> DeviceCode:
    """Begin to be allowed by device (RFC 8628). Raises step errors."""
    if not client.device_url:
        raise StepRefused(
            f"The connection `{client.connection}` has no `device_url`.",
            hint="Add it, or `issuer` where the service publishes its addresses.",
            code="connection.incomplete",
        )
    answer = await _post(client, client.device_url, {"client_id": client.client_id, **_scopes(client)}, outside)
    value = _read(answer)
    if answer.status >= 400 or not value.get("device_code"):
        raise _refusal(client, value, answer, renewing=False)
    address = str(value.get("verification_uri") or value.get("verification_url") or "")
    return DeviceCode(
        device=str(value["device_code"]),
        code=str(value.get("user_code") or ""),
        address=address,
        whole_address=str(value.get("verification_uri_complete") or address),
        interval=float(value.get("interval") or 5),
        seconds=float(value.get("expires_in") or 600),
    )


async def for_device(client: OAuthClient, outside: Outside, *, device: str) -> dict[str, Json] | None:
    """The tokens, or None where the person has not decided yet. Raises step errors."""
    form = {"grant_type": _DEVICE, "device_code": device, "client_id": client.client_id}
    answer = await _post(client, client.token_url, form, outside)
    value = _read(answer)
    if value.get("error") in ("authorization_pending", "slow_down"):
        return None
    return _tokens(client, value, answer, renewing=False)


async def _asked(client: OAuthClient, form: Mapping[str, str], outside: Outside, *, renewing: bool) -> dict[str, Json]:
    if not client.token_url:
        raise StepRefused(
            f"The connection `{client.connection}` has no `token_url`.",
            hint="Add it, or `issuer` where the service publishes its addresses.",
            code="connection.incomplete",
        )
    answer = await _post(client, client.token_url, form, outside)
    return _tokens(client, _read(answer), answer, renewing=renewing)


async def _post(client: OAuthClient, url: str, form: Mapping[str, str], outside: Outside) -> Answer:
    headers = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
    sent = dict(form)
    if client.client_auth == "basic" and client.client_secret:
        headers["authorization"] = basic(quote(client.client_id, safe=""), quote(client.client_secret, safe=""))
    else:
        sent["client_id"] = client.client_id
        if client.client_secret:
            sent["client_secret"] = client.client_secret
    body = urlencode(sent).encode()
    private = frozenset({"authorization"})
    return await outside.fetch(
        Request(method="POST", url=url, headers=headers, body=body, timeout=_LIMIT, follow=False, private=private)
    )


def _read(answer: Answer) -> dict[str, Any]:
    """The answer as an object; some services answer with a form."""
    try:
        value = json_text.parse(answer.text)
    except FlowError:
        return dict(parse_qsl(answer.text))
    return value if isinstance(value, dict) else {}


def _tokens(client: OAuthClient, value: dict[str, Any], answer: Answer, *, renewing: bool) -> dict[str, Json]:
    found = value.get("authed_user") if not value.get("access_token") else value  # Slack's, for a person's own token
    found = found if isinstance(found, dict) else value
    token = found.get("access_token")
    if answer.status >= 400 or not isinstance(token, str) or not token:
        raise _refusal(client, value, answer, renewing=renewing)
    tokens: dict[str, Json] = {"access_token": token}
    if isinstance(found.get("refresh_token"), str) and found["refresh_token"]:
        tokens["refresh_token"] = found["refresh_token"]
    try:
        tokens["expires_at"] = int(time.time() + float(found["expires_in"]))
    except (KeyError, TypeError, ValueError):
        tokens["expires_at"] = None  # it holds until it is taken back
    scope = found.get("scope")
    if isinstance(scope, str):
        tokens["scope"] = scope
    return tokens


def _refusal(client: OAuthClient, value: dict[str, Any], answer: Answer, *, renewing: bool) -> FlowError:
    code = str(value.get("error") or "")
    words = str(value.get("error_description") or value.get("message") or code or f"status {answer.status}")[:300]
    if answer.status in (408, 425, 429) or answer.status >= 500:
        return StepFailed(
            f"The service gives no token for `{client.connection}` now: {words}.",
            hint="It is tried again.",
            code="oauth.later",
            retry_after=retry_after(answer),
        )
    if code in ("invalid_client", "unauthorized_client"):
        return StepRefused(
            f"The service does not know the client of `{client.connection}`: {words}.",
            hint="Look at `client_id` and `client_secret`; they are those of the application at the service.",
            code="oauth.client",
        )
    if renewing or code in ("invalid_grant", "access_denied", "expired_token"):
        return _again(client, f"The service says: {words}.")
    return StepRefused(
        f"The service gives no token for `{client.connection}`: {words}.",
        hint="Look at the scopes and at the redirect address that the service knows.",
        code="oauth.refused",
    )


def _again(client: OAuthClient, words: str) -> StepRefused:
    return StepRefused(
        f"The connection `{client.connection}` is no longer allowed. {words}",
        hint=f"Allow it again: `flov7 connections login {client.connection}`.",
        code="connection.expired",
    )


def _scopes(client: OAuthClient) -> dict[str, str]:
    return {"scope": client.scope_mark.join(client.scopes)} if client.scopes else {}
