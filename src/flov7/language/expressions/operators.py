"""Arithmetic and comparison on values that are there already, with errors that name what was written."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final, NoReturn, assert_never

from flov7.language.expressions import nodes as n
from flov7.language.expressions.errors import ExpressionError
from flov7.language.expressions.printing import print_node
from flov7.language.expressions.values import (
    LONG_TEXT,
    NUMBERS,
    Frame,
    Json,
    checked,
    equal,
    is_number,
    kind_of,
)

ORDER: Final[dict[str, Callable[[Json, Json], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMERIC: Final[dict[str, Callable[[Json, Json], Json]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


def describe(node: n.Node, value: Json) -> str:
    """What was written and what it is: "order.total is null", "'x' is text"."""
    written = print_node(node)
    if isinstance(node, n.Constant):
        return written if value is None or isinstance(value, bool) else f"{written[:60]} is {kind_of(value)}"
    return f"{written if len(written) < 80 else written[:77] + '…'} is {kind_of(value)}"


def null_hint(node: n.Node, *, example: str) -> str:
    """The mend for a null: check the name, or give a default."""
    return f"check the path, or give a default: default({print_node(node)[:80]}, {example})"


def compute(frame: Frame, node: n.Arithmetic, left: Json, right: Json) -> Json:
    """`left operator right` for numbers, and `+` and `*` for text and lists; raises where it has no meaning."""
    kinds = type(left), type(right)
    if kinds[0] in NUMBERS and kinds[1] in NUMBERS:
        if node.operator in ("/", "//", "%") and right == 0:
            raise ExpressionError(
                f"division by zero: {print_node(node)}",
                code="expression.arithmetic",
                hint=f"test it first: … if {print_node(node.right)} != 0 else 0",
                offset=node.offset,
            )
        try:
            return checked(_NUMERIC[node.operator](left, right))
        except OverflowError:
            return checked(float("inf"))
    if node.operator == "+" and kinds in ((str, str), (list, list)):
        frame.budget.grow(len(left) + len(right))
        return left + right
    if node.operator == "*" and set(kinds) in ({str, int}, {list, int}):
        many, times = (left, right) if kinds[1] is int else (right, left)
        frame.budget.grow(len(many) * max(0, times))
        return many * times
    return _refuse(node, left, right)


def _refuse(node: n.Arithmetic, left: Json, right: Json) -> NoReturn:
    for part, value in ((node.left, left), (node.right, right)):
        if value is None:
            example = '""' if isinstance(left, str) or isinstance(right, str) else "0"
            hint = null_hint(part, example=example)
            if node.tight:
                hint += f'; a name with a hyphen is read with ["{_tail(node.left)}-{_head(node.right)}"]'
            raise ExpressionError(
                f"{node.operator} needs values, but {describe(part, None)}",
                code="expression.null",
                hint=hint,
                offset=node.offset,
            )
    hint = ""
    if node.operator == "+" and (isinstance(left, str) or isinstance(right, str)):
        other = print_node(node.right if isinstance(left, str) else node.left)
        text = print_node(node.left if isinstance(left, str) else node.right)
        hint = f"for text write str({other}); to add numbers write number({text})"
        if isinstance(node.left, n.Constant) or isinstance(node.right, n.Constant):
            hint = f"write str({other}) where text is meant"
    elif node.operator == "+" and isinstance(left, dict) and isinstance(right, dict):
        hint = f"write merge({print_node(node.left)}, {print_node(node.right)})"
    elif (isinstance(left, str) and is_number(right)) or (isinstance(right, str) and is_number(left)):
        hint = f"turn the text into a number: number({print_node(node.left if isinstance(left, str) else node.right)})"
    raise ExpressionError(
        f"{node.operator} cannot join these: {describe(node.left, left)} and {describe(node.right, right)}",
        code="expression.type",
        hint=hint,
        offset=node.offset,
    )


def _tail(node: n.Node) -> str:
    return node.name if isinstance(node, n.Name | n.Member) else print_node(node)


def _head(node: n.Node) -> str:
    while isinstance(node, n.Member | n.Index | n.Method):
        node = node.base
    return print_node(node)


def ordered(frame: Frame, sign: str, left: Json, right: Json) -> bool | None:
    """`left < right` and its like for two numbers or two texts; None where they have no order."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return ORDER[sign](left, right)
    if type(left) is str and type(right) is str:
        if len(left) > LONG_TEXT:
            frame.budget.spend(len(left) // LONG_TEXT)
        return ORDER[sign](left, right)
    return None


def contains(frame: Frame, part: Json, whole: Json) -> bool | None:
    """`part in whole`: text in text, element in list, member in object; None where it has no meaning."""
    if isinstance(whole, str):
        if not isinstance(part, str):
            return None
        frame.budget.spend((len(whole) + len(part)) // LONG_TEXT)
        return part in whole
    if isinstance(whole, dict):
        return part in whole if isinstance(part, str) else str(part) in whole if type(part) is int else None
    if isinstance(whole, list):
        frame.budget.spend(len(whole))
        return any(equal(frame, item, part) for item in whole)
    return None


def compare(frame: Frame, sign: n.ComparisonOperator, left: Json, right: Json, *, nodes: tuple[n.Node, n.Node]) -> bool:
    """One link of a comparison chain; raises `expression.null` or `expression.type`, naming the path."""
    match sign:
        case "==" | "is":
            return equal(frame, left, right)
        case "!=" | "is not":
            return not equal(frame, left, right)
        case "<" | "<=" | ">" | ">=":
            if (result := ordered(frame, sign, left, right)) is None:
                _not_ordered(sign, (left, right), nodes)
            return result
        case "in" | "not in":
            if (result := contains(frame, left, right)) is None:
                _not_in(sign, (left, right), nodes)
            return result if sign == "in" else not result
        case _:
            assert_never(sign)


def _not_ordered(sign: str, values: tuple[Json, Json], nodes: tuple[n.Node, n.Node]) -> NoReturn:
    for node, value in zip(nodes, values, strict=True):
        if value is None:
            raise ExpressionError(
                f"{sign} needs two values to compare, but {describe(node, None)}",
                code="expression.null",
                hint=null_hint(node, example="0"),
                offset=node.offset,
            )
    hint = "compare numbers with numbers, and text with text"
    for node, value, other in ((nodes[0], values[0], values[1]), (nodes[1], values[1], values[0])):
        if isinstance(value, str) and is_number(other):
            hint = f"turn the text into a number: number({print_node(node)})"
    described = " and ".join(describe(node, value) for node, value in zip(nodes, values, strict=True))
    raise ExpressionError(
        f"{sign} cannot compare these: {described}", code="expression.type", hint=hint, offset=nodes[0].offset
    )


def _not_in(sign: str, values: tuple[Json, Json], nodes: tuple[n.Node, n.Node]) -> NoReturn:
    part, whole = values
    if whole is None:
        raise ExpressionError(
            f"{sign} needs something to look into, but {describe(nodes[1], None)}",
            code="expression.null",
            hint=null_hint(nodes[1], example="[]"),
            offset=nodes[1].offset,
        )
    raise ExpressionError(
        f"{sign} has no meaning here: {describe(nodes[0], part)} and {describe(nodes[1], whole)}",
        code="expression.null" if part is None else "expression.type",
        hint="look for text in text, for an element in a list, for a name in an object",
        offset=nodes[0].offset,
    )
