"""The catalogue: which kinds exist and what the language must know of each. Derived from the registry.

The language never imports a kind; it is told about kinds through this frozen value. A kind that is not built
yet is here by name, with `built` false: `validate` warns about it and activation refuses it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
    """The connection that a kind takes: by kinds and services, but never those `without`; `scopes` is the least."""

    model_config = ConfigDict(frozen=True)
    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    required: bool = False
    scopes: tuple[str, ...] = ()


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
    credentials: dict[str, Any] = Field(
        default_factory=dict, description="For connections: JSON Schema of the secret, which never comes out."
    )
    services: tuple[str, ...] = Field(default=(), description="For connections: the services that choose it.")

    @property
    def key(self) -> str:
        """`type/name`, unique in a catalogue."""
        return f"{self.type.value}/{self.name}"


class Catalogue(BaseModel):
    """All kinds of one installation (and, later, workspace), by `type/name`."""

    model_config = ConfigDict(frozen=True)
    kinds: Mapping[str, KindSpec]

    def get(self, type_: str, name: str) -> KindSpec | None:
        """The kind of that type and name, or None."""
        return self.kinds.get(f"{type_}/{name}")

    def of_type(self, type_: str) -> list[KindSpec]:
        """All kinds of one primitive type, by name."""
        return sorted((kind for kind in self.kinds.values() if kind.type == type_), key=lambda kind: kind.name)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON: equal catalogues have equal digests."""
        body = {key: kind.model_dump(mode="json") for key, kind in sorted(self.kinds.items())}
        return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
