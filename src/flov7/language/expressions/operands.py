"""The tight half of the grammar: constants, paths, calls, brackets, lists, objects, comprehensions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Final

from flov7.language.expressions import nodes as n
from flov7.language.expressions import refusals
from flov7.language.expressions.cursor import Cursor
from flov7.language.expressions.printing import RESERVED, is_word
from flov7.language.expressions.tokens import Token

CONSTANTS: Final = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": None,
    "True": True,
    "False": False,
    "None": None,
}


class Operands(Cursor, ABC):
    """What stands between operators. The loose half, which brackets lead back to, is built on it."""

    @abstractmethod
    def expression(self) -> n.Node:
        """Any expression, choices included."""

    @abstractmethod
    def condition(self) -> n.Node:
        """What stands behind `if`: any expression but `a if b else c`, whose `if` would be taken for another."""

    def postfix(self, node: n.Node) -> n.Node:
        """What follows an operand closely: members, methods, brackets."""
        while True:
            token = self.token
            if token.kind != "operator":
                return node
            if self.take(".", "?."):
                node = self._member(node, token, optional=token.value == "?.")
            elif self.take("["):
                node = self._subscript(node, token, optional=False)
            elif self.sees("("):
                raise refusals.call_of(node, token)
            else:
                return node

    def _member(self, base: n.Node, dot: Token, *, optional: bool) -> n.Node:
        name = self.next()
        if optional and name.kind == "operator" and name.value == "[":
            return self._subscript(base, dot, optional=True)
        if name.kind == "number":
            index = self.made(n.Constant(name.value), name)
            return self.made(n.Index(base, index, optional), dot)
        if name.kind != "name":
            self.at -= name.kind != "end"
            self.unexpected("behind a dot stands the name of a member")
        if self.take("("):
            arguments, keywords = self.arguments()
            if keywords:
                hint = f"use the function {name.value}(…)"
                self.fail("methods take no named arguments", hint=hint, offset=name.offset)
            arguments = tuple(map(as_list, arguments))
            return self.made(n.Method(base, name.value, arguments, optional), name)
        return self.made(n.Member(base, name.value, optional), name)

    def _subscript(self, base: n.Node, token: Token, *, optional: bool) -> n.Node:
        parts: list[n.Node | None] = [None]
        while not self.sees("]"):
            if self.take(":"):
                parts.append(None)
            elif parts[-1] is None and self.token.kind != "end":
                parts[-1] = self.expression()
            else:
                self.unexpected("] is missing")
        self.at += 1
        if len(parts) > 3 or (len(parts) == 1 and parts[0] is None):
            self.fail("in the brackets stands an index, or start:stop:step", offset=token.offset)
        if len(parts) > 1:
            start, stop, step = (*parts, None)[:3]
            return self.made(n.Slice(base, start, stop, step), token)
        index = parts[0]
        assert index is not None
        word = index.value if isinstance(index, n.Constant) else None
        # `a["b"]` is `a.b`; only `length` means something else with a dot
        if isinstance(word, str) and is_word(word) and word != "length":
            return self.made(n.Member(base, word, optional), token)
        return self.made(n.Index(base, index, optional), token)

    def arguments(self) -> tuple[tuple[n.Node, ...], tuple[tuple[str, n.Node], ...]]:
        """What stands in the brackets of a call, up to the closing one: plain ones and named ones."""
        arguments: list[n.Node] = []
        keywords: dict[str, n.Node] = {}
        while not self.take(")"):
            token = self.token
            if token.kind == "name" and self.sees("=", ahead=1):
                self.at += 2
                if token.value in keywords:
                    self.fail(f"{token.value} is given twice", offset=token.offset)
                keywords[token.value] = self.expression()
            elif keywords:
                self.fail("an argument without a name stands behind a named one", hint="put the named ones last")
            else:
                arguments.append(self._element())
            if not self.sees(")"):
                self.expect(",", after="an argument")
        if len(arguments) > 1 and any(is_generator(argument) for argument in arguments):
            self.fail("beside `… for … in …` stands no other argument", hint="put it into [brackets]")
        return tuple(arguments), tuple(keywords.items())

    def _element(self) -> n.Node:
        start = self.token
        node = self.expression()
        if self.sees("for"):
            return self.made(n.Comprehension("generator", None, node, self._clauses()), start)
        return node

    def primary(self) -> n.Node:
        """A constant, a name, a call, or anything in brackets."""
        token = self.next()
        match token.kind:
            case "number" | "text":
                return self.made(n.Constant(token.value), token)
            case "name" if token.value in CONSTANTS:
                return self.made(n.Constant(CONSTANTS[token.value]), token)
            case "name" if token.value not in RESERVED:
                if self.take("("):
                    arguments, keywords = self.arguments()
                    return self.call(token.value, arguments, keywords, token)
                return self.made(n.Name(token.value), token)
            case "operator" if token.value == "(":
                return self._brackets(token)
            case "operator" if token.value == "[":
                return self._list(token)
            case "operator" if token.value == "{":
                return self._object(token)
            case _:
                self.at -= token.kind != "end"
                return self.unexpected()

    def call(
        self, name: str, arguments: tuple[n.Node, ...], keywords: tuple[tuple[str, n.Node], ...], token: Token
    ) -> n.Node:
        """A call of a function; `default` and `coalesce` become `??`."""
        one_value = len(arguments) == 2 if name == "default" else name == "coalesce" and bool(arguments)
        if one_value and not keywords:
            return self.made(coalesce(arguments), token)
        if any(is_generator(argument) for argument in arguments) and name not in ("any", "all"):
            # only these two may stop early; for the others it is a list
            arguments = tuple(map(as_list, arguments))
        return self.made(n.Call(name, arguments, keywords), token)

    def _brackets(self, token: Token) -> n.Node:
        if self.take(")"):
            return self.made(n.Items(()), token)
        node = self._element()
        if is_generator(node):
            self.expect(")", after="the expression in (brackets)")
            return as_list(node)
        if not self.sees(","):
            self.expect(")", after="the expression in (brackets)")
            return node
        return self._items(node, token, close=")")

    def _list(self, token: Token) -> n.Node:
        if self.take("]"):
            return self.made(n.Items(()), token)
        node = self._element()
        if is_generator(node):
            self.expect("]", after="the comprehension")
            return as_list(node)
        return self._items(node, token, close="]")

    def _items(self, first: n.Node, token: Token, *, close: str) -> n.Node:
        items = [first]
        while self.take(","):
            if self.sees(close):
                break
            items.append(self.expression())
        self.expect(close, after="the elements")
        return self.made(n.Items(tuple(items)), token)

    def _object(self, token: Token) -> n.Node:
        if self.take("}"):
            return self.made(n.Object(()), token)
        key = self.expression()
        if not self.take(":"):
            return self._set(key, token)
        value = self.expression()
        if self.sees("for"):
            node = self.made(n.Comprehension("dict", key, value, self._clauses()), token)
            self.expect("}", after="the comprehension")
            return node
        pairs = [(key, value)]
        while self.take(","):
            if self.sees("}"):
                break
            key = self.expression()
            self.expect(":", after="the key")
            pairs.append((key, self.expression()))
        self.expect("}", after="the members")
        for written, _ in pairs:
            if isinstance(written, n.Name):
                raise refusals.bare_key(written)
        return self.made(n.Object(tuple(pairs)), token)

    def _set(self, first: n.Node, token: Token) -> n.Node:
        """`{a, b}`: JSON has no sets, so it is the list of its different elements."""
        if self.sees("for"):
            node = self.made(n.Comprehension("list", None, first, self._clauses()), token)
            self.expect("}", after="the comprehension")
        else:
            node = self._items(first, token, close="}")
        return self.made(n.Call("unique", (node,)), token)

    def _clauses(self) -> tuple[n.Clause, ...]:
        clauses: list[n.Clause] = []
        while self.sees("for"):
            token = self.next()
            targets = self._targets()
            self.expect("in", after="the names behind `for`")
            iterable = self.condition()
            conditions: list[n.Node] = []
            while self.take("if"):
                conditions.append(self.condition())
            clauses.append(self.made(n.Clause(targets, iterable, tuple(conditions)), token))
        return tuple(clauses)

    def _targets(self) -> tuple[str, ...]:
        bracket = self.take("(")
        names: list[str] = []
        while True:
            token = self.next()
            if token.kind != "name" or token.value in RESERVED:
                self.at -= token.kind != "end"
                self.unexpected("behind `for` stands a name")
            names.append(token.value)
            if not self.take(","):
                break
        if bracket:
            self.expect(")", after="the names")
        if len(set(names)) < len(names):
            self.fail("a name stands twice behind `for`")
        return tuple(names)


def coalesce(parts: list[n.Node] | tuple[n.Node, ...]) -> n.Coalesce:
    """`a ?? b ?? c` as one node, whichever way it was written."""
    flat: list[n.Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, n.Coalesce) else (part,))
    return n.Coalesce(tuple(flat))


def is_generator(node: n.Node) -> bool:
    """Whether it is a comprehension without brackets of its own."""
    return isinstance(node, n.Comprehension) and node.kind == "generator"


def as_list(node: n.Node) -> n.Node:
    """A comprehension as a list; anything else as it is."""
    if isinstance(node, n.Comprehension) and node.kind == "generator":
        return replace(node, kind="list")
    return node
