"""Sealing: AES-256-GCM under the workspace's data key, which is itself wrapped by the master key (envelope).

What is sealed is bound to its place (workspace, table, row id): moved to another row it does not open.
A sealed value is `1 | key number (4) | flags (1) | nonce (12) | ciphertext and tag`; flag 1 is zlib inside.
Old data keys stay, so what they sealed can be read; a master key may go once every data key is wrapped anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
import zlib
from dataclasses import dataclass, field
from typing import TypeAlias

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from flov7.kit.errors import FlowError, Misconfigured
from flov7.store.failures import translated
from flov7.store.settings import StoreSettings, keys_in

_FORMAT = b"\x01"
_HEAD = 18
_ZLIB = 1
_WORTH_PACKING = 256
_FRESH_FOR = 30.0  # seconds after which another process's rotation is noticed

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


class MasterKeys:
    """The present master key and the earlier ones; a key's id is the start of its SHA-256."""

    def __init__(self, current: bytes, *, old: list[bytes] | None = None) -> None:
        self.current_id = _id_of(current)
        self._keys = {_id_of(key): AESGCM(key) for key in [*(old or []), current]}

    @classmethod
    def of(cls, settings: StoreSettings) -> MasterKeys:
        """As the settings have them."""
        return cls(keys_in(settings.master_key)[0], old=keys_in(settings.master_keys_old))

    def wrap(self, data_key: bytes, *, workspace_id: str, number: int) -> bytes:
        """The data key under the present master key."""
        nonce = os.urandom(12)
        return nonce + self._keys[self.current_id].encrypt(nonce, data_key, _wrapped_place(workspace_id, number))

    def unwrap(self, wrapped: bytes, *, master_id: str, workspace_id: str, number: int) -> bytes:
        """The data key again; `Misconfigured` where its master key is not among ours."""
        master = self._keys.get(master_id)
        if master is None:
            raise Misconfigured(
                f"A data key is wrapped by master key {master_id}, which is not known here.",
                hint="Put that key into FLOV7_MASTER_KEYS_OLD, then run the rotation again.",
            )
        try:
            return master.decrypt(wrapped[:12], wrapped[12:], _wrapped_place(workspace_id, number))
        except InvalidTag as error:
            raise FlowError("A data key was altered in the database.", code="vault.damaged") from error


@dataclass
class Sealer:
    """Seals and opens for one workspace, without waiting."""

    workspace_id: str
    current: int
    keys: dict[int, AESGCM]
    loaded: float = field(default_factory=time.monotonic)

    def seal(self, plain: bytes, *, table: str, row: str) -> bytes:
        """The bytes as they may lie in the database; longer ones are packed first."""
        flags = 0
        if len(plain) > _WORTH_PACKING:
            packed = zlib.compress(plain, 1)
            if len(packed) < len(plain):
                plain, flags = packed, _ZLIB
        nonce = os.urandom(12)
        head = _FORMAT + self.current.to_bytes(4, "big") + bytes((flags,)) + nonce
        place = _place(self.workspace_id, table=table, row=row)
        return head + self.keys[self.current].encrypt(nonce, plain, head[:6] + place)

    def open(self, sealed: bytes, *, table: str, row: str) -> bytes:
        """The bytes again; `FlowError` `vault.damaged` where they were altered or lie in the wrong place."""
        key = self.keys.get(number_of(sealed))
        if key is None:
            raise FlowError("A value is sealed with a data key that is not there.", code="vault.unknown_key")
        place = _place(self.workspace_id, table=table, row=row)
        try:
            plain = key.decrypt(sealed[6:_HEAD], sealed[_HEAD:], sealed[:6] + place)
        except InvalidTag as error:
            raise FlowError("A sealed value was altered or moved.", code="vault.damaged") from error
        return zlib.decompress(plain) if sealed[5] & _ZLIB else plain

    def knows(self, sealed: bytes) -> bool:
        """Whether its data key is loaded."""
        return number_of(sealed) in self.keys


