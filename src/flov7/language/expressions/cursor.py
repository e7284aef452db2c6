"""The parser's place in the tokens: look, take, fail, and keep the tree from growing too deep."""

from __future__ import annotations

from typing import NoReturn, TypeVar

from flov7.language.expressions import nodes as n
from flov7.language.expressions import refusals
from flov7.language.expressions.budget import MAX_DEPTH, MAX_NESTING
from flov7.language.expressions.errors import ExpressionError
from flov7.language.expressions.tokens import Token

_NODE = TypeVar("_NODE", bound=n.Node)


class Cursor:
    """A place in a list of tokens, and what to do with the next one."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self._nesting = 0

    @property
    def token(self) -> Token:
        """The next token, which stays."""
        return self.tokens[self.at]

    def next(self) -> Token:
        """The next token, which is taken; the end is never passed."""
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def sees(self, *values: str, ahead: int = 0) -> bool:
        """Whether the next token is one of these operators or words."""
        place = self.at + ahead
        token = self.tokens[place if place < len(self.tokens) else -1]
        return token.value in values and token.kind in ("operator", "name")

    def take(self, *values: str) -> bool:
        """Take the next token if it is one of these operators or words."""
        if self.sees(*values):
            self.at += 1
            return True
        return False

    def expect(self, value: str, *, after: str) -> None:
        """Take this operator or word, or fail with what it was expected after."""
        if not self.take(value):
            self.unexpected(f"{value} is missing after {after}")

    def fail(self, message: str, *, hint: str = "", offset: int | None = None) -> NoReturn:
        """Raise `expression.syntax` at the next token, or at `offset`."""
        place = self.token.offset if offset is None else offset
        raise ExpressionError(message, code="expression.syntax", hint=hint, offset=place)

    def unexpected(self, message: str = "") -> NoReturn:
        """Raise what fits a next token that does not belong here."""
        raise refusals.unexpected(self.tokens, self.at, message)

    def made(self, node: _NODE, token: Token) -> _NODE:
        """The node with its place and depth; the depth is limited here, so that no later walk is too deep."""
        depth = 1 + max((child.depth for child in n.children(node)), default=0)
        if depth > MAX_DEPTH:
            raise ExpressionError(
                "this expression has too many operations within each other",
                code="expression.budget",
                hint="split it over several steps, or use join([…]) for long texts",
                offset=token.offset,
            )
        n.place(node, offset=token.offset, depth=depth)
        return node

    def deeper(self) -> None:
        """Enter a bracket or a prefix; `shallower` leaves it. Limits the recursion of the parser itself."""
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise ExpressionError(
                "this expression is nested too deeply",
                code="expression.budget",
                hint="split it over several steps",
                offset=self.token.offset,
            )

    def shallower(self) -> None:
        """Leave what `deeper` entered."""
        self._nesting -= 1
