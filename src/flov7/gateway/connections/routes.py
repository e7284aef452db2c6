"""Connections: add, list, test, rotate, remove."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from flov7.gateway.connections import fitting
from flov7.gateway.connections.access import Reader, Writer
from flov7.gateway.connections.schemas import ConnectionCreate, ConnectionOut, RotateIn, TestOut
from flov7.gateway.connections.testing import check
from flov7.gateway.context import current
from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.parts import HOOKS_TOPIC, Gateway
from flov7.gateway.security import Caller
from flov7.language.catalogue import Shelf
from flov7.primitives.credentials import secret_type
from flov7.store import connections, records
from flov7.store.connections import Connection
from flov7.store.scope import Scope

router = APIRouter(prefix="/connections", tags=["connections"], responses=ERRORS)
Name = Annotated[str, Path(max_length=64, description="The connection's name or id.", examples=["shop_mail"])]


@router.post("", status_code=201, response_model=Envelope[ConnectionOut], summary="Add a connection")
async def create(caller: Writer, body: ConnectionCreate) -> Response:
    """Keep a connection and its secret. The secret is sealed, and never comes out again."""
    async with caller.transaction() as scope:
        shelf = await _shelf(scope, caller.gateway, body.service)
        wanted = (body.credentials or {}).get("type")
        spec = fitting.kind_of(
            caller.gateway, body.service, shelf=shelf, wanted=wanted if isinstance(wanted, str) else None
        )
        config = {**fitting.usual(shelf, spec.name), **body.config}
        fitting.check(caller.gateway, spec, by_schema=shelf is not None, config=config, credentials=body.credentials)
        made = await connections.create(
            scope,
            name=body.name,
            service=body.service,
            kind=spec.name,
            credentials_type=_type(spec.name, body.credentials),
            config=config,
            credentials=body.credentials,
            description=body.description,
        )
        await _note(scope, caller, "connection.create", made)
    await caller.gateway.tell(HOOKS_TOPIC, caller.workspace_id)
    location = {"location": f"/api/v1/connections/{made.name}"}
    return success(ConnectionOut.model_validate(made), status=201, headers=location)


@router.get("", response_model=Envelope[ListOf[ConnectionOut]], summary="List connections")
async def listed(caller: Reader) -> Response:
    """All of the workspace, by name, without secrets."""
    async with caller.transaction() as scope:
        found = await connections.listed(scope)
    return success({"items": [ConnectionOut.model_validate(one) for one in found], "next_cursor": None})


@router.get("/{name}", response_model=Envelope[ConnectionOut], summary="Read a connection")
async def read(caller: Reader, name: Name) -> Response:
    """One connection, without its secret."""
    async with caller.transaction() as scope:
        return success(ConnectionOut.model_validate(await connections.get(scope, name)))


@router.post("/{name}/test", response_model=Envelope[TestOut], summary="Test a connection")
async def test(caller: Writer, name: Name) -> Response:
    """Whether the other side answers and takes the secret. The result is kept with the connection."""
    async with caller.transaction() as scope:
        found = await connections.get(scope, name)
        secret = {} if found.credentials_type == "none" else await connections.secret(scope, found.secret)
    told = await check(caller.gateway, found, secret=secret)
    async with caller.transaction() as scope:
        await connections.tested(scope, found.name, passed=told.ok, message=told.message)
    return success(told)


@router.post("/{name}/rotate", response_model=Envelope[ConnectionOut], summary="Change the secret")
async def rotate(caller: Writer, name: Name, body: RotateIn) -> Response:
    """The next call uses the new secret; runs need nothing."""
    async with caller.transaction() as scope:
        found = await connections.get(scope, name)
        shelf = await _shelf(scope, caller.gateway, found.service)
        spec = fitting.kind_of(caller.gateway, found.service, shelf=shelf, wanted=found.kind)
        fitting.check(caller.gateway, spec, by_schema=shelf is not None, config=None, credentials=body.credentials)
        await connections.put_secret(scope, found.secret, value=body.credentials)
        kind = _type(found.kind, body.credentials)
        found = await connections.change(scope, found.id, credentials_type=kind)
        await _note(scope, caller, "connection.rotate", found)
    await caller.gateway.tell(HOOKS_TOPIC, caller.workspace_id)
    return success(ConnectionOut.model_validate(found))


@router.delete("/{name}", response_model=Envelope[None], summary="Remove a connection")
async def delete(caller: Writer, name: Name) -> Response:
    """It and its secret are gone; steps that use it fail from now on."""
    async with caller.transaction() as scope:
        found = await connections.get(scope, name)
        await connections.delete(scope, found.id)
        await _note(scope, caller, "connection.delete", found)
    await caller.gateway.tell(HOOKS_TOPIC, caller.workspace_id)
    return success(None)


async def _shelf(scope: Scope, gateway: Gateway, service: str) -> Shelf | None:
    """The connector of a service: one that ships, or one that the workspace made."""
    return gateway.registry.catalogue().shelves.get(service) or await gateway.shelves.named(scope, service)


def _type(kind: str, credentials: dict[str, Any] | None) -> str:
    """How the secret is sent; `none` where there is none."""
    if not credentials:
        return "none"
    said = credentials.get("type")
    if isinstance(said, str):
        return said
    return secret_type(credentials) if kind == "api" else kind


async def _note(scope: Scope, caller: Caller, what: str, connection: Connection) -> None:
    await records.audit(
        scope, who=caller.who, what=what, target=connection.id, details={"name": connection.name},
        request_id=current().request_id,
    )  # fmt: skip
