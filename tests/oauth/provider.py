"""A real OAuth 2 provider on loopback: oauthlib's server behind HTTP, with a resource that wants its tokens.

It rotates refresh tokens, and takes the second use of one as a theft: everything that it gave is then void.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from oauthlib.common import generate_token
from oauthlib.oauth2 import RequestValidator, Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "flov7-client", "s3cret-of-the-client"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class Provider(RequestValidator):
    """Its memory, and oauthlib's questions answered from it."""

    redirect: str = "http://gateway/oauth/callback"
    lasts: int = 3600
    refuse_refresh: bool = False
    slow: float = 0.0
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    refreshed: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    devices: dict[str, bool] = field(default_factory=dict)
    url: str = ""
    stolen: bool = False

    def revoke_all(self) -> None:
        self.tokens.clear()

    # What oauthlib asks of the one who keeps clients and tokens.
    def validate_client_id(self, client_id, request, *args, **kwargs):
        return client_id == CLIENT

    def validate_redirect_uri(self, client_id, redirect_uri, request, *args, **kwargs):
        return redirect_uri == self.redirect

    def get_default_scopes(self, client_id, request, *args, **kwargs):
        return ["read"]

    def validate_scopes(self, client_id, scopes, client, request, *args, **kwargs):
        return set(scopes) <= {"read", "write"}

    def validate_response_type(self, client_id, response_type, client, request, *args, **kwargs):
        return response_type == "code"

    def is_pkce_required(self, client_id, request):
        return True

    def save_authorization_code(self, client_id, code, request, *args, **kwargs):
        self.codes[code["code"]] = {
            "redirect": request.redirect_uri, "scopes": request.scopes,
            "challenge": request.code_challenge, "method": request.code_challenge_method,
        }  # fmt: skip

    def client_authentication_required(self, request, *args, **kwargs):
        return True

    def authenticate_client(self, request, *args, **kwargs):
        import base64
        from types import SimpleNamespace

        request.client = SimpleNamespace(client_id=CLIENT)
        basic = request.headers.get("Authorization", "").removeprefix("Basic ")
        if basic:
            return base64.b64decode(basic).decode() == f"{CLIENT}:{SECRET}"
        return (request.client_id, request.client_secret) == (CLIENT, SECRET)

    def validate_grant_type(self, client_id, grant_type, client, request, *args, **kwargs):
        return grant_type in ("authorization_code", "refresh_token", "client_credentials")

    def validate_code(self, client_id, code, client, request, *args, **kwargs):
        found = self.codes.get(code)
        if found is None:
            return False
        request.scopes, request.code_challenge, request.code_challenge_method = (
            found["scopes"], found["challenge"], found["method"],
        )  # fmt: skip
        return True

    def get_code_challenge(self, code, request):
        return self.codes[code]["challenge"]

    def get_code_challenge_method(self, code, request):
        return self.codes[code]["method"]

    def confirm_redirect_uri(self, client_id, code, redirect_uri, client, request, *args, **kwargs):
        return self.codes[code]["redirect"] == redirect_uri

    def invalidate_authorization_code(self, client_id, code, request, *args, **kwargs):
        self.codes.pop(code, None)

    def validate_refresh_token(self, refresh_token, client, request, *args, **kwargs):
        if refresh_token in self.used:
            self.stolen = True
            self.tokens.clear()
            self.refresh.clear()
        return not self.refuse_refresh and refresh_token in self.refresh

    def get_original_scopes(self, refresh_token, request, *args, **kwargs):
        return ["read"]

    def rotate_refresh_token(self, request):
        return True

    def save_bearer_token(self, token, request, *args, **kwargs):
        self.tokens[token["access_token"]] = time.time() + self.lasts
        token["expires_in"] = self.lasts
        if request.grant_type == "refresh_token":
            self.refreshed += 1
            self.refresh.discard(request.refresh_token)
            self.used.add(request.refresh_token)
        if token.get("refresh_token"):
            self.refresh.add(token["refresh_token"])

    # HTTP.
    async def authorize(self, request: Request) -> Response:
        """The person is there, and agrees."""
        uri, method, headers = str(request.url), "GET", dict(request.headers)
        _, credentials = self._server().validate_authorization_request(uri, method, None, headers)
        credentials["scopes"] = (request.query_params.get("scope") or "read").split()
        back, _, status = self._server().create_authorization_response(
            uri, method, None, headers, scopes=credentials["scopes"], credentials=credentials
        )
        return RedirectResponse(back["Location"], status_code=status)

    async def token(self, request: Request) -> Response:
        body = dict(parse_qsl((await request.body()).decode()))
        self.asked.append(body)
        await asyncio.sleep(self.slow)
        if body.get("grant_type") == DEVICE_GRANT:
            return self._device_token(body)
        headers = {key.title(): value for key, value in request.headers.items()}
        said, text, status = self._server().create_token_response(str(request.url), "POST", body, headers)
        return Response(text, status_code=status, headers=said)

    async def device(self, request: Request) -> Response:
        code = secrets.token_urlsafe(16)
        self.devices[code] = False
        return JSONResponse({
            "device_code": code, "user_code": "WDJB-MJHT", "verification_uri": f"{self.url}/device-login",
            "expires_in": 600, "interval": 1,
        })  # fmt: skip

    def _device_token(self, body: dict[str, str]) -> Response:
        allowed = self.devices.get(body.get("device_code", ""))
        if allowed is None:
            return JSONResponse({"error": "expired_token"}, status_code=400)
        if not allowed:
            return JSONResponse({"error": "authorization_pending"}, status_code=400)
        token = generate_token()
        self.tokens[token] = time.time() + self.lasts
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": self.lasts})

    async def me(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) <= time.time():
            return JSONResponse({"message": "this token does not hold"}, status_code=401)
        return JSONResponse({"name": "Ada"})

    async def facts(self, request: Request) -> Response:
        return JSONResponse({
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "device_authorization_endpoint": f"{self.url}/device",
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        })  # fmt: skip

    def _server(self) -> Server:
        return Server(self, token_expires_in=self.lasts)

    def app(self) -> Starlette:
        return Starlette(routes=[
            Route("/.well-known/oauth-authorization-server", self.facts),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
            Route("/device", self.device, methods=["POST"]),
            Route("/me", self.me),
        ])  # fmt: skip


@asynccontextmanager
async def running(provider: Provider) -> AsyncIterator[Provider]:
    """The provider on a real socket."""
    from tests.gateway.conftest import served

    async with served(provider.app()) as url:  # type: ignore[arg-type]  # any ASGI application is served alike
        provider.url = url
        yield provider
