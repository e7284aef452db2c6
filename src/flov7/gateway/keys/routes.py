"""API keys: make, list, revoke."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from flov7.gateway.context import current
from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.keys.access import Reader, Writer
from flov7.gateway.keys.schemas import SCOPE, KeyCreate, KeyMade, KeyOut
from flov7.gateway.parts import KEYS_TOPIC
from flov7.kit.errors import Forbidden, Invalid
from flov7.store import keys, records

router = APIRouter(prefix="/keys", tags=["keys"], responses=ERRORS)
Id = Annotated[str, Path(max_length=64, description="The key's id.", examples=["019ac0de-7000-7000-8000-000000000001"])]


@router.post("", status_code=201, response_model=Envelope[KeyMade], summary="Make a key")
async def create(caller: Writer, body: KeyCreate) -> Response:
    """A new key; its text is shown now and never again. Nobody gives more than he has."""
    for scope_name in body.scopes:
        if re.fullmatch(SCOPE, scope_name) is None:
            raise Invalid(f"`{scope_name[:60]}` is no scope.", hint="Write noun:verb, as in workflows:read, or *.")
        if not caller.actor.may_give(scope_name):
            raise Forbidden(f"Your key lacks `{scope_name}` itself.", hint="Ask someone whose key has it.")
    async with caller.transaction() as scope:
        made, text = await keys.create(
            scope, name=body.name, scopes=body.scopes, created_by=caller.who, expires_at=body.expires_at
        )
        await records.audit(
            scope, who=caller.who, what="key.create", target=made.id, details={"scopes": body.scopes},
            request_id=current().request_id,
        )  # fmt: skip
    shown = KeyOut.model_validate(made).model_dump()
    return success(KeyMade(**shown, key=text), status=201, headers={"location": f"/api/v1/keys/{made.id}"})


@router.get("", response_model=Envelope[ListOf[KeyOut]], summary="List keys")
async def listed(caller: Reader) -> Response:
    """All keys of the workspace, revoked ones too, oldest first; never their text."""
    async with caller.transaction() as scope:
        found = await keys.listed(scope)
    return success({"items": [KeyOut.model_validate(one) for one in found], "next_cursor": None})


@router.delete("/{key}", response_model=Envelope[None], summary="Revoke a key")
async def revoke(caller: Writer, key: Id) -> Response:
    """It opens nothing from now on, and cannot be restored."""
    async with caller.transaction() as scope:
        await keys.revoke(scope, key)
        await records.audit(scope, who=caller.who, what="key.revoke", target=key, request_id=current().request_id)
    await caller.gateway.tell(KEYS_TOPIC, key)
    return success(None)
