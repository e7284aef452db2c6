"""From tokens to the tree. Sugar ends here: what differs only in writing gives the same tree."""

from __future__ import annotations

from typing import Final

from flov7.language.expressions import nodes as n
from flov7.language.expressions.operands import CONSTANTS, Operands, coalesce
from flov7.language.expressions.printing import COALESCE, COMPARE, NOT, OR, RESERVED, SIGN, binding
from flov7.language.expressions.tokens import Token

_SPELLINGS: Final = {"===": "==", "!==": "!=", "&&": "and", "||": "or"}
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "//", "%"})


class Parser(Operands):
    """Reads one expression from its tokens; use it once."""

    def parse(self) -> n.Node:
        """The tree of the whole expression; raises ExpressionError."""
        if len(self.tokens) == 1:
            self.fail("there is no expression here", hint="write a path like order.total, or a comparison")
        node = self.expression()
        if self.token.kind != "end":
            self.unexpected()
        return node

    def expression(self) -> n.Node:
        """Any expression, choices included."""
        self.deeper()
        start = self.token
        node = self.condition()
        if self.take("if"):
            test = self.condition()
            self.expect("else", after="`value if condition`")
            node = self.made(n.Choice(test, node, self.expression()), start)
        self.shallower()
        return node

    def condition(self) -> n.Node:
        """What stands behind `if`: any expression but `a if b else c`, whose `if` would be taken for another."""
        start = self.token
        node = self.operators(OR)
        if not self.take("?"):
            return node
        then = self.expression()
        self.expect(":", after="`condition ? value`")
        return self.made(n.Choice(node, then, self.expression()), start)

    def operators(self, level: int) -> n.Node:
        """Operands joined by operators that bind at least as tightly as `level`."""
        start = self.token
        node = self._not(level)
        while True:
            operator = _SPELLINGS.get(self.token.value, self.token.value) if self._is_operator() else ""
            if operator in ("or", "and") and level <= (power := OR if operator == "or" else OR + 1):
                node = self._logic(node, operator, power, start)
            elif (operator in _COMPARISONS or operator in ("not", "is")) and level <= COMPARE:
                node = self._comparison(node, start)
            elif operator == "??" and level <= COALESCE:
                node = self._coalesce(node, start)
            elif operator in _ARITHMETIC and level <= binding(operator):
                node = self._arithmetic(node)
            else:
                return node

    def _is_operator(self) -> bool:
        token = self.token
        return token.kind == "operator" or (token.kind == "name" and token.value in RESERVED)

    def _logic(self, node: n.Node, operator: str, power: int, start: Token) -> n.Node:
        parts = [node]
        spelled = (operator, "&&" if operator == "and" else "||")
        while self.take(*spelled):
            parts.append(self.operators(power + 1))
        return self.made(n.Logic("and" if operator == "and" else "or", tuple(parts)), start)

    def _not(self, level: int) -> n.Node:
        token = self.token
        if level <= COMPARE and self.take("not"):
            self.deeper()
            node = self.made(n.Not(self.operators(NOT)), token)
            self.shallower()
            return node
        return self._sign()

    def _comparison(self, first: n.Node, start: Token) -> n.Node:
        rest: list[tuple[n.ComparisonOperator, n.Node]] = []
        while (operator := self._comparison_operator()) is not None:
            if operator in ("is", "is not"):
                rest.append((operator, self.made(n.Constant(self._identity()), self.tokens[self.at - 1])))
            else:
                rest.append((operator, self.operators(COALESCE)))
        if not rest:
            self.unexpected()
        return self.made(n.Comparison(first, tuple(rest)), start)

    def _comparison_operator(self) -> n.ComparisonOperator | None:
        if self.sees("not"):
            if not self.sees("in", ahead=1):
                return None
            self.at += 2
            return "not in"
        if self.take("is"):
            return "is not" if self.take("not") else "is"
        value = _SPELLINGS.get(self.token.value, self.token.value) if self._is_operator() else ""
        for operator in ("==", "!=", "<", "<=", ">", ">=", "in"):
            if value == operator:
                self.at += 1
                return operator
        return None

    def _identity(self) -> bool | None:
        token = self.next()
        if token.kind == "name" and token.value in (*CONSTANTS, "none"):
            return CONSTANTS.get(token.value)
        return self.fail("behind `is` stands null, true or false", hint="compare with ==", offset=token.offset)

    def _coalesce(self, node: n.Node, start: Token) -> n.Node:
        parts = [node]
        while self.take("??"):
            parts.append(self.operators(COALESCE + 1))
        return self.made(coalesce(parts), start)

    def _arithmetic(self, left: n.Node) -> n.Node:
        token = self.next()
        previous, following = self.tokens[self.at - 2], self.token
        tight = token.value == "-" and previous.end == token.offset and token.end == following.offset
        tight = tight and previous.kind == "name" == following.kind
        right = self.operators(binding(token.value) + 1)
        return self.made(n.Arithmetic(token.value, left, right, tight=tight), token)

    def _sign(self) -> n.Node:
        token = self.token
        if token.kind != "operator":
            return self._filters(self.postfix(self.primary()))
        if self.take("!"):
            self.deeper()
            node = self.made(n.Not(self._sign()), token)
            self.shallower()
            return node
        if self.take("-", "+"):
            if token.value == "-" and self.token.kind == "number":
                number = self.next()
                return self._filters(self.postfix(self.made(n.Constant(-number.value), token)))
            self.deeper()
            node = self._signed(token, self.operators(SIGN))
            self.shallower()
            return node
        return self._filters(self.postfix(self.primary()))

    def _filters(self, node: n.Node) -> n.Node:
        """`value | name(arguments)`: a call with the value as its first argument."""
        while self.sees("|"):
            bar = self.next()
            name = self.next()
            if name.kind != "name" or name.value in RESERVED:
                self.at -= name.kind != "end"
                self.unexpected("behind | stands the name of a function")
            arguments, keywords = self.arguments() if self.take("(") else ((), ())
            node = self.call(name.value, (node, *arguments), keywords, bar)
            node = self.postfix(node)
        return node

    def _signed(self, sign: Token, operand: n.Node) -> n.Node:
        if isinstance(operand, n.Constant) and type(operand.value) in (int, float) and sign.value == "-":
            return self.made(n.Constant(-operand.value), sign)
        return self.made(n.Sign(sign.value, operand), sign)
