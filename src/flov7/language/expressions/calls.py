"""Calling functions and methods: arguments are bound while compiling, errors are told about what was written."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NoReturn

from flov7.language.expressions import nodes as n
from flov7.language.expressions.errors import ExpressionError, WrongValue
from flov7.language.expressions.functions import FUNCTIONS, Function
from flov7.language.expressions.methods import METHOD_NAMES, METHODS
from flov7.language.expressions.operators import describe, null_hint
from flov7.language.expressions.printing import print_node
from flov7.language.expressions.values import Frame, Json, kind_of

_MENDS = {
    "map": "write [x.name for x in items], or pluck(items, 'name')",
    "filter": "write [x for x in items if x.total > 1], or where(items, 'name', value)",
    "reduce": "use sum(…), min(…), max(…) or join(…)",
    "forEach": "use a loop, or [… for x in items]",
    "format": "join with +, or use a template with {{ … }}",
    "push": "join lists with +",
    "append": "join lists with +",
    "pow": "multiply",
    "print": "leave it out; each step's output is kept",
    "isinstance": "use type(value) == 'string'",
    "if": "write a if condition else b",
    "iif": "write a if condition else b",
    "Number": "use number(value)",
    "String": "use str(value)",
    "Date": "use now() or parse_date(text)",
    "isNull": "write value == null",
    "stringify": "use json(value)",
    "length": "write .length, or len(value)",
    "eval": "there is no way to run text as code",
    "exec": "there is no way to run text as code",
}


_NAMESPACES = {
    "Math": "write the function alone: round(…), floor(…), ceil(…), min(…), max(…), abs(…), random()",
    "JSON": "write json(value) or parse_json(text)",
    "Object": "write keys(object), values(object) or entries(object)",
    "Array": "write type(value) == 'array'",
}


def find_function(node: n.Call) -> Function:
    """The function of a call, or `expression.unknown` with what comes close."""
    found = FUNCTIONS.get(node.name)
    if found is None:
        if node.name in ("default", "coalesce"):
            raise _arguments(node, f"{node.name}() takes a value and what to give instead of null")
        raise _unknown(node, f"there is no function {node.name}()", sorted(FUNCTIONS))
    return found


def check_method(node: n.Method) -> None:
    """Refuse a method that no kind of value has."""
    namespace = node.base.name if isinstance(node.base, n.Name) else ""
    if node.name not in METHOD_NAMES or namespace in _NAMESPACES:
        hint = _NAMESPACES.get(namespace, "")
        if not hint and node.name in FUNCTIONS and node.name not in _MENDS:
            hint = f"write {node.name}({', '.join(map(print_node, (node.base, *node.arguments)))})"
        raise _unknown(node, f"there is no method .{node.name}()", sorted(METHOD_NAMES), hint=hint)
    accepting = [table[node.name] for table in METHODS.values() if node.name in table]
    given = len(node.arguments) + 1
    if not any(f.required <= given and (f.variadic or given <= len(f.parameters)) for f in accepting):
        raise _arguments(node, _wanted(accepting[0], name=f".{node.name}", skip=1))


def arrange(node: n.Call, function: Function) -> list[n.Node | None]:
    """Which node goes to which parameter; None takes the default. Raises `expression.arguments`."""
    places: list[n.Node | None] = list(node.arguments)
    if not function.variadic and len(places) > len(function.parameters):
        raise _arguments(node, _wanted(function, name=node.name))
    for key, value in node.keywords:
        if key not in function.parameters:
            raise _arguments(node, f"{node.name}() has no argument {key}: " + _wanted(function, name=node.name))
        place = function.parameters.index(key)
        places += [None] * (place + 1 - len(places))
        if places[place] is not None:
            raise _arguments(node, f"{node.name}() gets {key} twice")
        places[place] = value
    if len(places) < function.required or any(place is None for place in places[: function.required]):
        raise _arguments(node, _wanted(function, name=node.name))
    return places


def call_method(frame: Frame, node: n.Method, *, value: Json, arguments: list[Json]) -> Json:
    """Call the method that this kind of value has; raises where it has none."""
    function = METHODS.get(type(value), {}).get(node.name)
    if function is None:
        _no_method(node, value)
    given = len(arguments) + 1
    if given < function.required or (given > len(function.parameters) and not function.variadic):
        raise _arguments(node, _wanted(function, name=f".{node.name}", skip=1))
    try:
        return function.call(frame, value, *arguments)
    except WrongValue as problem:
        raise about(problem, node, (node.base, *node.arguments), (value, *arguments)) from None


def _no_method(node: n.Method, value: Json) -> NoReturn:
    if value is None:
        raise ExpressionError(
            f".{node.name}() needs a value, but {describe(node.base, None)}",
            code="expression.null",
            hint=f"write {print_node(node.base)}?.{node.name}(…) to get null, or " + null_hint(node.base, example='""'),
            offset=node.offset,
        )
    table = METHODS.get(type(value), {})
    close = get_close_matches(node.name, sorted(table), n=3)
    raise ExpressionError(
        f"{describe(node.base, value)}, which has no method .{node.name}()",
        code="expression.type",
        hint=f"did you mean {', '.join(close)}?" if close else "",
        offset=node.offset,
    )


def about(
    problem: WrongValue, node: n.Call | n.Method, parts: tuple[n.Node | None, ...], values: tuple[Json, ...]
) -> ExpressionError:
    """A function's complaint, with the place and the path of the argument that it is about."""
    name = f".{node.name}()" if isinstance(node, n.Method) else f"{node.name}()"
    part = next((p for p, value in zip(parts, values, strict=False) if value is problem.value), None)
    said = describe(part, problem.value) if part is not None else f"it got {kind_of(problem.value)}"
    hint = problem.hint
    if problem.value is None and part is not None:
        hint = null_hint(part, example="[]" if "list" in problem.needed else '""')
    return ExpressionError(
        f"{name} needs {problem.needed}, but {said}",
        code="expression.null" if problem.value is None else "expression.type",
        hint=hint,
        offset=node.offset,
    )


def _unknown(node: n.Call | n.Method, message: str, known: list[str], *, hint: str = "") -> ExpressionError:
    close = get_close_matches(node.name, known, n=3)
    hint = hint or _MENDS.get(node.name, "") or (f"did you mean {', '.join(close)}?" if close else "")
    return ExpressionError(message, code="expression.unknown", hint=hint, offset=node.offset)


def _arguments(node: n.Call | n.Method, message: str) -> ExpressionError:
    return ExpressionError(message, code="expression.arguments", offset=node.offset)


def _wanted(function: Function, *, name: str, skip: int = 0) -> str:
    optional = len(function.parameters) - len(function.defaults)
    shown = [p if at < optional else f"{p}?" for at, p in enumerate(function.parameters)][skip:]
    return f"{name}() is called as {name}({', '.join([*shown, *(['…'] if function.variadic else [])])})"
