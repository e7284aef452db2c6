"""The document: what a person means, in five primitives. Frozen once read."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flov7.language.catalogue import PrimitiveType

VERSION = "1.0"
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
RESERVED = frozenset(["trigger", "run", "error", "index"])
SIDE_FIELDS = ("if_true", "if_false", "then", "else", "cases", "default")
UNTITLED = "untitled"

Json = Any
Expression = Annotated[str | bool, Field(description="An expression, with or without {{ }} around the whole.")]
Duration = Annotated[str | int | float, Field(description="`30s` `5m` `2h` `2d`, ISO 8601, or seconds.")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, strict=True)


class RetrySetting(_Part):
    """A primitive's own retry policy, where it differs from its kind's."""

    max_attempts: int | None = Field(default=None, ge=1, le=1000, description="The first attempt counts too.")
    initial: Duration | None = Field(default=None, description="Wait before the second attempt.")
    factor: float | int | None = Field(default=None, ge=1, le=100, description="Each wait is this much longer.")
    maximum: Duration | None = Field(default=None, description="No wait is longer.")


class _Primitive(_Part):
    name: str = Field(description="Unique in the document, snake_case; also the name of its output.")
    kind: str | None = None
    description: str | None = None
    config: dict[str, Json] | None = None
    after: list[str] | None = Field(default=None, description="What of the same list it waits for.")
    when: Expression | None = Field(default=None, description="Not true: this one is passed over.")
    connection: str | None = None
    retry: RetrySetting | None = None
    timeout: Duration | None = None
    on_error: str | None = Field(default=None, description="`fail`, `continue`, or the name of the handler.")


class Trigger(_Primitive):
    """When should this start?"""

    type: Literal["trigger"]


class Action(_Primitive):
    """What should happen?"""

    type: Literal["action"]


class Connection(_Primitive):
    """How to connect?"""

    type: Literal["connection"]
    service: str | None = None
    credentials: dict[str, Json] | None = None


class Condition(_Primitive):
    """Should this execute, which way, how often?"""

    type: Literal["condition"]
    logic: Expression | None = None
    if_true: str | None = None
    if_false: str | None = None
    then: list[Primitive] | None = None
    else_: list[Primitive] | None = Field(default=None, alias="else")
    on: Expression | None = None
    cases: dict[str, str | list[Primitive]] | None = None
    default: str | list[Primitive] | None = None
    over: Json = None
    as_: str | None = Field(default=None, alias="as")
    do: list[Primitive] | None = None
    while_: Expression | None = Field(default=None, alias="while")
    until: Expression | None = None
    concurrency: int | None = Field(default=None, ge=1, le=1000)
    max_iterations: int | None = Field(default=None, ge=1, le=1_000_000)
    collect: Json = None
    left: Json = None
    op: str | None = None
    right: Json = None
    value: Json = None
    pattern: str | None = None
    path: str | None = None


class Data(_Primitive):
    """What flows between steps?"""

    type: Literal["data"]
    mapping: dict[str, str] | None = None


Primitive = Annotated[Trigger | Action | Connection | Condition | Data, Field(discriminator="type")]


class Expectation(_Part):
    """What must be true when a run has ended well."""

    name: str
    check: Expression


class Document(_Part):
    """A Flow7 document, in the order in which it is printed."""

    flow7: str = VERSION
    name: str = UNTITLED
    description: str | None = None
    mode: Literal["durable", "express"] = "durable"
    timeout: Duration | None = Field(default=None, description="The whole run may take this long.")
    inputs: dict[str, Json] | None = Field(default=None, description="JSON Schema of the trigger's payload.")
    primitives: list[Primitive]
    expect: list[Expectation] | None = None
    output: Json = None

    @property
    def is_fragment(self) -> bool:
        """A list without a trigger: what it leaves open is a warning until it runs."""
        return not any(one.type == PrimitiveType.TRIGGER for one in self.primitives)


Condition.model_rebuild()
Document.model_rebuild()

AnyPrimitive = Trigger | Action | Connection | Condition | Data

COMMON_FIELDS = frozenset(
    [
        "type",
        "kind",
        "name",
        "description",
        "config",
        "after",
        "when",
        "connection",
        "retry",
        "timeout",
        "on_error",
    ]
)
BESIDE_CONFIG = frozenset(
    ["logic", "if_true", "if_false", "on", "cases", "default", "then", "else", "over", "as", "do", "while", "until",
     "concurrency", "max_iterations", "collect", "left", "op", "right", "value", "pattern", "path", "mapping",
     "service", "credentials"]
)  # fmt: skip


def beside(primitive: AnyPrimitive) -> dict[str, Json]:
    """The fields that stand beside `config` and are set, by their wire names."""
    dumped = primitive.model_dump(by_alias=True, exclude_none=True)
    return {key: value for key, value in dumped.items() if key in BESIDE_CONFIG}


def nested_lists(primitive: AnyPrimitive) -> list[tuple[str, tuple[str | int, ...], list[AnyPrimitive]]]:
    """Nested lists of a condition: `(label, path below the primitive, list)`; label is the side or `do`."""
    if not isinstance(primitive, Condition):
        return []
    found: list[tuple[str, tuple[str | int, ...], list[AnyPrimitive]]] = []
    if primitive.then is not None:
        found.append(("if_true", ("then",), list(primitive.then)))
    if primitive.else_ is not None:
        found.append(("if_false", ("else",), list(primitive.else_)))
    for label, side in (primitive.cases or {}).items():
        if isinstance(side, list):
            found.append((label, ("cases", label), list(side)))
    if isinstance(primitive.default, list):
        found.append(("default", ("default",), list(primitive.default)))
    if primitive.do is not None:
        found.append(("do", ("do",), list(primitive.do)))
    return found


def flat_sides(primitive: AnyPrimitive) -> list[tuple[str, tuple[str | int, ...], str]]:
    """Sides that are named: `(label, path below the primitive, name)`."""
    if not isinstance(primitive, Condition):
        return []
    found: list[tuple[str, tuple[str | int, ...], str]] = []
    for label in ("if_true", "if_false"):
        name = getattr(primitive, label)
        if name is not None:
            found.append((label, (label,), name))
    for label, side in (primitive.cases or {}).items():
        if isinstance(side, str):
            found.append((label, ("cases", label), side))
    if isinstance(primitive.default, str):
        found.append(("default", ("default",), primitive.default))
    return found
