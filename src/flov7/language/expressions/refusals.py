"""Answers to what people write from other languages: each names the place and the mend."""

from __future__ import annotations

from typing import Final

from flov7.language.expressions import nodes as n
from flov7.language.expressions.errors import ExpressionError
from flov7.language.expressions.printing import print_node
from flov7.language.expressions.tokens import Token

_LEFT_OUT: Final = {
    "**": ("powers (**)", "multiply, or compute it in a custom step"),
    ":=": ("assignment (:=)", "give a value a name with a mapping step"),
    "=>": (
        "functions of one's own (=>)",
        "write [x.name for x in items], or [x for x in items if x.total > 1]",
    ),
    "...": ("spreading (...)", "join lists with +, and objects with merge(a, b)"),
    "&": ("bit operations", "for `and` write and, or &&"),
    "^": ("bit operations", "multiply for a power; for `either … or` compare with !="),
    "~": ("bit operations", "for `not` write not, or !; to join text write +"),
    "<<": ("bit operations", "multiply or divide by a power of two"),
    ">>": ("bit operations", "multiply or divide by a power of two"),
    "@": ("decorators and matrices (@)", "put text into quotes"),
    ";": ("several statements", "an expression is one value; use several steps"),
    "->": ("arrows (->)", "read a member with a dot"),
}
_LEFT_OUT_WORDS: Final = {
    "lambda": ("lambda", "write [x.name for x in items], or sort_by(items, 'name')"),
    "await": ("await", "an expression never waits; use a wait step"),
    "yield": ("yield", "collect values with [… for x in items]"),
}
_OTHER_SPELLINGS: Final = {
    "=": "compare with ==",
    "<>": "write !=",
    "AND": "write and, or &&",
    "OR": "write or, or ||",
    "NOT": "write not, or !",
    "IN": "write in",
    "IS": "write is",
    "LIKE": "use matches(text, pattern), or contains(text, part)",
    "like": "use matches(text, pattern), or contains(text, part)",
    "contains": "write contains(a, b), or b in a",
    "equals": "write ==",
    "then": "write a if condition else b, or condition ? a : b",
    "elif": "write a if x else b if y else c",
    "new": "there are no objects to make; for times use now(), today() or parse_date(text)",
    "typeof": "use type(value)",
    "return": "leave `return` out",
    "async": "an expression never waits",
    "function": "write [x.name for x in items]",
    "import": "all functions are there without import",
    "for": "a comprehension stands in brackets: [x for x in items]",
    "if": "write a if condition else b, or condition ? a : b",
    "else": "write a if condition else b, or condition ? a : b",
}


def unexpected(tokens: list[Token], at: int, message: str) -> ExpressionError:
    """The error for a token that does not belong where it stands; `message` says what was expected instead."""
    token = tokens[at]
    written = str(token.value)
    opens = at > 0 and tokens[at - 1].kind == "operator" and tokens[at - 1].value in ("(", ",", "[", "{")
    if token.kind == "operator" and written in ("*", "**") and opens:
        return _unsupported(f"spreading ({written})", _LEFT_OUT["..."][1], token.offset)
    if token.kind == "operator" and written in _LEFT_OUT:
        what, hint = _LEFT_OUT[written]
        return _unsupported(what, hint, token.offset)
    if token.kind == "name" and written in _LEFT_OUT_WORDS:
        what, hint = _LEFT_OUT_WORDS[written]
        return _unsupported(what, hint, token.offset)
    hint = _OTHER_SPELLINGS.get(written, "") if token.kind in ("operator", "name") else ""
    if not hint and at and tokens[at - 1].kind == "name":
        hint = _OTHER_SPELLINGS.get(str(tokens[at - 1].value), "")
    if not message:
        message = "the expression ends too early" if token.kind == "end" else f"{written[:40]!r} does not belong here"
    return ExpressionError(message, code="expression.syntax", hint=hint, offset=token.offset)


def call_of(node: n.Node, token: Token) -> ExpressionError:
    """The error for calling something that is neither a function nor a method."""
    return ExpressionError(
        f"{print_node(node)} is a value and cannot be called",
        code="expression.unsupported",
        hint="only functions by name, and methods behind a dot, are called",
        offset=token.offset,
    )


def bare_key(node: n.Name) -> ExpressionError:
    """The error for `{a: 1}`, which means one thing in Python and another in JavaScript."""
    return ExpressionError(
        f"the key {node.name} could be text or a value",
        code="expression.syntax",
        hint=f'write "{node.name}": … for text, or str({node.name}): … for the value',
        offset=node.offset,
    )


def _unsupported(what: str, hint: str, offset: int) -> ExpressionError:
    return ExpressionError(
        f"{what} cannot be used in expressions", code="expression.unsupported", hint=hint, offset=offset
    )
