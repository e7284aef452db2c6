"""Never silently twice: what an earlier attempt left decides whether a call may be made.

Reserve (commit), do, then record (commit), or release where it surely did not happen. A retry that finds *recorded*
takes what was recorded. Released, repeatable, and keyed effects are done again. Anything else found *reserved* is in
doubt: a person decides.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from flov7.engine.runtime import CallRequest
from flov7.kit import json
from flov7.store.effects import EffectKey, Effects, Reserve

Standing = Literal["go", "recorded", "in_doubt"]


@dataclass(frozen=True, slots=True)
class Permit:
    """What the ledger says to a call: go, take the recorded output, or stop."""

    standing: Standing
    key: str
    output: Any = None
    differs: bool = False
    attempts: int = 0


class Ledger(Protocol):
    """The promises above, over any store."""

    async def reserve(self, request: CallRequest) -> Permit:
        """Ask to do an effect."""
        ...

    async def record(self, request: CallRequest, output: Any) -> None:
        """It happened, with this output."""
        ...

    async def release(self, request: CallRequest) -> None:
        """It surely did not happen."""
        ...

    async def doubt(self, request: CallRequest) -> None:
        """Nobody knows whether it happened."""
        ...


def idempotency_key(request: CallRequest) -> str:
    """The key that a receiver gets: the same in every attempt, runtime and process."""
    place = f"{request.execution_id}\n{request.key}\n{request.number}"
    return hashlib.sha256(place.encode()).hexdigest()[:32]


def may_repeat(request: CallRequest) -> bool:
    """Whether doing it again changes nothing more."""
    return request.effect.repeatable or request.takes_key


def effect_key(request: CallRequest) -> EffectKey:
    """The row of a call: primitive, rounds, and the call's number."""
    path = request.key[: -len(request.step)]
    return EffectKey(request.execution_id, request.step, path, request.number)


class StoredLedger:
    """The ledger in PostgreSQL; each reserve and each record is a commit of its own, grouped with others'.

    `epoch` and `outputs` are an express run's lease and its outputs so far, kept under the same commit.
    """

    def __init__(self, effects: Effects, *, epoch: int | None = None, outputs: Any = None) -> None:
        self._effects = effects
        self._epoch = epoch
        self._outputs = outputs

    async def reserve(self, request: CallRequest) -> Permit:
        """Ask to do an effect. Conflict `journal.fenced` where another process holds an express run."""
        key = idempotency_key(request)
        digest = json.digest(request.inputs)
        found = await self._effects.reserve(
            Reserve(
                key=effect_key(request),
                workspace_id=request.workspace_id,
                effect=request.effect.value,
                idempotency_key=key,
                input_digest=digest,
                again=may_repeat(request),
                again_after=request.again_after,
                epoch=self._epoch,
                outputs=self._outputs() if callable(self._outputs) else None,
            )
        )
        if found.granted:
            return Permit("go", key, attempts=found.attempts)
        if found.state == "recorded":
            return Permit("recorded", key, found.output, differs=found.input_digest != digest)
        return Permit("in_doubt", key, attempts=found.attempts)

    async def record(self, request: CallRequest, output: Any) -> None:
        """It happened."""
        await self._effects.record(effect_key(request), workspace_id=request.workspace_id, output=output)

    async def release(self, request: CallRequest) -> None:
        """It did not."""
        await self._effects.release(effect_key(request))

    async def doubt(self, request: CallRequest) -> None:
        """Nobody knows."""
        await self._effects.doubt(effect_key(request))


@dataclass(slots=True)
class _Row:
    state: str
    output: Any = None
    attempts: int = 1


@dataclass(slots=True)
class MemoryLedger:
    """The same promises in memory: for simulations and tests."""

    rows: dict[EffectKey, _Row] = field(default_factory=dict[EffectKey, _Row])

    async def reserve(self, request: CallRequest) -> Permit:
        """Ask to do an effect."""
        key, place = idempotency_key(request), effect_key(request)
        row = self.rows.get(place)
        if row is None:
            self.rows[place] = _Row("reserved")
            return Permit("go", key, attempts=1)
        if row.state == "recorded":
            return Permit("recorded", key, row.output, attempts=row.attempts)
        if row.state == "released" or may_repeat(request) or request.again_after == row.attempts:
            row.state, row.attempts = "reserved", row.attempts + 1
            return Permit("go", key, attempts=row.attempts)
        return Permit("in_doubt", key, attempts=row.attempts)

    async def record(self, request: CallRequest, output: Any) -> None:
        """It happened."""
        row = self.rows[effect_key(request)]
        row.state, row.output = "recorded", output

    async def release(self, request: CallRequest) -> None:
        """It did not."""
        self.rows[effect_key(request)].state = "released"

    async def doubt(self, request: CallRequest) -> None:
        """Nobody knows."""
        self.rows[effect_key(request)].state = "in_doubt"
