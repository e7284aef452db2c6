"""Files: upload one to give it to a run, download one that a run made."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from flov7.gateway.envelope import Envelope, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.files.access import Reader, Writer
from flov7.kit.errors import Invalid, NotFound
from flov7.primitives.files import File, kept
from flov7.store import blobs

router = APIRouter(prefix="/files", tags=["files"], responses=ERRORS)
Name = Annotated[str, Query(min_length=1, max_length=255, description="The file's name.", examples=["invoice.pdf"])]


@router.post(
    "",
    status_code=201,
    response_model=Envelope[File],
    summary="Upload a file",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(caller: Writer, request: Request, name: Name = "file") -> Response:
    """The body is the file, its content type the file's. The answer is the reference that a run takes as input.

    The same bytes again give the same reference.
    """
    body = await request.body()
    if not body:
        raise Invalid("There is no file in the body.", hint="Send the bytes themselves, with their content type.")

    async def keep(body: bytes) -> str:
        async with caller.transaction() as scope:
            return await blobs.put(scope, body)

    media_type = request.headers.get("content-type", "application/octet-stream")
    return success(await kept(keep, body, name=name, media_type=media_type[:200]), status=201)


@router.get(
    "/{file}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The bytes."}},
    summary="Download a file",
)
async def download(
    caller: Reader,
    file: Annotated[
        str, Path(pattern=r"^[0-9a-f]{64}$", description="The `file` of its reference.", examples=["0" * 64])
    ],
    name: Name = "file",
) -> Response:
    """The bytes, always as a download: what a run fetched is never shown as a page of ours."""
    async with caller.transaction() as scope:
        try:
            body = await blobs.get(scope, file)
        except NotFound:
            raise NotFound("There is no such file.", hint="Take `file` of a reference in a run's output.") from None
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "x-content-type-options": "nosniff",
        "cache-control": "private, max-age=31536000, immutable",
    }
    return Response(body, media_type="application/octet-stream", headers=headers)
