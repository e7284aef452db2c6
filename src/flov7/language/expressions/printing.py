"""The one way to write a tree: canonical text, which reads back as the same tree."""

from __future__ import annotations

import json
import re
from typing import Final

from flov7.language.expressions import nodes as n
from flov7.language.expressions.values import Json

WORD: Final = re.compile(r"[^\W\d]\w*")
RESERVED: Final = frozenset(
    {"and", "or", "not", "in", "is", "if", "else", "for", "lambda", "await", "yield"}
    | {"true", "false", "null", "True", "False", "None", "undefined"}
)
"""Words that cannot begin a path; behind a dot they are members like any other."""

CHOICE, OR, AND, NOT, COMPARE, COALESCE, SUM, PRODUCT, SIGN, POSTFIX = range(10)
"""How tightly things bind, loosest first."""

_ARITHMETIC: Final = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT}


def is_word(text: str) -> bool:
    """Whether it can stand behind a dot as it is."""
    return bool(WORD.fullmatch(text)) and not (text.startswith("__") and text.endswith("__") and len(text) > 4)


def binding(operator: str) -> int:
    """How tightly an arithmetic operator binds."""
    return _ARITHMETIC[operator]


def print_node(node: n.Node, *, within: int = CHOICE) -> str:
    """Canonical text of a node, in brackets where what stands around it binds more tightly than `within`."""
    text, level = _print(node)
    return f"({text})" if level < within else text


def constant(value: Json) -> str:
    """A constant as it is written: JSON."""
    return json.dumps(value, ensure_ascii=False)


def _print(node: n.Node) -> tuple[str, int]:  # one case per node
    match node:
        case n.Constant(value=value):
            negative = isinstance(value, int | float) and not isinstance(value, bool) and constant(value)[0] == "-"
            return constant(value), SIGN if negative else POSTFIX
        case n.Name(name=name):
            return name, POSTFIX
        case n.Member(base=base, name=name, optional=optional):
            return f"{_base(base)}{'?.' if optional else '.'}{name}", POSTFIX
        case n.Index(base=base, index=index, optional=optional):
            return f"{_base(base)}{'?.' if optional else ''}[{print_node(index)}]", POSTFIX
        case n.Slice(base=base, start=start, stop=stop, step=step):
            parts = [print_node(part) if part else "" for part in (start, stop)]
            parts += [print_node(step)] if step else []
            return f"{_base(base)}[{':'.join(parts)}]", POSTFIX
        case n.Method(base=base, name=name, arguments=arguments, optional=optional):
            return f"{_base(base)}{'?.' if optional else '.'}{name}({_list(arguments)})", POSTFIX
        case n.Call(name=name, arguments=arguments, keywords=keywords):
            named = [f"{key}={print_node(value)}" for key, value in keywords]
            return f"{name}({', '.join([*map(print_node, arguments), *named])})", POSTFIX
        case n.Items(items=items):
            return f"[{_list(items)}]", POSTFIX
        case n.Object(pairs=pairs):
            return "{" + ", ".join(f"{print_node(k)}: {print_node(v)}" for k, v in pairs) + "}", POSTFIX
        case n.Comprehension():
            return _comprehension(node), POSTFIX
        case _:
            return _operation(node)


def _operation(node: n.Node) -> tuple[str, int]:
    match node:
        case n.Not(operand=operand):
            return f"not {print_node(operand, within=NOT)}", NOT
        case n.Sign(operator=operator, operand=operand):
            return f"{operator}{print_node(operand, within=SIGN)}", SIGN
        case n.Arithmetic(operator=operator, left=left, right=right):
            level = binding(operator)
            return f"{print_node(left, within=level)} {operator} {print_node(right, within=level + 1)}", level
        case n.Comparison(first=first, rest=rest):
            text = print_node(first, within=COALESCE)
            return text + "".join(f" {o} {print_node(part, within=COALESCE)}" for o, part in rest), COMPARE
        case n.Logic(operator=operator, parts=parts):
            level = OR if operator == "or" else AND
            return f" {operator} ".join(print_node(part, within=level + 1) for part in parts), level
        case n.Coalesce(parts=parts):
            return " ?? ".join(print_node(part, within=SUM) for part in parts), COALESCE
        case n.Choice(condition=condition, then=then, other=other):
            sides = print_node(then, within=OR), print_node(condition, within=OR), print_node(other)
            return f"{sides[0]} if {sides[1]} else {sides[2]}", CHOICE
        case _:
            raise AssertionError(f"{type(node).__name__} has no text of its own")


def _base(node: n.Node) -> str:
    # a bare number would take the dot for its own
    text = print_node(node, within=POSTFIX)
    bare_number = isinstance(node, n.Constant) and text[0].isdigit()
    return f"({text})" if bare_number else text


def _list(items: tuple[n.Node, ...]) -> str:
    return ", ".join(map(print_node, items))


def _comprehension(node: n.Comprehension) -> str:
    head = print_node(node.element)
    if node.key is not None:
        head = f"{print_node(node.key)}: {head}"
    for clause in node.clauses:
        head += f" for {', '.join(clause.targets)} in {print_node(clause.iterable, within=OR)}"
        head += "".join(f" if {print_node(condition, within=OR)}" for condition in clause.conditions)
    return {"list": f"[{head}]", "dict": f"{{{head}}}", "generator": head}[node.kind]
