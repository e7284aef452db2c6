"""Templates: search, read, set, publish, propose, review, rate."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.templates.access import Reader, Reviewer, Writer
from flov7.gateway.templates.schemas import Brief, Review, Stars, TemplateIn, Use, Used, Whole
from flov7.gateway.templates.shelves import Found, brief, drop, found, one, whole
from flov7.gateway.workflows.compiling import acceptable
from flov7.kit.errors import Conflict
from flov7.language.front import check_value
from flov7.marketplace.adapting import adapted, filled
from flov7.marketplace.builtin import builtin
from flov7.marketplace.searching import search
from flov7.marketplace.template import Area, Template
from flov7.store import market

router = APIRouter(prefix="/templates", tags=["templates"], responses=ERRORS)
Slug = Annotated[str, Path(max_length=64, description="The template.", examples=["welcome-email"])]


@router.get("", response_model=Envelope[ListOf[Brief]], summary="Find templates")
async def listed(
    caller: Reader,
    q: Annotated[str, Query(max_length=400, description="What it should do; left out: all.", examples=["refund"])] = "",
    area: Annotated[Area | None, Query(description="Only of this area.", examples=["sales"])] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.", examples=[20])] = 50,
) -> Response:
    """Those of the product, of this workspace and of the community, what fits the words best first."""
    known = await found(caller)
    wanted = {slug: place.template for slug, place in known.items() if area is None or place.template.area == area}
    items = [brief(known[template.slug]) for _, template in search(wanted.values(), q, limit=limit)]
    return success({"items": items, "next_cursor": None})


@router.get("/{slug}", response_model=Envelope[Whole], summary="Read or export a template")
async def read(caller: Reader, slug: Slug) -> Response:
    """All that is in it."""
    return success(whole(await one(caller, slug)))


@router.get("/{slug}/versions", response_model=Envelope[ListOf[Whole]], summary="List a template's versions")
async def versions(caller: Reader, slug: Slug) -> Response:
    """All versions that this workspace published, newest first."""
    async with caller.transaction() as scope:
        kept = await market.versions_of(scope, slug)
    return success({"items": [whole(Found.of(version)) for version in kept], "next_cursor": None})


@router.post("/{slug}/use", response_model=Envelope[Used], summary="Make a document of a template")
async def use(caller: Reader, slug: Slug, body: Use) -> Response:
    """Its document with the parameters set; save it with `POST /api/v1/workflows`."""
    template = (await one(caller, slug)).template
    values = {**adapted(template, body.sentence), **body.values}
    known = {parameter.name: parameter.default for parameter in template.parameters}
    return success(Used(document=filled(template, values), values={**known, **values}))


@router.post("", status_code=201, response_model=Envelope[Whole], summary="Publish or import a template")
async def publish(caller: Writer, body: TemplateIn) -> Response:
    """A new version for this workspace. Its document must hold with the parameters' defaults."""
    if body.slug in builtin():
        raise Conflict(
            f"`{body.slug}` is a template of the product.", hint="Choose another slug.", code="template.taken"
        )
    template = Template.model_validate(body.model_dump())
    # Which connections there are differs from workspace to workspace, so it is judged without this one's.
    acceptable(check_value(filled(template), caller.gateway.registry.catalogue()), allow_errors=False)
    async with caller.transaction() as scope:
        made = await market.publish(
            scope, body.slug, body=template.model_dump(mode="json", exclude={"complexity"}), by=caller.who
        )
    await drop(caller)
    return success(whole(Found.of(made)), status=201, headers={"location": f"/api/v1/templates/{body.slug}"})


@router.post("/{slug}/propose", response_model=Envelope[Whole], summary="Propose a template to the community")
async def propose(caller: Writer, slug: Slug) -> Response:
    """Its newest version waits for a review by someone else."""
    async with caller.transaction() as scope:
        made = await market.move(scope, slug, to="proposed", by=caller.who)
    await drop(caller)
    return success(whole(Found.of(made)))


@router.post("/{slug}/review", response_model=Envelope[Whole], summary="Review a proposed template")
async def review(caller: Reviewer, slug: Slug, body: Review) -> Response:
    """Accepted, every workspace finds it on the community's shelf."""
    async with caller.transaction() as scope:
        to: market.State = "community" if body.accept else "refused"
        made = await market.move(scope, slug, to=to, by=caller.who, reviews=True)
    await drop(caller)
    return success(whole(Found.of(made)))


@router.put("/{slug}/rating", response_model=Envelope[Brief], summary="Rate a template")
async def rate(caller: Reader, slug: Slug, body: Stars) -> Response:
    """One to five stars; said again, they replace the ones before."""
    place = await one(caller, slug)
    async with caller.transaction() as scope:
        rating = await market.rate(scope, slug, stars=body.stars, by=caller.who)
    await drop(caller)
    return success(brief(place.rated(rating)))
