"""What a kind's file declares, and what a call of it gets.

A kind is one file, `primitives/<type>s/<kind>.py` (`data` keeps its name), or a folder of that name. Its place
is its name. In it, top to bottom: a docstring (the reference page), `Inputs` and `Outputs`, one `run`, and
`KIND`. By what it is lowered to, `run` is

- `call`: `async run(context, inputs) -> Outputs`
- `pure`: `run(inputs) -> Outputs`
- `test`: `run(inputs) -> Decision`
- `loop`, `wait`, `child`, `start`: there is none, the engine does it (a `child` that also runs code has one for that)
- `credential`: `async run(context) -> Checked` tests the connection, `Credentials` is the shape of its secret

A kind sees its context and its inputs: never the store, the account or the settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from flov7.language.catalogue import ConnectionNeed, Lowering, Queue, Retry
from flov7.language.effects import Effect, EffectRule
from flov7.primitives.caging import Caged, NoCage
from flov7.primitives.files import Files, NoFiles
from flov7.primitives.links import Links, NoLinks
from flov7.primitives.marks import (
    KEYED,
    AnyOutput,
    Bound,
    Json,
    KindInputs,
    KindOutputs,
    deferred,
    deferred_keys,
    expression,
    secret,
)
from flov7.primitives.memory import Memory, NoMemory
from flov7.primitives.thinking import NoThinker, Thinker
from flov7.primitives.turns import LocalTurns, Turns

if TYPE_CHECKING:
    import httpx

    from flov7.primitives.outside import Outside

__all__ = [
    "KEYED",
    "AnyOutput",
    "Bound",
    "Cache",
    "Checked",
    "ConnectionValue",
    "Context",
    "Decision",
    "Json",
    "Kind",
    "KindInputs",
    "KindOutputs",
    "Known",
    "Log",
    "deferred",
    "deferred_keys",
    "expression",
    "secret",
]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a condition found: its output, and the side that it chose (None: no side fits).

    `side` is `if_true`, `if_false`, the key of a case, or `default`.
    """

    output: dict[str, Json]
    side: str | None


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The result of testing a connection: whether it works, what was seen, and the mend."""

    ok: bool
    message: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class ConnectionValue:
    """A connection with its secret opened. It lives as long as one call and is never printed whole."""

    name: str
    kind: str
    service: str | None = None
    config: Mapping[str, Json] = field(default_factory=dict[str, Json])
    credential: Mapping[str, Json] = field(default_factory=dict[str, Json], repr=False)


class Log(Protocol):
    """Structured log of one step."""

    def info(self, event: str, **fields: Json) -> Any:
        """Something worth telling."""
        ...

    def warning(self, event: str, **fields: Json) -> Any:
        """Something that a person should look at."""
        ...


class Cache(Protocol):
    """What one run remembers between calls; it may forget at any time."""

    async def get(self, key: str) -> Json | None:
        """The value under `key`, or None."""
        ...

    async def set(self, key: str, value: Json) -> None:
        """Keep `value` until the run ends."""
        ...


@dataclass(frozen=True, kw_only=True)
class Context:
    """All that a call gets beside its inputs.

    `idempotency_key` is set on a call that changes something and is equal in every attempt. `connection` is
    the step's own, `default_mail` the workspace's for mail, `connections` those that the plan allows, by name.
    `deadline` is on `time.monotonic()`. `files` holds the bytes of the files that are named in the inputs,
    `links` the addresses by which people answer steps that wait, `memory` what outlives the run, `turns` when the next
    request may go where a service counts them, `thinker` asks models,
    `cage` runs foreign code.
    """

    execution_id: str
    step: str
    attempt: int
    outside: Outside
    log: Log
    cache: Cache
    heartbeat: Callable[[Json], None]
    deadline: float
    idempotency_key: str | None = None
    connection: ConnectionValue | None = None
    default_mail: ConnectionValue | None = None
    connections: Mapping[str, ConnectionValue] = field(default_factory=dict[str, ConnectionValue])
    files: Files = field(default_factory=NoFiles)
    links: Links = field(default_factory=NoLinks)
    memory: Memory = field(default_factory=NoMemory)
    turns: Turns = field(default_factory=LocalTurns)
    thinker: Thinker = field(default_factory=NoThinker)
    cage: Caged = field(default_factory=NoCage)

    def remaining(self) -> float:
        """Seconds that are left to this attempt, never less than 0."""
        return max(0.0, self.deadline - time.monotonic())

    def http(self) -> httpx.AsyncClient:
        """A guarded HTTP client: private addresses are refused, also behind redirects and rebound names."""
        return self.outside.client(timeout=self.remaining())


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The declaration of one kind, for people, models and the engine. Type and name come from its place."""

    title: str
    icon: str
    summary: str
    """When to choose it."""
    examples: tuple[str, ...]
    """Sentences that ask for it."""
    lowering: Lowering
    confused_with: str = ""
    synonyms: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    """Fields that it takes beside `config`."""
    effect: EffectRule = Effect.PURE
    target_fields: tuple[str, ...] = ()
    takes_key: EffectRule | bool = False
    """Whether the receiver honours our key; a rule counts as yes where its effect is repeatable."""
    retry: Retry = field(default_factory=Retry)
    timeout: float = 30.0
    queue: Queue = Queue.LOCAL
    """Where a call runs; a local one whose time limit is over 5 s goes to `actions` by itself."""
    connection: ConnectionNeed | None = None
    services: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Known:
    """A kind that is known by name and not built yet: `validate` warns, activation refuses."""

    title: str
    summary: str
    lowering: Lowering
    fields: tuple[str, ...] = ()
    effect: EffectRule = Effect.PURE
    services: tuple[str, ...] = ()
    queue: Queue = Queue.LOCAL
    synonyms: tuple[str, ...] = ()
