"""Where a connection to a connector's service leads, and what its secret adds to a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from flov7.kit.errors import StepRefused
from flov7.primitives.connectors.operation import Auth, Operation
from flov7.primitives.connectors.shaping import header_value
from flov7.primitives.credentials import HttpAccess, basic, per_second_of
from flov7.primitives.declare import ConnectionValue, Json

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?")


def access_of(operation: Operation, connection: ConnectionValue | None) -> HttpAccess:
    """Base address, headers and query. Raises StepRefused where the connection is missing or incomplete."""
    auth = _auth_of(operation, connection)
    config: Mapping[str, Json] = connection.config if connection else {}
    secret: Mapping[str, Json] = connection.credential if connection else {}
    name = connection.name if connection else operation.service
    base = str(config.get("base_url") or "") or base_of(operation.base, {**config, **secret}, connection=name)
    extra = {str(key): str(value) for key, value in (config.get("headers") or {}).items()}
    headers = {**extra, **{key: header_value(_put(text, secret, name)) for key, text in auth.headers.items()}}
    if auth.basic is not None:
        user, password = (_put(text, secret, name) for text in auth.basic)
        headers["Authorization"] = basic(user, password)
    query = {str(key): str(value) for key, value in (config.get("query") or {}).items()}
    query |= {key: _put(text, secret, name) for key, text in auth.query.items()}
    return HttpAccess(
        base_url=base,
        headers=headers,
        query=query,
        private=frozenset(key.lower() for key in headers),
        per_second=per_second_of(connection),
    )


def base_of(base: str, values: Mapping[str, Json], *, connection: str) -> str:
    """The base address with its settings. A setting in the host's place can only be a host. Raises StepRefused."""
    host_ends = base.find("/", base.find("://") + 3) if "://" in base else -1

    def put(found: re.Match[str]) -> str:
        value = str(values.get(found[1]) or "").strip()
        if not value:
            raise _incomplete(connection, found[1])
        if found.start() == 0:
            if not re.match(r"https?://[^/\s?#@]+", value):
                raise StepRefused(
                    f"`{found[1]}` of the connection `{connection}` is no address.",
                    hint="Write it whole, beginning with https://.",
                    code="connection.incomplete",
                )
            return value.rstrip("/")
        if host_ends < 0 or found.start() < host_ends:
            if not _HOST.fullmatch(value):
                raise StepRefused(
                    f"`{found[1]}` of the connection `{connection}` is no name of a host.",
                    hint="Give the name alone, as in `acme` of https://acme.example.com.",
                    code="connection.incomplete",
                )
            return value
        return quote(value, safe=":@")

    return _NAME.sub(put, base)


def _auth_of(operation: Operation, connection: ConnectionValue | None) -> Auth:
    if not operation.auth or (connection is None and operation.open):
        return Auth()
    if connection is None:
        raise StepRefused(
            f"`{operation.service}` needs a connection.",
            hint=f'Add one with "service": "{operation.service}", and name it in `connection`.',
            code="connection.missing",
        )
    found = operation.auth.get(connection.kind)
    if found is None:
        takes = " or ".join(f"`{kind}`" for kind in operation.auth)
        raise StepRefused(
            f"The connection `{connection.name}` is of kind `{connection.kind}`; `{operation.service}` takes {takes}.",
            hint="Name another connection, or add one.",
            code="connection.wrong_service",
        )
    return found


def _put(text: str, secret: Mapping[str, Json], connection: str) -> str:
    def put(found: re.Match[str]) -> str:
        value = secret.get(found[1])
        if value is None or value == "":
            raise _incomplete(connection, found[1])
        return str(value)

    return _NAME.sub(put, text)


def _incomplete(connection: str, field: str) -> StepRefused:
    if field == "access_token":
        return StepRefused(
            f"The connection `{connection}` has not been allowed yet.",
            hint=f"Allow it: `flov7 connections login {connection}`.",
            code="connection.not_allowed",
        )
    return StepRefused(
        f"The connection `{connection}` has no `{field}`.",
        hint=f"Add it: to `config` where it is an address, else to the secret of `{connection}`.",
        code="connection.incomplete",
    )
