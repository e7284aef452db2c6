"""What a connection's secret adds to an HTTP request."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from flov7.kit.errors import StepRefused
from flov7.primitives.declare import ConnectionValue, Json
from flov7.primitives.schemes.aws import Aws
from flov7.primitives.schemes.digest import Digest
from flov7.primitives.schemes.keyed import Keyed, Signature
from flov7.primitives.schemes.scheme import Scheme

NOT_HTTP = ("smtp", "imap", "mqtt", "webpush")
"""Services of the connection kind `api` that speak something else."""
TOKENS = ("oauth", "gmail", "slack", "hubspot")
"""Connection kinds whose secret is an OAuth token."""


@dataclass(frozen=True, kw_only=True)
class HttpAccess:
    """Where a connection leads, and what it adds. `private` are the headers that hold secrets."""

    base_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    query: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    private: frozenset[str] = frozenset()
    scheme: Scheme | None = field(default=None, repr=False)
    """Signs each request, where the secret does not simply travel."""
    per_second: float | None = None
    """How many requests the account may make in a second."""

    @property
    def account(self) -> str:
        """Equal for equal secrets: who is counted by the service. Nothing can be read from it."""
        parts = sorted({**self.headers, **self.query}.items())
        return hashlib.sha256(repr((self.base_url, parts)).encode()).hexdigest()[:32]


def http_access(connection: ConnectionValue | None) -> HttpAccess:
    """What `connection` (kind `api`, `api_key`, `webhook`, or one with a token) adds. Raises StepRefused where its secret is incomplete."""
    if connection is None:
        return HttpAccess()
    if connection.service in NOT_HTTP:  # its password must not go to whatever address a step names
        raise StepRefused(
            f"The connection `{connection.name}` is for {connection.service}, not for HTTP.",
            hint="Name another one in `connection`, or add one.",
            code="connection.wrong_service",
        )
    config = connection.config
    headers = {str(name): str(value) for name, value in (config.get("headers") or {}).items()}
    query = {str(name): str(value) for name, value in (config.get("query") or {}).items()}
    more = _of_kind(connection)
    # Headers that a person wrote into the connection may be secrets too.
    return HttpAccess(
        base_url=str(config.get("base_url") or ""),
        headers={**headers, **more.headers},
        query={**query, **more.query},
        private=frozenset(name.lower() for name in (*headers, *more.headers)),
        scheme=more.scheme,
        per_second=per_second_of(connection),
    )


def per_second_of(connection: ConnectionValue | None) -> float | None:
    """How many requests in a second the connection allows; None where it does not say."""
    said = connection.config.get("per_second") if connection else None
    return float(said) if isinstance(said, int | float) and said > 0 else None


def joined(base_url: str, path: str) -> str:
    """`path` below `base_url`; a whole address must lie on the same host, so that no secret goes elsewhere."""
    if not base_url:
        return path
    if "://" not in path:
        return f"{base_url.rstrip('/')}/{path.lstrip('/')}" if path else base_url
    base, url = urlsplit(base_url), urlsplit(path)
    if (base.scheme, base.netloc.lower()) != (url.scheme, url.netloc.lower()):
        raise StepRefused(
            f"The connection is for `{base.netloc}` and the address is on `{url.netloc}`; its secret is not sent there.",
            hint="Write the path alone, or use another connection.",
            code="connection.other_host",
        )
    return path


def with_query(url: str, query: Mapping[str, Json]) -> str:
    """The address with these parameters added; a list repeats its name, null is left out."""
    pairs = [
        (name, _text(each))
        for name, value in query.items()
        for each in (value if isinstance(value, list) else [value])
        if each is not None
    ]
    if not pairs:
        return url
    parts = urlsplit(url)
    joined_query = "&".join(part for part in (parts.query, urlencode(pairs)) if part)
    return urlunsplit(parts._replace(query=joined_query))


def _text(value: Json) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _api_key(connection: ConnectionValue) -> HttpAccess:
    config, key = connection.config, _need(connection.name, connection.credential, "key")
    if config.get("query_name"):
        return HttpAccess(query={str(config["query_name"]): key})
    prefix = str(config.get("prefix", "Bearer") or "").strip()
    return HttpAccess(headers={str(config.get("header") or "Authorization"): f"{prefix} {key}".strip()})


def _of_kind(connection: ConnectionValue) -> HttpAccess:
    if connection.kind == "api_key":
        return _api_key(connection)
    if connection.kind in TOKENS:
        token = _need(connection.name, connection.credential, "access_token")
        return HttpAccess(headers={"Authorization": f"Bearer {token}"})
    return _api(connection.name, connection.credential, connection.config)


def _api(name: str, secret: Mapping[str, Json], config: Mapping[str, Json]) -> HttpAccess:
    match secret_type(secret):
        case "bearer":
            return HttpAccess(headers={"Authorization": f"Bearer {_need(name, secret, 'token')}"})
        case "basic":
            user = _need(name, secret, "username")
            return HttpAccess(headers={"Authorization": basic(user, str(secret.get("password") or ""))})
        case "header":
            return HttpAccess(headers={_need(name, secret, "name"): _need(name, secret, "value")})
        case "query":
            return HttpAccess(query={_need(name, secret, "name"): _need(name, secret, "value")})
        case "digest":
            return HttpAccess(scheme=Digest(_need(name, secret, "username"), str(secret.get("password") or "")))
        case "hmac":
            rule = Signature.model_validate(config.get("signature") or {})
            key_id = str(secret.get("key_id") or "")
            return HttpAccess(scheme=Keyed(rule, secret=_need(name, secret, "secret"), key_id=key_id))
        case "aws":
            return HttpAccess(
                scheme=Aws(
                    key_id=_need(name, secret, "key_id"),
                    secret=_need(name, secret, "secret"),
                    token=str(secret.get("token") or ""),
                    region=str(config.get("region") or ""),
                    service=str(config.get("aws_service") or ""),
                )
            )
        case _:
            return HttpAccess()


def basic(user: str, password: str) -> str:
    """The `Authorization` header of user and password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def secret_type(secret: Mapping[str, Json]) -> str:
    """How a secret is sent: its `type`, or what its fields say."""
    known = {"bearer", "basic", "digest", "header", "query", "hmac", "aws", "none"}
    said = str(secret.get("type") or "").lower()
    if said in known:
        return said
    by_field = (
        ("token", "bearer"),
        ("username", "basic"),
        ("value", "header"),
        ("secret", "secret"),
        ("certificate", "certificate"),
    )
    for field_name, kind in by_field:
        if secret.get(field_name):
            return kind
    return "none"


def _need(name: str, secret: Mapping[str, Json], field_name: str) -> str:
    value = secret.get(field_name)
    if value is None or value == "":
        raise StepRefused(
            f"The secret of the connection `{name}` has no `{field_name}`.",
            hint=f"Add it: `flov7 connections add {name}`.",
            code="connection.incomplete",
        )
    return str(value)
