"""Connectors: make one of an OpenAPI document, list them, find operations, correct what they may do."""

from __future__ import annotations

import asyncio
import base64
import binascii
import gzip
import zlib
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from flov7.gateway.connectors.access import Reader, Writer
from flov7.gateway.connectors.schemas import ConnectorIn, ConnectorOut, EffectIn, OperationOut
from flov7.gateway.context import current
from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.security import Caller
from flov7.kit import json
from flov7.kit.errors import Invalid, Misconfigured, NotFound, TooLarge
from flov7.language.catalogue import Entry, Shelf
from flov7.primitives.connectors.openapi.importing import About, Imported, read_openapi
from flov7.primitives.connectors.reading import LARGEST_TEXT
from flov7.primitives.connectors.shelf import TableShelf
from flov7.primitives.outside import Request
from flov7.store import connectors, records
from flov7.store.connectors import StoredConnector

router = APIRouter(prefix="/connectors", tags=["connectors"], responses=ERRORS)
Name = Annotated[str, Path(max_length=40, description="The connector's name.", examples=["shop"])]
Operation = Annotated[str, Path(max_length=64, description="The operation, without the connector's name.")]
_FETCH_SECONDS = 30.0


@router.post("", status_code=201, response_model=Envelope[ConnectorOut], summary="Make a connector of a document")
async def create(caller: Writer, body: ConnectorIn) -> Response:
    """OpenAPI 2, 3.0 or 3.1. Each operation becomes the kind `NAME.operation`, ready for documents and generation."""
    text, source = await _text(caller, body)
    read = await asyncio.to_thread(read_openapi, text, name=body.name, source=source)
    kinds = await asyncio.to_thread(_packed, read)
    about = read.about.model_copy(update={"warnings": read.warnings})
    async with caller.transaction() as scope:
        made = await connectors.put(
            scope,
            name=about.name,
            title=about.title,
            digest=read.digest,
            source=source or "",
            about=about.model_dump(mode="json"),
            entries=[one.model_dump(mode="json") for one in read.entries if one.name.split(".", 1)[1] in kinds],
            kinds=kinds,
            replace=body.replace,
        )
        await records.audit(
            scope, who=caller.who, what="connector.create", target=made.id, details={"name": made.name},
            request_id=current().request_id,
        )  # fmt: skip
    location = {"location": f"/api/v1/connectors/{made.name}"}
    return success(_stored(made, count=len(kinds)), status=201, headers=location)


def _packed(read: Imported) -> dict[str, bytes]:
    return {kind.name.split(".", 1)[1]: kind.model_dump_json(exclude_defaults=True).encode() for kind in read.kinds()}


async def _text(caller: Caller, body: ConnectorIn) -> tuple[bytes, str | None]:
    """The document's text and where it came from. Raises Invalid unless exactly one is given."""
    given = [one for one in (body.url, body.document, body.document_gzip) if one is not None]
    if len(given) != 1:
        raise Invalid("Give either `url` or `document`.", hint="`url` is fetched; `document` is the text itself.")
    if body.url is not None:
        return await _fetched(caller, body.url), body.url
    if body.document_gzip is not None:
        return _unpacked(body.document_gzip), None
    return body.document.encode() if isinstance(body.document, str) else json.dumps(body.document), None


async def _fetched(caller: Caller, url: str) -> bytes:
    outside = caller.gateway.outside
    if outside is None:
        raise Misconfigured("This gateway cannot reach outside.", hint="Send the document itself.")
    headers = {"accept": "application/json, application/yaml, */*;q=0.5"}
    answer = await outside.fetch(Request(method="GET", url=url, headers=headers, timeout=_FETCH_SECONDS))
    if answer.status != 200:
        raise Invalid(
            f"`{url.split('?')[0]}` answers {answer.status}.",
            hint="Look at the address; it has to give the document itself, without a login.",
            code="openapi.unreachable",
        )
    return answer.body


def _unpacked(packed: str) -> bytes:
    try:
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        body = unpacker.decompress(base64.b64decode(packed, validate=True), LARGEST_TEXT + 1)
    except (binascii.Error, ValueError, zlib.error, gzip.BadGzipFile) as error:
        raise Invalid("`document_gzip` is no Base64 of a gzip.", hint="Pack the text with gzip first.") from error
    if len(body) > LARGEST_TEXT:
        raise TooLarge(f"The document is larger than {LARGEST_TEXT // 1024 // 1024} MB.", hint="Split it.")
    return body


