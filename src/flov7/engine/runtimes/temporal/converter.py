"""How values travel through Temporal: sealed, large ones outside the history, plans by digest."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Self

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    BinaryNullPayloadConverter,
    BinaryPlainPayloadConverter,
    CompositePayloadConverter,
    DataConverter,
    EncodingPayloadConverter,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
)

from flov7.engine.blobs import Blobs
from flov7.engine.runtimes.temporal.jobs import PlanRef
from flov7.kit.errors import Misconfigured

PLAN = b"json/flov7-plan"
SEALED = b"binary/flov7-sealed"
STORED = b"binary/flov7-stored"
_NONCE = 12


class PlanConverter(EncodingPayloadConverter):
    """A `PlanRef` has an encoding of its own, so that the codec sees it pass."""

    @property
    def encoding(self) -> str:
        """Ours."""
        return PLAN.decode()

    def to_payload(self, value: Any) -> Payload | None:
        """A plan's reference, and nothing else."""
        if not isinstance(value, PlanRef):
            return None
        return Payload(metadata={"encoding": PLAN}, data=orjson.dumps(value.model_dump()))

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """The reference."""
        return PlanRef.model_validate_json(payload.data)


class FlowPayloadConverter(CompositePayloadConverter):
    """JSON by pydantic, and plans by reference."""

    def __init__(self) -> None:
        super().__init__(
            BinaryNullPayloadConverter(),
            BinaryPlainPayloadConverter(),
            PlanConverter(),
            PydanticJSONPlainPayloadConverter(),
        )


class FlowCodec(PayloadCodec, WithSerializationContext):
    """Seals every payload (AES-GCM); what is large goes to the blob store of its workspace, and its digest travels.

    The first key seals, all of them open, so a key can be changed while runs go on.
    """

    def __init__(
        self,
        keys: Sequence[bytes],
        *,
        blobs: Blobs,
        large: int,
        ensure_plan: Callable[[PlanRef], Awaitable[None]],
    ) -> None:
        if not keys:
            raise Misconfigured("There is no key for what travels through Temporal.", hint="Set FLOV7_MASTER_KEY.")
        self._ciphers = OrderedDict((_id_of(key), AESGCM(key)) for key in keys)
        self._current = next(iter(self._ciphers))
        self._blobs = blobs
        self._large = large
        self._ensure_plan = ensure_plan
        self._workspace_id: str | None = None

    def with_context(self, context: SerializationContext) -> FlowCodec:
        """The codec for one workflow's values: its id names the workspace."""
        return self.of_workspace(_workspace(context))

    def of_workspace(self, workspace_id: str | None) -> FlowCodec:
        """The codec that puts large values with that workspace."""
        if workspace_id == self._workspace_id:
            return self
        bound = copy(self)
        bound._workspace_id = workspace_id
        return bound

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal, and store what is large."""
        return [await self._encode(payload) for payload in payloads]

    async def _encode(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") == PLAN:
            return payload
        plain = payload.SerializeToString()
        if len(plain) > self._large and self._workspace_id is not None:
            digest = await self._blobs.put(self._workspace_id, plain)
            return Payload(metadata={"encoding": STORED}, data=f"{self._workspace_id}/{digest}".encode())
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._ciphers[self._current].encrypt(nonce, plain, None)
        return Payload(metadata={"encoding": SEALED, "key": self._current.encode()}, data=sealed)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Fetch, open, and make sure that plans are at hand."""
        return [await self._decode(payload) for payload in payloads]

    async def _decode(self, payload: Payload) -> Payload:
        match payload.metadata.get("encoding"):
            case b"json/flov7-plan":
                await self._ensure_plan(PlanRef.model_validate_json(payload.data))
                return payload
            case b"binary/flov7-stored":
                workspace_id, digest = payload.data.decode().split("/", 1)
                return Payload.FromString(await self._blobs.get(workspace_id, digest))
            case b"binary/flov7-sealed":
                return Payload.FromString(self._open(payload))
            case _:
                return payload

    def _open(self, payload: Payload) -> bytes:
        cipher = self._ciphers.get(payload.metadata.get("key", b"").decode())
        if cipher is None:
            raise Misconfigured(
                "A value in Temporal's history was sealed with a key that is not here.",
                hint="Put the former key into FLOV7_MASTER_KEYS_OLD.",
            )
        return cipher.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], None)


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"flov7-codec" + key).hexdigest()[:12]


def codec_keys(masters: Sequence[bytes]) -> list[bytes]:
    """Keys for the codec from the master keys: never the same key for two purposes."""
    return [hashlib.sha256(b"flov7 temporal payloads\n" + master).digest() for master in masters]


@dataclass(frozen=True)
class FlowDataConverter(DataConverter):
    """One converter for each workspace, kept: the SDK asks for one with every call, and building it costs 0.1 ms."""

    def with_context(self, context: SerializationContext) -> Self:
        """The converter whose codec knows the workspace."""
        bound = _bound(self, _workspace(context))
        assert isinstance(bound, type(self))
        return bound


@lru_cache(maxsize=4096)
def _bound(root: FlowDataConverter, workspace_id: str | None) -> FlowDataConverter:
    assert isinstance(root.payload_codec, FlowCodec)
    codec = root.payload_codec.of_workspace(workspace_id)
    return root if codec is root.payload_codec else replace(root, payload_codec=codec)


def _workspace(context: SerializationContext) -> str | None:
    workflow_id = getattr(context, "workflow_id", None) or ""
    return workflow_id.split("/", 1)[0] if "/" in workflow_id else None


def data_converter(codec: FlowCodec) -> DataConverter:
    """The converter that client and worker share."""
    return FlowDataConverter(payload_converter_class=FlowPayloadConverter, payload_codec=codec)
