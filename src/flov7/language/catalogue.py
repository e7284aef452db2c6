"""The catalogue: which kinds exist and what the language must know of each. Derived from the registry.

The language never imports a kind; it is told about kinds through this frozen value. A kind that is not built
yet is here by name, with `built` false: `validate` warns about it and activation refuses it.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from flov7.language.effects import Effect, EffectRule


class PrimitiveType(StrEnum):
    """The five primitives."""

    TRIGGER = "trigger"
    ACTION = "action"
    CONNECTION = "connection"
    CONDITION = "condition"
    DATA = "data"


class Lowering(StrEnum):
    """What a kind becomes in a plan.

    `call` an outside call (through the ledger when it writes); `pure` a function of its inputs, run inside the
    workflow; `test` a pure decision that chooses sides; `loop`; `wait`; `child` another workflow;
    `start` a trigger; `credential` a connection.
    """

    CALL = "call"
    PURE = "pure"
    TEST = "test"
    LOOP = "loop"
    WAIT = "wait"
    CHILD = "child"
    START = "start"
    CREDENTIAL = "credential"


class Queue(StrEnum):
    """Where a call runs: `local` calls of at most 5 s, `actions` slower ones, `ai` models and crews."""

    LOCAL = "local"
    ACTIONS = "actions"
    AI = "ai"


class Retry(BaseModel):
    """Retry policy. Intervals in seconds; `max_attempts` counts the first attempt too."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    max_attempts: int = Field(default=3, ge=1, le=1000)
    initial: float = Field(default=1.0, ge=0.0, le=86_400)
    factor: float = Field(default=2.0, ge=1.0, le=100.0)
    maximum: float = Field(default=60.0, ge=0.0, le=86_400 * 7)


class ConnectionNeed(BaseModel):
    """The connection that a kind takes: by kinds and services, but never those `without`; `scopes` is the least.

    With `given` it takes one only where that config field is there.
    """

    model_config = ConfigDict(frozen=True)
    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    required: bool = False
    scopes: tuple[str, ...] = ()
    given: str | None = None


class KindSpec(BaseModel):
    """What the language, the model and the forms know of one kind.

    `inputs` and `outputs` are JSON Schemas (draft 2020-12, objects). In `inputs` a property may carry

    - `"x-expression": true`: its text is an expression; the kind receives its value;
    - `"x-deferred": ["item", "index"]`: its text is an expression that the kind itself evaluates, over those
      names and all that the step sees; the kind receives a callable;
    - `"x-deferred-keys": true`: an object whose keys are such expressions, over the names in `x-deferred`
      where that stands beside it; the kind receives pairs;
    - `"x-secret": true`: it may not hold a secret in plain text.

    Every other text is a template: `{{ … }}` inside it is replaced before the kind sees it.
    """

    model_config = ConfigDict(frozen=True)
    type: PrimitiveType
    name: str
    lowering: Lowering
    built: bool = True
    title: str = ""
    icon: str = ""
    summary: str = Field(default="", description="When to choose it, for people and models.")
    confused_with: str = ""
    examples: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    fields: tuple[str, ...] = Field(default=(), description="Fields that it takes beside `config`.")
    inputs: dict[str, Any] = Field(default_factory=lambda: {"type": "object"})
    outputs: dict[str, Any] = Field(default_factory=lambda: {"type": "object"})
    effect: EffectRule = Effect.PURE
    target_fields: tuple[str, ...] = Field(default=(), description="Config fields that name what is touched.")
    takes_key: EffectRule | bool = Field(default=False, description="The receiver honours an idempotency key.")
    retry: Retry = Retry()
    timeout: float = Field(default=30.0, description="Seconds that one attempt may take.")
    queue: Queue = Queue.LOCAL
    connection: ConnectionNeed | None = None
    operation: dict[str, Any] | None = Field(
        default=None, description="For operations of connectors: how it is called; it travels in the plan."
    )
    credentials: dict[str, Any] = Field(
        default_factory=dict, description="For connections: JSON Schema of the secret, which never comes out."
    )
    services: tuple[str, ...] = Field(default=(), description="For connections: the services that choose it.")

    @property
    def key(self) -> str:
        """`type/name`, unique in a catalogue."""
        return f"{self.type.value}/{self.name}"


class Entry(BaseModel):
    """One operation on a shelf, in short."""

    model_config = ConfigDict(frozen=True)
    name: str = Field(description="Its kind, as in `notion.create_page`.")
    title: str
    effect: Effect
    words: str = Field(default="", description="What else it is found by.")


class Shelf(ABC):
    """The operations of one connector, loaded one at a time. `digest` names its content."""

    name: str
    title: str
    digest: str

    @abstractmethod
    def get(self, name: str) -> KindSpec | None:
        """The kind of that whole name (`notion.create_page`), or None."""

    @abstractmethod
    def entries(self) -> Sequence[Entry]:
        """All that stands here, by name."""

    @abstractmethod
    def search(self, words: str, *, limit: int) -> list[tuple[float, Entry]]:
        """What fits the words, with how well, best first."""

    @abstractmethod
    def connection(self, kinds: Mapping[str, KindSpec], *, wanted: str | None) -> KindSpec | None:
        """The connection kind of this service, taken from `kinds`, with the service's own settings and secret."""


class Catalogue(BaseModel):
    """All kinds of one installation and workspace, by `type/name`, and the shelves of connectors beside them.

    What stands on a shelf (`notion.create_page`) is loaded when it is asked for by name; `kinds` and `of_type` do
    not hold it, so thousands of operations cost nothing until one is used.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)
    kinds: Mapping[str, KindSpec]
    shelves: Mapping[str, Shelf] = Field(default_factory=dict[str, Shelf], description="By the connector's name.")

    def get(self, type_: str, name: str) -> KindSpec | None:
        """The kind of that type and name, or None."""
        if "." in name:
            shelf = self.shelves.get(name.split(".", 1)[0])
            found = None if shelf is None else shelf.get(name)
            return found if found is not None and found.type == type_ else None
        return self.kinds.get(f"{type_}/{name}")

    def of_type(self, type_: str) -> list[KindSpec]:
        """All kinds of one primitive type, by name; those of shelves are not among them."""
        return sorted((kind for kind in self.kinds.values() if kind.type == type_), key=lambda kind: kind.name)

    def connection(self, service: str, *, wanted: str | None = None) -> KindSpec | None:
        """The connection kind of a connector's service, with what that service asks for beside; None: no such one.

        `wanted` is what `credentials.type` says; left out, it is the service's first.
        """
        shelf = self.shelves.get(service)
        return None if shelf is None else shelf.connection(self.kinds, wanted=wanted)

    def with_shelves(self, shelves: Iterable[Shelf]) -> Catalogue:
        """This catalogue and more shelves; one that is there already keeps its name."""
        more = {shelf.name: shelf for shelf in shelves if shelf.name not in self.shelves}
        return Catalogue(kinds=self.kinds, shelves={**self.shelves, **more}) if more else self

    def search(self, words: str, *, limit: int = 20) -> list[Entry]:
        """Operations of all shelves that fit the words, best first."""
        found = [one for shelf in self.shelves.values() for one in shelf.search(words, limit=limit)]
        return [entry for _, entry in sorted(found, key=lambda one: (-one[0], one[1].name))[:limit]]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the kinds and the shelves' own digests: equal catalogues have equal digests."""
        body: dict[str, Any] = {key: kind.model_dump(mode="json") for key, kind in sorted(self.kinds.items())}
        body |= {f"{name}.*": shelf.digest for name, shelf in sorted(self.shelves.items())}
        return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
