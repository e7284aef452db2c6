"""Changes a node a little, in ways that its tests must notice: the worth of tests is what they catch."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator

MOST = 24
_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip


def of_code(code: str) -> list[str]:
    """At most `MOST` changed versions of the code, spread over all of it; docstrings are left alone."""
    tree = ast.parse(code)
    made: list[str] = []
    for at, node in enumerate(ast.walk(tree)):
        for turn in range(_ways(node)):
            changed = copy.deepcopy(tree)
            _change(next(other for n, other in enumerate(ast.walk(changed)) if n == at), turn)
            made.append(ast.unparse(ast.fix_missing_locations(changed)))
    plain = ast.unparse(tree)
    different = [one for one in dict.fromkeys(made) if one != plain]
    step = max(1, -(-len(different) // MOST))
    return different[::step]


def of_outputs(code: str, outputs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """For each declared output the code with that output's value taken away, or turned into another."""
    for name in outputs:
        yield (
            name,
            (
                f"{code}\n\n_run_as_written = run\n\n\ndef run(inputs):\n    made = dict(_run_as_written(inputs))\n"
                f"    made[{name!r}] = ['changed', made.get({name!r})]\n    return made\n"
            ),
        )


def _ways(node: ast.AST) -> int:
    """In how many ways a node of the tree can be changed."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARED:
            return 1
        case ast.BinOp(op=op) if type(op) in _COMPUTED:
            return 1
        case ast.BoolOp() | ast.If() | ast.IfExp():
            return 1
        case ast.Constant(value=value) if isinstance(value, bool | int | float):
            return 1
        case ast.Return(value=value) if value is not None:
            return 1
        case _:
            return 0


def _change(node: ast.AST, turn: int) -> None:
    del turn
    match node:
        case ast.Compare(ops=[op]):
            node.ops = [_COMPARED[type(op)]()]
        case ast.BinOp(op=op):
            node.op = _COMPUTED[type(op)]()
        case ast.BoolOp(op=op):
            node.op = ast.Or() if isinstance(op, ast.And) else ast.And()
        case ast.If(test=test) | ast.IfExp(test=test):
            node.test = ast.UnaryOp(op=ast.Not(), operand=test)
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=value):
            node.value = value + 1  # pyright: ignore[reportOperatorIssue] - `_ways` lets only numbers come here
        case ast.Return():
            node.value = ast.Constant(value=None)
        case _:
            return