@router.get("", response_model=Envelope[ListOf[ConnectorOut]], summary="List connectors")
async def listed(
    caller: Reader,
    ships: Annotated[bool | None, Query(description="Only those that come with Flov7, or only the others.")] = None,
) -> Response:
    """Those of the workspace first, then those that come with Flov7, by name."""
    items: list[ConnectorOut] = []
    if ships is not True:
        async with caller.transaction() as scope:
            for stored in await connectors.listed(scope):
                shelf = await caller.gateway.shelves.one(scope, stored)
                items.append(_stored(stored, count=len(shelf.entries())))
    if ships is not False:
        items += [_shipped(shelf) for shelf in caller.gateway.registry.catalogue().shelves.values()]
    return success({"items": items, "next_cursor": None})


@router.get("/search", response_model=Envelope[ListOf[OperationOut]], summary="Find operations")
async def search(
    caller: Reader,
    q: Annotated[str, Query(max_length=500, description="What should happen.", examples=["add a page to notion"])],
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 20,
) -> Response:
    """Operations of all connectors that fit the words, best first."""
    async with caller.transaction() as scope:
        shelves = await caller.gateway.shelves.of(scope)
    found = caller.gateway.registry.catalogue().with_shelves(shelves).search(q, limit=limit)
    return success({"items": [_operation(one) for one in found], "next_cursor": None})


@router.get("/{name}", response_model=Envelope[ConnectorOut], summary="Read a connector")
async def read(caller: Reader, name: Name) -> Response:
    """One connector."""
    shipped = caller.gateway.registry.catalogue().shelves.get(name)
    if shipped is not None:
        return success(_shipped(shipped))
    async with caller.transaction() as scope:
        stored = await connectors.get(scope, name)
        shelf = await caller.gateway.shelves.one(scope, stored)
    return success(_stored(stored, count=len(shelf.entries())))


@router.get("/{name}/operations", response_model=Envelope[ListOf[OperationOut]], summary="List its operations")
async def operations(caller: Reader, name: Name) -> Response:
    """All operations of a connector, by name."""
    shelf = await _shelf(caller, name)
    return success({"items": [_operation(one) for one in shelf.entries()], "next_cursor": None})


@router.patch("/{name}/operations/{operation}", response_model=Envelope[OperationOut], summary="Correct an effect")
async def correct(caller: Writer, name: Name, operation: Operation, body: EffectIn) -> Response:
    """Say what an operation may do to the world, where the document does not make it plain."""
    async with caller.transaction() as scope:
        stored = await connectors.get(scope, name)
        shelf = await caller.gateway.shelves.one(scope, stored)
        if shelf.get(f"{name}.{operation}") is None:
            raise _unknown(shelf, operation)
        said = None if body.effect is None else body.effect.value
        stored = await connectors.correct(scope, name, effects={operation: said})
        shelf = await caller.gateway.shelves.one(scope, stored)
        await records.audit(
            scope, who=caller.who, what="connector.effect", target=stored.id,
            details={"name": name, "operation": operation, "effect": said}, request_id=current().request_id,
        )  # fmt: skip
    return success(next(_operation(one) for one in shelf.entries() if one.name == f"{name}.{operation}"))


@router.delete("/{name}", response_model=Envelope[None], summary="Remove a connector")
async def delete(caller: Writer, name: Name) -> Response:
    """Documents that name its operations do not hold any more; what is live goes on, its plan has all it needs."""
    async with caller.transaction() as scope:
        stored = await connectors.get(scope, name)
        await connectors.delete(scope, name)
        await records.audit(
            scope, who=caller.who, what="connector.delete", target=stored.id, details={"name": name},
            request_id=current().request_id,
        )  # fmt: skip
    return success(None)


async def _shelf(caller: Caller, name: str) -> Shelf:
    shipped = caller.gateway.registry.catalogue().shelves.get(name)
    if shipped is not None:
        return shipped
    async with caller.transaction() as scope:
        return await caller.gateway.shelves.one(scope, await connectors.get(scope, name))


def _unknown(shelf: Shelf, operation: str) -> NotFound:
    return NotFound(
        f"{shelf.title} has no operation `{operation}`.",
        hint=f"GET /api/v1/connectors/{shelf.name}/operations lists them.",
    )


def _operation(entry: Entry) -> OperationOut:
    return OperationOut(kind=entry.name, title=entry.title, effect=entry.effect)


def _stored(stored: StoredConnector, *, count: int) -> ConnectorOut:
    about = About.model_validate(stored.about)
    return ConnectorOut(
        name=stored.name,
        title=stored.title,
        about=about.about,
        ships=False,
        takes=list(about.auth),
        operations=count,
        base="" if about.needs_address else about.base,
        source=stored.source,
        warnings=list(about.warnings),
        updated_at=stored.updated_at,
    )


def _shipped(shelf: Shelf) -> ConnectorOut:
    assert isinstance(shelf, TableShelf)
    table = shelf.connector
    return ConnectorOut(
        name=shelf.name,
        title=table.title,
        about=table.about,
        ships=True,
        takes=list(table.auth),
        operations=len(table.operations),
        base=table.base,
        source=table.docs,
    )
