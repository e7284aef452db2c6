"""What a model is asked, what it answers, and what that took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypedDict


class Turn(TypedDict):
    """One message to a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that a model may ask for; `parameters` is a JSON Schema of an object, `strict` holds the model to it."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """A tool that the model asks for. `arguments` is None where what it wrote is no JSON object; `raw` is that."""

    id: str
    name: str
    arguments: dict[str, Any] | None
    raw: str = ""

    def as_turn_part(self) -> dict[str, Any]:
        """The wish as a part of the assistant's turn."""
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.raw}}


@dataclass(frozen=True, slots=True)
class Account:
    """For whom a model is asked: whose cache, whose budget, whose bill. `place` names the call within the step."""

    workspace_id: str
    workflow_id: str = ""
    execution_id: str = ""
    step: str = ""
    place: str = ""
    agent: str = ""


Caching = Literal["off", "exact", "similar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question. `turns` are chat messages, the answers of tools among them (`role: tool`).

    With `schema` the answer is a value that fits it (see `strict`); `most` bounds its tokens; `temperature` and `seed`
    are left out for models that do not take them. `hidden` names fields of JSON in the turns whose values never leave.
    """

    turns: tuple[Mapping[str, Any], ...]
    model: str
    schema: Mapping[str, Any] | None = None
    name: str = "answer"
    tools: tuple[Tool, ...] = ()
    most: int | None = None
    temperature: float | None = None
    seed: int | None = None
    account: Account | None = None
    caching: Caching = "off"
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its text, its value where a structure was asked for, the tools it asks for, and what it took.

    `cost` is in US dollars, None where the model's price is not known; `known` says that it came from memory and
    took nothing.
    """

    text: str
    model: str
    usage: Usage
    seconds: float
    value: Any = None
    wishes: tuple[Wish, ...] = ()
    cost: float | None = None
    known: bool = False

    def as_turn(self) -> dict[str, Any]:
        """The answer as the assistant's turn of a longer talk."""
        turn: dict[str, Any] = {"role": "assistant", "content": self.text or None}
        if self.wishes:
            turn["tool_calls"] = [wish.as_turn_part() for wish in self.wishes]
        return turn


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer that is still coming."""

    text: str


class Asks(Protocol):
    """Whoever can be asked: a model's client, or a wrapper around one."""

    async def ask(self, ask: Ask) -> Answer:
        """The answer. Raises Unavailable and Misconfigured as `client.ModelClient` says."""
        ...


@dataclass(frozen=True, slots=True)
class Packed:
    """An answer as JSON, for caches and records."""

    body: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def of(cls, answer: Answer) -> Packed:
        """Pack it."""
        wishes = [[one.id, one.name, one.arguments, one.raw] for one in answer.wishes]
        usage = [answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.cached_tokens]
        return cls(
            {
                "text": answer.text,
                "model": answer.model,
                "value": answer.value,
                "wishes": wishes,
                "usage": usage,
                "seconds": answer.seconds,
                "cost": answer.cost,
            }
        )

    def answer(self, *, known: bool) -> Answer:
        """The answer again; `known` marks that it took nothing this time."""
        body = self.body
        return Answer(
            text=body["text"],
            model=body["model"],
            usage=Usage(*body["usage"]),
            seconds=body["seconds"],
            value=body["value"],
            wishes=tuple(Wish(*one) for one in body["wishes"]),
            cost=body["cost"],
            known=known,
        )
