"""Kinds: what there is, and what each takes and gives."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.kinds.access import Reader
from flov7.gateway.kinds.schemas import KindDetail, KindOut
from flov7.kit.errors import NotFound
from flov7.language.catalogue import PrimitiveType

router = APIRouter(prefix="/kinds", tags=["kinds"], responses=ERRORS)


@router.get("", response_model=Envelope[ListOf[KindOut]], summary="List kinds")
async def listed(
    caller: Reader,
    type_: Annotated[PrimitiveType | None, Query(alias="type", description="Only of this primitive.")] = None,
) -> Response:
    """All kinds by type and name; those that are not built yet are among them and say so."""
    specs = [spec for spec in caller.gateway.registry.catalogue().kinds.values() if type_ in (None, spec.type)]
    items = [
        KindOut(
            type=spec.type.value,
            name=spec.name,
            title=spec.title,
            icon=spec.icon,
            summary=spec.summary,
            built=spec.built,
            services=list(spec.services),
        )
        for spec in specs
    ]
    return success({"items": items, "next_cursor": None})


@router.get("/{type}/{name}", response_model=Envelope[KindDetail], summary="Read a kind")
async def read(
    caller: Reader,
    type_: Annotated[PrimitiveType, Path(alias="type", description="The primitive.", examples=["action"])],
    name: Annotated[str, Path(max_length=128, description="The kind.", examples=["api_call"])],
) -> Response:
    """Schemas of what it takes and gives, its effect, retries, limits, connection, and its reference page."""
    catalogue = caller.gateway.registry.catalogue()
    if "." in name and name.split(".", 1)[0] not in catalogue.shelves:
        async with caller.transaction() as scope:
            shelf = await caller.gateway.shelves.named(scope, name.split(".", 1)[0])
        catalogue = catalogue.with_shelves([shelf] if shelf else [])
    spec = catalogue.get(type_.value, name)
    if spec is None:
        raise NotFound(f"There is no kind {type_.value}/{name}.", hint="GET /api/v1/kinds lists them.")
    docs = ""
    if spec.operation is not None:
        docs = spec.summary + (f"\n\nThe vendor's page: {page}" if (page := spec.operation.get("docs")) else "")
    elif spec.built:
        docs = caller.gateway.registry.runner(type_.value, name).docs
    return success({**spec.model_dump(mode="json"), "docs": docs})
