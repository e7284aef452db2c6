"""Wrappers around whoever is asked: secrets stay here, a failing model is left alone, equal questions are known."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from flov7.kit import redaction
from flov7.kit.circuit import Circuit
from flov7.kit.errors import FlowError, Unavailable
from flov7.llm.answers import Answer, Ask, Asks, Packed, Usage

_FAILURES, _REST = 5, 20.0
_OUTAGES = frozenset(["llm.unreachable", "llm.failed", "llm.timed_out", "llm.broken_off"])
_KEPT_ALIKE = 100


class Redacting:
    """Nothing that looks like a secret leaves, nor the values of the fields that the question hides."""

    def __init__(self, inner: Asks) -> None:
        self._inner = inner

    async def ask(self, ask: Ask) -> Answer:
        """The answer to the question without its secrets."""
        turns = tuple({**turn, "content": _clean(turn.get("content"), ask.hidden)} for turn in ask.turns)
        return await self._inner.ask(replace(ask, turns=turns))


def _clean(content: Any, hidden: frozenset[str]) -> Any:
    if not isinstance(content, str):
        return redaction.redact(_masked(content, hidden))
    if hidden:
        content = _masked_text(content, hidden)
    return redaction.text(content)


def _masked(value: Any, hidden: frozenset[str]) -> Any:
    """A copy in which hidden fields show nothing, at any depth."""
    if isinstance(value, Mapping):
        return {key: redaction.MASK if key in hidden else _masked(inner, hidden) for key, inner in value.items()}
    return [_masked(inner, hidden) for inner in value] if isinstance(value, list) else value


def _masked_text(text: str, hidden: frozenset[str]) -> str:
    """JSON inside a text is masked field by field; other text stands as it is."""
    decoder, made, at = json.JSONDecoder(), "", 0
    while (begins := min((p for p in (text.find("{", at), text.find("[", at)) if p >= 0), default=-1)) >= 0:
        try:
            value, ends = decoder.raw_decode(text, begins)
        except ValueError:
            made, at = made + text[at : begins + 1], begins + 1
            continue
        made, at = made + text[at:begins] + json.dumps(_masked(value, hidden), ensure_ascii=False), ends
    return made + text[at:]


class Breaking:
    """A model that keeps failing is left alone for a while; refusals and wrong answers are no failures of that sort."""

    def __init__(
        self,
        inner: Asks,
        *,
        failures: int = _FAILURES,
        rest: float = _REST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner, self._most, self._rest, self._clock = inner, failures, rest, clock
        self._circuits: dict[str, Circuit] = {}

    async def ask(self, ask: Ask) -> Answer:
        """The answer. Raises Unavailable `llm.resting` at once while the model is left alone."""
        circuit = self._circuits.setdefault(ask.model, Circuit(self._most, self._rest, self._clock))
        if (left := circuit.left()) > 0:
            raise Unavailable(
                f"The model `{ask.model}` failed {self._most} times in a row and is left alone for {left:.0f} s.",
                code="llm.resting",
                retry_after=left,
            )
        try:
            answer = await self._inner.ask(ask)
        except FlowError as error:
            if error.error_code in _OUTAGES:
                circuit.failed()
            raise
        circuit.worked()
        return answer

    def states(self) -> dict[str, str]:
        """`open` or `closed` by model that failed often, for health."""
        return {
            model: "open" if one.left() > 0 else "closed" for model, one in self._circuits.items() if one.open_until
        }


class Memory(Protocol):
    """What is needed of `cache.answers.Answers`. May raise FlowError where Redis is away."""

    async def get(self, key: str) -> Any:
        """The value, or None."""
        ...

    async def set(self, key: str, *, value: Any, ttl: float) -> None:
        """Keep it for `ttl` seconds."""
        ...


Embed = Callable[[Sequence[str]], Awaitable[list[list[float]]]]


class Remembering:
    """Equal questions of one workspace are asked once; on request those that are nearly equal too."""

    def __init__(
        self, inner: Asks, memory: Memory, *, ttl: float, embed: Embed | None = None, near: float = 0.95
    ) -> None:
        """`near` is the cosine from which two questions count as one."""
        self._inner, self._memory, self._ttl, self._embed, self._near = inner, memory, ttl, embed, near

    async def ask(self, ask: Ask) -> Answer:
        """What is known, which costs nothing, or a new answer."""
        if ask.caching == "off" or ask.account is None or self._ttl <= 0:
            return await self._inner.ask(ask)
        owner = ask.account.workspace_id
        key = f"{owner}:{question(ask)}"
        known = await self._get(key)
        if known is not None:
            return _as_known(known)
        place = await self._nearest(ask, owner) if ask.caching == "similar" else None
        if place is not None and place.known is not None:
            return _as_known(place.known)
        answer = await self._inner.ask(ask)
        body = Packed.of(answer).body
        await self._set(key, body)
        if place is not None:
            kept = [*place.others, {"at": place.at, "key": key}][-_KEPT_ALIKE:]
            await self._set(place.shelf, kept)
        return answer

    async def _nearest(self, ask: Ask, owner: str) -> _Place | None:
        """The known answer to the nearest question, if it is near enough."""
        if self._embed is None or not ask.turns:
            return None
        rest = replace(ask, turns=ask.turns[:-1])
        shelf = f"{owner}:near:{question(rest)}"
        try:
            at = (await self._embed([str(ask.turns[-1].get("content"))]))[0]
        except FlowError:
            return None
        others: list[dict[str, Any]] = await self._get(shelf) or []
        best = max(others, key=lambda one: _cosine(at, one["at"]), default=None)
        if best is None or _cosine(at, best["at"]) < self._near:
            return _Place(shelf, at, others, None)
        return _Place(shelf, at, others, await self._get(best["key"]))

    async def _get(self, key: str) -> Any:
        try:
            return await self._memory.get(key)
        except FlowError:
            return None

    async def _set(self, key: str, value: Any) -> None:
        try:
            await self._memory.set(key, value=value, ttl=self._ttl)
        except FlowError:
            return


class _Place:
    """Where a question lies among those that were asked."""

    def __init__(self, shelf: str, at: list[float], others: list[dict[str, Any]], known: Any) -> None:
        self.shelf, self.at, self.others, self.known = shelf, at, others, known


def question(ask: Ask) -> str:
    """Equal for equal questions, whoever asks."""
    tools = [[one.name, one.description, one.parameters] for one in ask.tools]
    body = [ask.model, ask.turns, ask.schema, tools, ask.most, ask.temperature, ask.seed, sorted(ask.hidden)]
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _as_known(body: Any) -> Answer:
    return replace(Packed(body).answer(known=True), usage=Usage(), seconds=0.0, cost=0.0)


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=False))
    length = (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5
    return product / length if length else 0.0
