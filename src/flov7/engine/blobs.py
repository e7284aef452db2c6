"""Where large values and files lie: one port, and the files of one workspace over it."""

from __future__ import annotations

from typing import Protocol

from flov7.kit.errors import NotFound
from flov7.primitives.files import unknown


class Blobs(Protocol):
    """Where files lie, by workspace and digest."""

    async def put(self, workspace_id: str, body: bytes) -> str:
        """Keep it and give its digest."""
        ...

    async def get(self, workspace_id: str, digest: str) -> bytes:
        """What `put` kept. Raises NotFound."""
        ...


class StoredFiles:
    """The files of one workspace, in the blob store."""

    def __init__(self, blobs: Blobs, workspace_id: str) -> None:
        self._blobs = blobs
        self._workspace_id = workspace_id

    async def read(self, digest: str) -> bytes:
        """The bytes. Raises StepRefused `file.unknown`."""
        try:
            return await self._blobs.get(self._workspace_id, digest)
        except NotFound as missing:
            raise unknown(digest) from missing

    async def keep(self, body: bytes) -> str:
        """Keep bytes; their SHA-256."""
        return await self._blobs.put(self._workspace_id, body)