class Vault:
    """Every workspace's sealer, loaded once and kept; the first use in a workspace makes its data key."""

    def __init__(self, pool: Pool, *, masters: MasterKeys) -> None:
        self._pool = pool
        self._masters = masters
        self._sealers: dict[str, Sealer] = {}
        self._loading: dict[str, asyncio.Lock] = {}

    async def sealer(self, workspace_id: str) -> Sealer:
        """The workspace's sealer; usually at once."""
        known = self._sealers.get(workspace_id)
        if known is not None and time.monotonic() - known.loaded < _FRESH_FOR:
            return known
        return await self._load(workspace_id, instead_of=known)

    async def seal(self, workspace_id: str, plain: bytes, *, table: str, row: str) -> bytes:
        """See `Sealer.seal`."""
        return (await self.sealer(workspace_id)).seal(plain, table=table, row=row)

    async def open(self, workspace_id: str, sealed: bytes, *, table: str, row: str) -> bytes:
        """See `Sealer.open`; a data key that another process has just made is fetched."""
        sealer = await self.sealer(workspace_id)
        if not sealer.knows(sealed):
            sealer = await self._load(workspace_id, instead_of=sealer)
        return sealer.open(sealed, table=table, row=row)

    async def rotate_data_key(self, workspace_id: str) -> int:
        """Make a new data key the current one; older ones go on opening. Returns its number."""
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                last = await connection.fetchval(
                    "SELECT number FROM data_keys WHERE workspace_id = $1 AND current FOR UPDATE", workspace_id
                )
                await connection.execute(
                    "UPDATE data_keys SET current = false WHERE workspace_id = $1 AND current", workspace_id
                )
                await self._insert(connection, workspace_id, number=(last or 0) + 1)
        await self._load(workspace_id, instead_of=self._sealers.get(workspace_id))
        return (last or 0) + 1

    async def rewrap(self) -> int:
        """Wrap every data key that an old master key wraps by the present one; returns how many."""
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(
                    "SELECT workspace_id, number, master_id, wrapped FROM data_keys WHERE master_id <> $1 FOR UPDATE",
                    self._masters.current_id,
                )
                for row in rows:
                    place = {"workspace_id": row["workspace_id"], "number": row["number"]}
                    key = self._masters.unwrap(row["wrapped"], master_id=row["master_id"], **place)
                    await connection.execute(
                        "UPDATE data_keys SET wrapped = $3, master_id = $4 WHERE workspace_id = $1 AND number = $2",
                        *place.values(),
                        self._masters.wrap(key, **place),
                        self._masters.current_id,
                    )
        return len(rows)

    async def _load(self, workspace_id: str, *, instead_of: Sealer | None) -> Sealer:
        async with self._loading.setdefault(workspace_id, asyncio.Lock()):
            known = self._sealers.get(workspace_id)
            if known is not None and known is not instead_of:
                return known  # somebody else waited for the same
            with translated():
                async with self._pool.acquire() as connection:
                    rows = await self._rows(connection, workspace_id)
                    if not rows:
                        await self._insert(connection, workspace_id, number=1)
                        rows = await self._rows(connection, workspace_id)
            keys: dict[int, AESGCM] = {}
            for row in rows:
                number = row["number"]
                plain = self._masters.unwrap(
                    row["wrapped"], master_id=row["master_id"], workspace_id=workspace_id, number=number
                )
                keys[number] = AESGCM(plain)
            current = next(row["number"] for row in rows if row["current"])
            sealer = Sealer(workspace_id=workspace_id, current=current, keys=keys)
            self._sealers[workspace_id] = sealer
            return sealer

    @staticmethod
    async def _rows(connection: Connection, workspace_id: str) -> list[asyncpg.Record]:
        return await connection.fetch(
            "SELECT number, master_id, wrapped, current FROM data_keys WHERE workspace_id = $1", workspace_id
        )

    async def _insert(self, connection: Connection, workspace_id: str, *, number: int) -> None:
        wrapped = self._masters.wrap(os.urandom(32), workspace_id=workspace_id, number=number)
        await connection.execute(
            "INSERT INTO data_keys (workspace_id, number, master_id, wrapped, current, created_at) "
            "VALUES ($1, $2, $3, $4, true, now()) ON CONFLICT DO NOTHING",
            workspace_id,
            number,
            self._masters.current_id,
            wrapped,
        )


def number_of(sealed: bytes) -> int:
    """The number of the data key that sealed it; `vault.damaged` where it is no sealed value at all."""
    if len(sealed) < _HEAD + 16 or sealed[:1] != _FORMAT:
        raise FlowError("That is no sealed value.", code="vault.damaged")
    return int.from_bytes(sealed[1:5], "big")


def _id_of(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:12]


def _place(workspace_id: str, *, table: str, row: str) -> bytes:
    return f"{workspace_id}/{table}/{row}".encode()


def _wrapped_place(workspace_id: str, number: int) -> bytes:
    return f"{workspace_id}/data_keys/{number}".encode()
