"""The plan: what will run. Frozen and self-contained, so that a run can be explained years later.

Equal documents under an equal catalogue and library give equal plans, byte for byte (`Plan.to_bytes`).
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from flov7.language.catalogue import Lowering, Queue, Retry
from flov7.language.effects import Effect, EffectLine

PLAN_VERSION = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FromPayload(_Frozen):
    """The trigger's payload, or one field of it."""

    source: Literal["payload"] = "payload"
    field: str | None = None


class FromStep(_Frozen):
    """The output of a primitive; `errors` reads its handled failure instead."""

    source: Literal["step"] = "step"
    step: str
    errors: bool = False


class FromMapping(_Frozen):
    """A name that mappings set: the values of all that ran, laid over one another in this order."""

    source: Literal["mapping"] = "mapping"
    steps: tuple[str, ...]


class FromLoop(_Frozen):
    """The item of a loop, or with `index` its count from 0."""

    source: Literal["loop"] = "loop"
    loop: str
    index: bool = False


class FromRun(_Frozen):
    """`trigger`, `run`, or the `error` that a handler sees."""

    source: Literal["run"] = "run"
    what: Literal["trigger", "run", "error"]


Binding = Annotated[FromPayload | FromStep | FromMapping | FromLoop | FromRun, Field(discriminator="source")]


class Template(_Frozen):
    """A JSON tree with expressions in it, and where each name in them comes from.

    `tree` is what was written. `marks` says for a JSON pointer into it how its text is read: `expression`
    (an expression, evaluated), `deferred` and `deferred-keys` (given to the kind to evaluate). Other texts are
    templates. `bindings` says for each root name where its value comes from.
    """

    tree: Any
    marks: dict[str, str] = {}
    bindings: dict[str, Binding] = {}


class Choice(_Frozen):
    """A condition of the same list and the side of it that starts a node."""

    condition: str
    side: str


class Loop(_Frozen):
    """How a loop goes round: `form` names the field that holds its expression."""

    form: Literal["over", "while", "until"]
    item: str
    concurrency: int = 1
    max_iterations: int
    test: Template
    collect: Template | None = None


class Child(_Frozen):
    """Another workflow: the version that was current when this was compiled."""

    workflow: str
    workflow_id: str | None = None
    version: int | None = None
    plan: str | None = Field(default=None, description="Digest of the child's plan.")
    wait: bool = True


class Node(_Frozen):
    """One primitive, ready to run."""

    name: str
    pointer: str
    type: str
    kind: str
    lowering: Lowering
    deps: tuple[str, ...] = ()
    chosen_by: tuple[Choice, ...] = ()
    handles: tuple[str, ...] = ()
    when: Template | None = None
    on_error: str = "fail"
    inputs: Template
    connection: str | None = None
    effect: Effect = Effect.PURE
    takes_key: bool = False
    retry: Retry = Retry(max_attempts=1)
    timeout: float = 30.0
    queue: Queue = Queue.LOCAL
    sides: dict[str, str] = Field(default={}, description="Flat sides: label to the node that it starts.")
    blocks: dict[str, Block] = Field(default={}, description="Nested sides by label; a loop's body is `do`.")
    gate: bool = Field(default=False, description="Where it says no, what waits for it is skipped.")
    loop: Loop | None = None
    child: Child | None = None
    operation: dict[str, Any] | None = Field(default=None, description="How a connector's operation is called.")
    outputs: str | None = Field(default=None, description="Digest of its output schema, in the plan's schemas.")


class Block(_Frozen):
    """One list: its nodes in list order, and which of them nothing of the list waits for."""

    nodes: tuple[Node, ...] = ()
    open_ends: tuple[str, ...] = ()


class TriggerNode(_Frozen):
    """How a run may begin."""

    name: str
    pointer: str
    kind: str
    config: dict[str, Any] = {}
    connection: str | None = None
    operation: dict[str, Any] | None = Field(
        default=None, description="How a connector's operation is called that the trigger asks again and again."
    )
    when: Template | None = None
    event_id: Template | None = None


class Part(_Frozen):
    """The triggers that share one list, and that list."""

    triggers: tuple[TriggerNode, ...]
    block: Block


class Credential(_Frozen):
    """A connection that the document declares; the secret itself is looked up at run time."""

    name: str
    kind: str
    service: str
    config: dict[str, Any] = {}
    credentials: dict[str, Any] = {}
    secret: str


class Check(_Frozen):
    """One expectation."""

    name: str
    test: Template


class Plan(_Frozen):
    """What will run, whole."""

    version: int = PLAN_VERSION
    name: str
    document: str = Field(description="Digest of the canonical document.")
    catalogue: str = Field(description="Digest of the catalogue.")
    mode: Literal["durable", "express"] = "durable"
    timeout: float | None = None
    inputs: dict[str, Any] | None = None
    parts: tuple[Part, ...]
    connections: dict[str, Credential] = {}
    expect: tuple[Check, ...] = ()
    output: Template | None = None
    schemas: dict[str, dict[str, Any]] = {}
    manifest: tuple[EffectLine, ...] = ()

    def to_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, every default written out."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)

    @classmethod
    def from_bytes(cls, body: bytes) -> Plan:
        """The plan that `to_bytes` wrote."""
        return cls.model_validate_json(body)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `to_bytes`, in hex."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def part_of(self, trigger: str) -> Part | None:
        """The part that a trigger opens, or None."""
        return next((part for part in self.parts if any(one.name == trigger for one in part.triggers)), None)


Node.model_rebuild()
