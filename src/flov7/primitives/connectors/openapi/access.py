"""Where a document's service lives, and how one gets in, as far as the document says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from flov7.primitives.connectors.openapi.document import ApiDocument
from flov7.primitives.connectors.table import AuthTable

OWN_BASE = "{base_url}"
"""Stands for the connection's own address, where the document names none."""


def base_of(document: ApiDocument, *, source: str | None, servers: Any = None) -> str:
    """The base address; where the document gives none that is whole, the connection has to."""
    if document.version == "2":
        return _of_swagger(document.root, source)
    listed = servers if isinstance(servers, list) and servers else document.root.get("servers")
    if not isinstance(listed, list) or not listed or not isinstance(listed[0], Mapping):
        return _whole("/", source)
    server = next(
        (one for one in listed if isinstance(one, Mapping) and str(one.get("url")).startswith("https")), listed[0]
    )
    variables = server.get("variables") or {}

    def put(found: re.Match[str]) -> str:
        one = variables.get(found[1]) if isinstance(variables, Mapping) else None
        return str(one.get("default", "")) if isinstance(one, Mapping) else ""

    return _whole(re.sub(r"\{([^}]+)\}", put, str(server.get("url") or "/")), source)


def _of_swagger(root: Mapping[str, Any], source: str | None) -> str:
    host, path = str(root.get("host") or ""), str(root.get("basePath") or "/")
    schemes = root.get("schemes") or (["https"] if not source else [urlsplit(source).scheme])
    if not host:
        return _whole(path, source)
    scheme = "https" if "https" in schemes else str(schemes[0]) if schemes else "https"
    return _whole(f"{scheme}://{host}{path}", source)


def _whole(url: str, source: str | None) -> str:
    if not re.match(r"https?://[^/\s{}]+", url):
        if source is None or not re.match(r"https?://", source):
            return OWN_BASE + ("" if url in ("/", "") else "/" + url.strip("/"))
        url = urljoin(source, url)
    return url.rstrip("/")


def auth_of(document: ApiDocument) -> dict[str, AuthTable]:
    """The ways in, by connection kind; the ones that the whole document asks for come first."""
    root = document.root
    holder = root if document.version == "2" else document.of(root.get("components"))
    schemes = holder.get("securityDefinitions" if document.version == "2" else "securitySchemes") or {}
    if not isinstance(schemes, Mapping):
        return {}
    named = {str(name): document.of(one) for name, one in schemes.items()}
    asked = [set(one) for one in root.get("security") or [] if isinstance(one, Mapping) and one]
    groups = [group & set(named) for group in asked] + [{name} for name in named]
    found: dict[str, AuthTable] = {}
    for group in groups:
        made = [_way(name, named[name], several=len(group) > 1) for name in sorted(group)]
        kinds = {kind for kind, _ in (one for one in made if one is not None)}
        if len(kinds) == 1 and None not in made:
            kind = kinds.pop()
            if kind not in found:
                found[kind] = _together([way for _, way in (one for one in made if one is not None)])
    return found


def _together(ways: list[AuthTable]) -> AuthTable:
    first = ways[0]
    if len(ways) == 1:
        return first
    return first.model_copy(
        update={
            "secret": {name: words for way in ways for name, words in way.secret.items()},
            "headers": {name: text for way in ways for name, text in way.headers.items()},
            "query": {name: text for way in ways for name, text in way.query.items()},
        }
    )


def _way(name: str, scheme: Mapping[str, Any], *, several: bool) -> tuple[str, AuthTable] | None:
    words = " ".join(str(scheme.get("description") or "").split())[:200]
    key = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") if several else "key"
    match scheme.get("type"):
        case "apiKey":
            return "api_key", _key_in(str(scheme.get("in")), str(scheme.get("name") or "Authorization"), key, words)
        case "basic":
            return "api", _basic(words)
        case "http":
            if str(scheme.get("scheme")).lower() == "basic":
                return "api", _basic(words)
            prefix = "Bearer" if str(scheme.get("scheme")).lower() == "bearer" else str(scheme.get("scheme"))
            secret = {key: words or "The token."}
            return "api_key", AuthTable(secret=secret, headers={"Authorization": f"{prefix} {{{key}}}"})
        case "oauth2":
            return "oauth", _oauth(scheme)
        case _:
            return None


def _key_in(where: str, name: str, key: str, words: str) -> AuthTable:
    secret = {key: words or f"The key, sent as `{name}`."}
    match where:
        case "query":
            return AuthTable(secret=secret, query={name: f"{{{key}}}"})
        case "cookie":
            return AuthTable(secret=secret, headers={"Cookie": f"{name}={{{key}}}"})
        case _:
            return AuthTable(secret=secret, headers={name: f"{{{key}}}"})


def _basic(words: str) -> AuthTable:
    secret = {"username": words or "The user.", "password": "The password."}
    return AuthTable(secret=secret, basic=("{username}", "{password}"))


def _oauth(scheme: Mapping[str, Any]) -> AuthTable:
    flows: dict[str, Any] = dict(scheme.get("flows") or {})
    if "flow" in scheme:  # OpenAPI 2
        flows = {{"accessCode": "authorizationCode", "application": "clientCredentials"}.get(
            str(scheme["flow"]), str(scheme["flow"])
        ): scheme}  # fmt: skip
    own = "clientCredentials" in flows and "authorizationCode" not in flows
    flow = flows.get("authorizationCode") or flows.get("clientCredentials") or next(iter(flows.values()), {})
    scopes = flow.get("scopes") if isinstance(flow, Mapping) else {}
    return AuthTable(
        authorize=str(flow.get("authorizationUrl") or ""),
        token=str(flow.get("tokenUrl") or ""),
        grant="client_credentials" if own else "authorization_code",
        scopes=tuple(scopes)[:50] if isinstance(scopes, Mapping) else (),
        headers={"Authorization": "Bearer {access_token}"},
    )
