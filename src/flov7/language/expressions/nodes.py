"""The tree of an expression, after all sugar is gone. Frozen; equality does not see offsets."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Literal as OneOf
from typing import TypeAlias

from flov7.language.expressions.values import Json

ComparisonOperator: TypeAlias = OneOf["==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"]
ArithmeticOperator: TypeAlias = OneOf["+", "-", "*", "/", "//", "%"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything in the tree; `offset` is where it stands in the text, `depth` how much is below it."""

    offset: int = field(default=0, compare=False)
    depth: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """null, true, false, a number or text, as written."""

    value: Json


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A root of the scope, or a loop variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`base.name`; of an object its member, and `.length` of text and lists."""

    base: Node
    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`base[index]`."""

    base: Node
    index: Node
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """`base[start:stop:step]`, each part may be left out."""

    base: Node
    start: Node | None
    stop: Node | None
    step: Node | None


@dataclass(frozen=True, slots=True)
class Method(Node):
    """`base.name(arguments)`."""

    base: Node
    name: str
    arguments: tuple[Node, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(arguments, keyword=argument)`; filters are calls too."""

    name: str
    arguments: tuple[Node, ...]
    keywords: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Items(Node):
    """`[a, b]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Object(Node):
    """`{"a": b}`."""

    pairs: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`not a`."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Sign(Node):
    """`-a` or `+a`."""

    operator: OneOf["-", "+"]
    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`left operator right`; `tight` where a minus touches both sides, as in `order-id`."""

    operator: ArithmeticOperator
    left: Node
    right: Node
    tight: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`first < second <= third`, as a chain."""

    first: Node
    rest: tuple[tuple[ComparisonOperator, Node], ...]


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`a and b and c`, or the same with `or`; gives the part that decided."""

    operator: OneOf["and", "or"]
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Coalesce(Node):
    """`a ?? b ?? c`: the first that is not null, else the last."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`then if condition else other`."""

    condition: Node
    then: Node
    other: Node


@dataclass(frozen=True, slots=True)
class Clause(Node):
    """`for targets in iterable if condition …`; several targets take a list apart."""

    targets: tuple[str, ...]
    iterable: Node
    conditions: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comprehension(Node):
    """`[element for …]`, `{key: element for …}` (with `key`), or a generator as the one argument."""

    kind: OneOf["list", "dict", "generator"]
    key: Node | None
    element: Node
    clauses: tuple[Clause, ...]


def place(node: Node, *, offset: int, depth: int) -> None:
    """Say where a new node stands. Only the parser does, before anyone else has seen the node."""
    object.__setattr__(node, "offset", offset)
    object.__setattr__(node, "depth", depth)


def children(node: Node) -> list[Node]:
    """The nodes directly below, in the order of writing."""
    found: list[Node] = []
    for part in _parts(type(node)):
        _collect(getattr(node, part), found)
    return found


@cache
def _parts(kind: type[Node]) -> tuple[str, ...]:
    return tuple(part.name for part in fields(kind) if part.compare)


def _collect(value: object, found: list[Node]) -> None:
    if isinstance(value, Node):
        found.append(value)
    elif isinstance(value, tuple):
        for item in value:
            _collect(item, found)
