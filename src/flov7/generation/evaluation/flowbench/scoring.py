"""How alike two sequences are: operations, their order and nesting, and the conditions' comparisons.

Names of variables do not count. A variable is what gave it: the call, or the loop over a call's result.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Tree = tuple[Any, ...]


def tree(lines: Sequence[str]) -> Tree | None:
    """The tree of a sequence; None where it is no sequence."""
    try:
        body = ast.parse("\n".join(line.rstrip() for line in lines)).body
    except SyntaxError:
        return None
    return _body(body, {})


def exact(first: Tree | None, second: Tree | None) -> bool:
    """Whether both are the same workflow."""
    return first is not None and first == second


def node_f1(predicted: Tree | None, expected: Tree | None) -> float:
    """F1 over calls, loops and branches with their comparisons, each counted, wherever it stands."""
    mine, theirs = Counter(_nodes(predicted or ())), Counter(_nodes(expected or ()))
    both = sum((mine & theirs).values())
    total = sum(mine.values()) + sum(theirs.values())
    return 2 * both / total if total else 1.0


def calls(node: Tree | None) -> list[str]:
    """All operations of a tree, in order."""
    return [one[1] for one in _flat(node or ()) if one[0] == "call"]


def _body(body: Sequence[ast.stmt], names: Mapping[str, str]) -> Tree:
    found: list[Tree] = []
    known = dict(names)
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=called))):
                known[name] = called
                found.append(("call", called))
            case ast.Expr(value=ast.Call(func=ast.Name(id=called))):
                found.append(("call", called))
            case ast.For(target=ast.Name(id=name), iter=over):
                source = _shown(over, known)
                inner = {**known, name: f"each {source}"}
                found.append(("loop", _body(node.body, inner)))
            case ast.If():
                found.append(("if", _test(node.test), _body(node.body, known), _body(node.orelse, known)))
            case _:
                continue
    return tuple(found)


def _test(node: ast.expr) -> str:
    """The comparison without the variable's name: its fields, its sign, its value."""
    match node:
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return f"{_field(left)} {type(sign).__name__} {_field(right)}"
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return f"not {_test(inner)}"
        case ast.BoolOp(op=op, values=values):
            return f" {type(op).__name__} ".join(_test(one) for one in values)
        case _:
            return _field(node)


def _field(node: ast.expr) -> str:
    match node:
        case ast.Attribute(value=inner, attr=name):
            before = _field(inner)
            return f"{before}.{name}" if before != "?" else f"?.{name}"
        case ast.Name():
            return "?"
        case ast.Constant(value=value):
            return repr(value)
        case _:
            return ast.unparse(node)


def _shown(node: ast.expr, names: Mapping[str, str]) -> str:
    return names.get(node.id, "?") if isinstance(node, ast.Name) else ast.unparse(node)


def _flat(node: Tree) -> list[Tree]:
    found: list[Tree] = []
    for one in node:
        found.append(one)
        for inner in one[1:]:
            if isinstance(inner, tuple):
                found += _flat(inner)
    return found


def _nodes(node: Tree) -> list[str]:
    shown: list[str] = []
    for one in _flat(node):
        match one[0]:
            case "call":
                shown.append(f"call {one[1]}")
            case "if":
                shown.append(f"if {one[1]}")
            case _:
                shown.append("loop")
    return shown
