"""One expression: read once, evaluated often."""

from __future__ import annotations

from functools import lru_cache
from typing import NoReturn

from flov7.language.expressions import nodes as n
from flov7.language.expressions.budget import MAX_SOURCE, Budget
from flov7.language.expressions.clock import Clock
from flov7.language.expressions.compiler import Compiler
from flov7.language.expressions.errors import ExpressionError
from flov7.language.expressions.parser import Parser
from flov7.language.expressions.paths import Reference
from flov7.language.expressions.printing import print_node
from flov7.language.expressions.tokens import Token, tokenize
from flov7.language.expressions.values import SCALARS, Frame, Json, Scope, weigh


class Expression:
    """An expression that holds: it can be read, and every function in it exists. Immutable.

    Two are equal when their canonical text is.
    """

    __slots__ = ("_cost", "_plain", "_run", "_slots", "references", "source")

    source: str
    references: tuple[Reference, ...]

    def __init__(self, node: n.Node, *, text: str) -> None:
        compiler = Compiler(text)
        self._run = compiler.compile(node)
        self._cost = compiler.cost
        self._slots = compiler.slots
        self._plain = isinstance(node, n.Name | n.Member | n.Index | n.Constant)
        self.source = print_node(node)
        self.references = tuple(compiler.references)

    def evaluate(self, scope: Scope, /, *, clock: Clock | None = None, budget: Budget | None = None) -> Json:
        """The value in this scope; a JSON value, finite and within the budget.

        Only the roots that are needed are looked up. `clock` is what now(), random() and their like ask;
        `budget` is used up, a fresh one is taken where it is left out. Raises ExpressionError.
        """
        if budget is None:
            budget = Budget()
        budget.spend(self._cost)
        frame = Frame(scope, slots=self._slots, budget=budget, clock=clock)
        try:
            value = self._run(frame)
        except ExpressionError:
            raise
        except (
            ArithmeticError,
            AttributeError,
            ValueError,
            TypeError,
            LookupError,
            RecursionError,
            MemoryError,
        ) as problem:
            _failed(problem)
        if not self._plain and type(value) not in SCALARS:
            # shared parts count each time, so that writing the value out later cannot explode
            weigh(value, budget=budget)
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


def _failed(problem: Exception) -> NoReturn:
    """What no function foresaw is still an answer and never a crash."""
    if isinstance(problem, RecursionError | MemoryError):
        raise ExpressionError("a value here is nested too deeply", code="expression.budget") from problem
    raise ExpressionError(
        f"this cannot be computed: {str(problem)[:120]}", code="expression.value", hint="check the values that it takes"
    ) from problem


def from_tokens(tokens: list[Token], *, text: str) -> Expression:
    """The expression that these tokens of the text make; offsets are places in that text."""
    try:
        return Expression(Parser(tokens).parse(), text=text)
    except RecursionError:
        raise ExpressionError("this expression is nested too deeply", code="expression.budget") from None


@lru_cache(maxsize=4096)
def parse(source: str) -> Expression:
    """Read an expression, with or without `{{ }}` around the whole; raises ExpressionError."""
    start = len(source) - len(source.lstrip())
    if source.startswith("={{", start):
        raise ExpressionError(
            "an expression does not begin with =", code="expression.syntax", hint="leave the = out", offset=start
        )
    if not source.startswith("{{", start):
        if len(source) > MAX_SOURCE:
            raise ExpressionError(
                f"an expression is at most {MAX_SOURCE} characters long",
                code="expression.budget",
                hint="split it over several steps",
                offset=0,
            )
        return from_tokens(tokenize(source)[0], text=source)
    tokens, end = tokenize(source, start=start + 2, in_braces=True)
    if source[end:].strip():
        raise ExpressionError(
            "one expression stands here, and not text with expressions in it",
            code="expression.syntax",
            hint="write the whole as one expression, for example with + between its parts",
            offset=end,
        )
    return from_tokens(tokens, text=source)
