"""Files, as they travel between steps: a small reference, never the bytes.

`{"file": DIGEST, "name": "invoice.pdf", "media_type": "application/pdf", "size": 1234}`: the bytes lie in the blob
store of the workspace, sealed, under their SHA-256. An expression reads `invoice.name` and `invoice.size`; a step that
takes a file gets the bytes from its context.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flov7.kit.errors import StepRefused

LARGEST = 25 * 1024 * 1024
"""Bytes of one file. What is larger belongs into a storage service, and its address into the run."""

Keep = Callable[[bytes], Awaitable[str]]
"""Puts bytes into the blob store of the workspace; their SHA-256."""


class File(BaseModel):
    """A reference to a file of this workspace."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="The SHA-256 of its bytes.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    name: str = Field(default="file", min_length=1, max_length=255, description="Its name, without a folder.")
    media_type: str = Field(default="application/octet-stream", max_length=200, description="Its media type.")
    size: int = Field(default=0, ge=0, description="Its bytes.")


class Files(Protocol):
    """The files of one workspace."""

    async def read(self, digest: str) -> bytes:
        """The bytes. Raises StepRefused `file.unknown` where this workspace has no such file."""
        ...

    async def keep(self, body: bytes) -> str:
        """Keep bytes; their SHA-256."""
        ...


class NoFiles:
    """Where no files can be: a connection's test."""

    async def read(self, digest: str) -> bytes:
        """There is none."""
        raise unknown(digest)

    async def keep(self, body: bytes) -> str:
        """There is no place."""
        raise StepRefused("Files cannot be kept here.", code="file.no_place")


def unknown(digest: str) -> StepRefused:
    """The error for a file that is not there."""
    return StepRefused(
        f"There is no file {digest[:12]}… in this workspace.",
        hint="Take the reference from the step that made the file, or upload it with POST /api/v1/files.",
        code="file.unknown",
    )


def as_file(value: Any) -> File | None:
    """The reference that a JSON value is, or None."""
    if not isinstance(value, Mapping) or "file" not in value:
        return None
    try:
        return File.model_validate(value)
    except ValidationError:
        return None


async def kept(keep: Keep, body: bytes, *, name: str, media_type: str) -> File:
    """The reference to bytes, once they lie in the store. Raises StepRefused `file.too_large`."""
    check_size(len(body), name=name)
    plain = name.replace("\\", "/").rsplit("/", 1)[-1].strip().strip(".")[:255] or "file"
    return File(file=await keep(body), name=plain, media_type=media_type or "application/octet-stream", size=len(body))


def check_size(size: int, *, name: str) -> None:
    """Raises StepRefused where a file is larger than a run may carry."""
    if size > LARGEST:
        raise StepRefused(
            f"`{name}` has {size:,} bytes; a run carries files of up to {LARGEST:,}.",
            hint="Put it into a storage service and send its address.",
            code="file.too_large",
        )
