"""Reads a node's code before it runs anywhere: what it imports and calls, how long it is. The cage is the wall, this
the sign on the door: it says early, and in words, what would fail inside, or what nobody would want to review.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

LONGEST = 20_000
IMPORTS = frozenset(
    [
        "base64",
        "bisect",
        "calendar",
        "collections",
        "copy",
        "csv",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "hmac",
        "html",
        "io",
        "itertools",
        "json",
        "math",
        "numbers",
        "operator",
        "random",
        "re",
        "statistics",
        "string",
        "textwrap",
        "time",
        "typing",
        "unicodedata",
        "urllib.parse",
        "uuid",
        "zoneinfo",
        "__future__",
    ]
)
_CALLS = frozenset(
    [
        "eval",
        "exec",
        "compile",
        "open",
        "input",
        "breakpoint",
        "__import__",
        "globals",
        "locals",
        "vars",
        "getattr",
        "setattr",
        "delattr",
        "memoryview",
    ]
)
_MEMBERS = frozenset(["__init__", "__post_init__", "__name__", "__eq__", "__lt__", "__hash__", "__repr__", "__str__"])


def problems(code: str, *, tests: bool = False) -> list[str]:
    """What is wrong with a node's code, each with its line; empty where it may be tried in the cage."""
    if len(code) > LONGEST:
        return [f"it has {len(code):,} characters, at most {LONGEST:,} are taken"]
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        return [f"line {line}: {getattr(error, 'msg', error)}" if line else str(error)]
    found = [problem for node in ast.walk(tree) for problem in _of(node)]
    if not tests and not _has_run(tree):
        found.append("there is no `def run(inputs)` that takes one argument")
    if tests and not any(isinstance(one, ast.FunctionDef) and one.name.startswith("test_") for one in tree.body):
        found.append("there is no test: functions are named `test_…`")
    return found


def _of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (_import(node.lineno, one.name) for one in names if one.name not in IMPORTS)
        case ast.ImportFrom(module=module):
            if node.level or (module or "") not in IMPORTS:
                yield _import(node.lineno, module or ".")
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            yield f"line {node.lineno}: `{name}` may not be called"
        case ast.Attribute(attr=name) if name.startswith("__") and name not in _MEMBERS:
            yield f"line {node.lineno}: `{name}` may not be looked at"
        case ast.Name(id=name) if name.startswith("__") and name not in _MEMBERS:
            yield f"line {node.lineno}: `{name}` may not be used"
        case _:
            return


def _import(line: int, name: str) -> str:
    return f"line {line}: `{name}` may not be imported; there are {', '.join(sorted(IMPORTS - {'__future__'}))}"


def _has_run(tree: ast.Module) -> bool:
    return any(
        isinstance(one, ast.FunctionDef) and one.name == "run" and len(one.args.args) == 1 and not one.args.kwonlyargs
        for one in tree.body
    )
