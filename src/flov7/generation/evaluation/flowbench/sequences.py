"""The benchmark's python-like sequences and Flow7 documents, both ways.

A call is an action, `user_task("…")` a wait for a person, `for` a loop, `if` a condition. What a person's approval
gives is None in the benchmark where they say no.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flov7.kit.errors import Invalid

Primitive = dict[str, Any]
TASK = "user_task"
_APPROVAL = re.compile(r"\b(\w+)\.decision == '(approved|rejected)'")
_WORDS = {"null": "None", "true": "True", "false": "False"}


def to_document(lines: Sequence[str], kinds: Mapping[str, str]) -> dict[str, Any]:
    """The document of a sequence. `kinds` maps the benchmark's ids to actions. Raises Invalid for what it cannot read."""
    try:
        tree = ast.parse("\n".join(line.rstrip() for line in lines))
    except SyntaxError as error:
        raise Invalid(
            f"The sequence cannot be read: {error.msg} in line {error.lineno}.", hint="Mend the case."
        ) from error
    names: dict[str, str] = {}
    taken: set[str] = set()
    primitives = _primitives(tree.body, kinds, names, taken)
    start = {"type": "trigger", "kind": "manual", "name": "start"}
    return {"flow7": "1.0", "name": "flow", "primitives": [start, *primitives]}


def _primitives(
    body: Sequence[ast.stmt], kinds: Mapping[str, str], names: dict[str, str], taken: set[str]
) -> list[Primitive]:
    made: list[Primitive] = []
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                made.append(_call(call, kinds, _free(name, names, taken), names))
            case ast.Expr(value=ast.Call() as call):
                made.append(_call(call, kinds, _free("step", names, taken), names))
            case ast.For(target=ast.Name(id=name), iter=over):
                shown = _expression(over, names)
                item = _free(name, names, taken)
                each = _free(f"each_{name}", names, taken)
                inner = _primitives(node.body, kinds, names, taken)
                made.append({"type": "condition", "kind": "loop", "name": each, "over": shown, "as": item, "do": inner})
            case ast.If():
                test: Primitive = {"type": "condition", "kind": "if_else", "name": _free("check", names, taken),
                                   "logic": _logic(node.test, names, made)}  # fmt: skip
                test["then"] = _primitives(node.body, kinds, names, taken)
                if node.orelse:
                    test["else"] = _primitives(node.orelse, kinds, names, taken)
                made.append(test)
            case _:
                continue
    return made


def _free(name: str, names: dict[str, str], taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9_]", "_", name.lower()).strip("_") or "step"
    base = f"{base}_step" if base in ("trigger", "run", "error", "index", "start") else base
    chosen, count = base, 2
    while chosen in taken:
        chosen, count = f"{base}_{count}", count + 1
    taken.add(chosen)
    names[name] = chosen
    return chosen


def _call(call: ast.Call, kinds: Mapping[str, str], name: str, names: Mapping[str, str]) -> Primitive:
    called = call.func.id if isinstance(call.func, ast.Name) else ast.unparse(call.func)
    if called == TASK:
        text = next((str(one.value) for one in call.args if isinstance(one, ast.Constant)), "task")
        for_ = "approval" if "approv" in text.lower() else "answer"
        return {"type": "action", "kind": "wait", "name": name, "config": {"for": for_, "ask": text}}
    if called not in kinds:
        raise Invalid(
            f"The sequence calls `{called}`, which the catalogue lacks.", hint="Give the catalogue of these cases."
        )
    return {"type": "action", "kind": kinds[called], "name": name}


def _expression(node: ast.expr, names: Mapping[str, str]) -> str:
    renamed = _Renamed(names).visit(node)
    text = ast.unparse(renamed)
    return re.sub(r"\b(None|True|False)\b", lambda m: {"None": "null", "True": "true", "False": "false"}[m[0]], text)


def _logic(node: ast.expr, names: Mapping[str, str], before: Sequence[Primitive]) -> str:
    text = _expression(node, names)
    for one in before:
        if one.get("config", {}).get("for") == "approval" and text.startswith(f"{one['name']} "):
            one["config"]["on_rejected"] = "continue"
            said = "rejected" if text.endswith("== null") else "approved" if text.endswith("!= null") else None
            return f"{one['name']}.decision == '{said}'" if said else text
    return text


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:  # ast's own name for it
        """A variable's name in the document."""
        return ast.Name(id=self._names.get(node.id, node.id), ctx=node.ctx)


def to_lines(document: Mapping[str, Any], ids: Mapping[str, str]) -> list[str]:
    """The sequence of a document, as one text in a list; empty for a document without steps."""
    lines = _lines(document.get("primitives", []), ids, "")
    return ["\n".join(lines)] if lines else []


def _lines(primitives: Sequence[Primitive], ids: Mapping[str, str], indent: str) -> list[str]:
    lines: list[str] = []
    for one in primitives:
        if one.get("type") in ("trigger", "connection"):
            continue
        match one.get("kind"):
            case "loop":
                lines.append(f"{indent}for {one.get('as', 'item')} in {python(str(one.get('over')))}:")
                lines += _lines(one.get("do", []), ids, indent + "  ") or [f"{indent}  pass"]
            case "if_else" | "filter":
                lines += _test(one, ids, indent)
            case "wait":
                asked = str(one.get("config", {}).get("ask", "wait"))
                lines.append(f"{indent}{one['name']} = {TASK}({_quoted(asked)})")
            case kind:
                lines.append(f"{indent}{one['name']} = {ids.get(str(kind), str(kind))}()")
    return lines


def _test(one: Primitive, ids: Mapping[str, str], indent: str, word: str = "if") -> list[str]:
    lines = [f"{indent}{word} {python(str(one.get('logic')))}:"]
    lines += _lines(one.get("then", []), ids, indent + "  ") or [f"{indent}  pass"]
    other = one.get("else", [])
    if len(other) == 1 and other[0].get("kind") == "if_else":
        return lines + _test(other[0], ids, indent, "elif")
    if other:
        lines += [f"{indent}else:", *_lines(other, ids, indent + "  ")]
    return lines


def python(expression: str) -> str:
    """An expression of Flow7 in the benchmark's words."""
    text = _APPROVAL.sub(lambda m: f"{m[1]} {'==' if m[2] == 'rejected' else '!='} None", expression)
    parts = re.split(r"('(?:[^'\\]|\\.)*')", text)
    for at in range(0, len(parts), 2):
        parts[at] = re.sub(r"\b(null|true|false)\b", lambda m: _WORDS[m[0]], parts[at])
    return "".join(_quoted(ast.literal_eval(p)) if at % 2 else p for at, p in enumerate(parts))


def _quoted(text: str) -> str:
    shown = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{shown}"'
