"""Message templates: create, read, save a version, remove."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.message_templates.access import Reader, Writer
from flov7.gateway.message_templates.schemas import TemplateCreate, TemplateOut, TemplateSave
from flov7.kit.errors import FlowError, Invalid
from flov7.language.expressions import ExpressionError, parse_template
from flov7.language.schemas import check_schema
from flov7.store import templates

router = APIRouter(prefix="/message-templates", tags=["message templates"], responses=ERRORS)
Name = Annotated[str, Path(max_length=64, description="The template's name or id.", examples=["welcome_email"])]


@router.post("", status_code=201, response_model=Envelope[TemplateOut], summary="Create a template")
async def create(caller: Writer, body: TemplateCreate) -> Response:
    """Keep a template's first version. Texts whose expressions cannot be read are refused."""
    _check(body)
    async with caller.transaction() as scope:
        made = await templates.create(scope, created_by=caller.who, **body.model_dump())
    location = {"location": f"/api/v1/message-templates/{made.name}"}
    return success(TemplateOut.model_validate(made), status=201, headers=location)


@router.get("", response_model=Envelope[ListOf[TemplateOut]], summary="List templates")
async def listed(caller: Reader) -> Response:
    """The current version of each, by name."""
    async with caller.transaction() as scope:
        found = await templates.listed(scope)
    return success({"items": [TemplateOut.model_validate(one) for one in found], "next_cursor": None})


@router.get("/{name}", response_model=Envelope[TemplateOut], summary="Read a template")
async def read(
    caller: Reader,
    name: Name,
    version: Annotated[int | None, Query(ge=1, description="Left out: the current one.", examples=[1])] = None,
) -> Response:
    """The current version, or that one."""
    async with caller.transaction() as scope:
        return success(TemplateOut.model_validate(await templates.get(scope, name, number=version)))


@router.get("/{name}/versions", response_model=Envelope[ListOf[TemplateOut]], summary="List a template's versions")
async def versions(caller: Reader, name: Name) -> Response:
    """All versions, newest first."""
    async with caller.transaction() as scope:
        found = await templates.versions_of(scope, name)
    return success({"items": [TemplateOut.model_validate(one) for one in found], "next_cursor": None})


@router.put("/{name}", response_model=Envelope[TemplateOut], summary="Save a new version")
async def save(caller: Writer, name: Name, body: TemplateSave) -> Response:
    """The next version, made current. Workflows that are live keep the texts that they were activated with."""
    _check(body)
    async with caller.transaction() as scope:
        present = await templates.get(scope, name)
        saved = await templates.save(scope, present.name, created_by=caller.who, **body.model_dump())
    return success(TemplateOut.model_validate(saved))


@router.delete("/{name}", response_model=Envelope[None], summary="Remove a template")
async def delete(caller: Writer, name: Name) -> Response:
    """It is gone with its versions; workflows that are live carry its texts and go on."""
    async with caller.transaction() as scope:
        await templates.delete(scope, name)
    return success(None)


def _check(body: TemplateSave) -> None:
    """Raises Invalid for texts and schemas that cannot be read."""
    fields: list[dict[str, str]] = []
    for name in ("subject", "text", "html"):
        try:
            parse_template(getattr(body, name) or "")
        except ExpressionError as error:
            fields.append({"where": f"/{name}", "message": f"{error.message}. {error.hint}".strip()})
    try:
        if body.inputs:
            check_schema(body.inputs)
    except FlowError as error:
        fields.append({"where": "/inputs", "message": error.message})
    if fields:
        raise Invalid(
            f"{fields[0]['where']}: {fields[0]['message']}",
            hint="`fields` lists all that is wrong.",
            code="template.invalid",
            details={"fields": fields},
        )
