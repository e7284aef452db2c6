"""From the tree to closures: everything that can be decided before a run is decided here, once."""

from __future__ import annotations

from flov7.language.expressions import nodes as n
from flov7.language.expressions.calls import about, arrange, call_method, check_method, find_function
from flov7.language.expressions.errors import ExpressionError, WrongValue
from flov7.language.expressions.loops import Loop, Turns, build
from flov7.language.expressions.operators import ORDER, compare, compute, describe
from flov7.language.expressions.paths import Reference, Run, element, member, read_path
from flov7.language.expressions.printing import print_node
from flov7.language.expressions.values import NUMBERS, Frame, Json, checked, is_number


class Compiler:
    """Compiles one expression; use it once. `references`, `slots` and `cost` are known afterwards."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._local: dict[str, int] = {}
        self.references: list[Reference] = []
        self.slots = 0
        self.cost = 0

    def compile(self, node: n.Node, *, lenient: bool = False) -> Run:
        """The closure of a node; `lenient` where a null receiver of a method gives null."""
        self.cost += 1
        match node:
            case n.Constant(value=value):
                return lambda frame: value
            case n.Name() | n.Member() | n.Index() | n.Slice() | n.Method():
                return self._reading(node, lenient=lenient)
            case n.Call():
                return self._call(node)
            case n.Items(items=items):
                return self._items([self.compile(item) for item in items])
            case n.Object():
                return self._object(node)
            case n.Comprehension():
                return self._comprehension(node)
            case n.Arithmetic():
                return self._arithmetic(node)
            case n.Comparison():
                return self._comparison(node)
            case _:
                return self._choosing(node)

    # -- reading

    def _reading(self, node: n.Node, *, lenient: bool) -> Run:
        if (path := self._constant_path(node)) is not None:
            root, steps, offset = path
            self.references.append(Reference(root, steps, offset))
            return read_path(root, steps)
        match node:
            case n.Name(name=name):
                slot = self._local[name]
                return lambda frame: frame.slots[slot]
            case n.Member(base=base, name=name):
                inner = self.compile(base, lenient=lenient)
                return lambda frame: member(inner(frame), name)
            case n.Index(base=base, index=index):
                inner, place = self.compile(base, lenient=lenient), self.compile(index)
                return lambda frame: element(inner(frame), place(frame))
            case n.Slice():
                return self._slice(node)
            case n.Method():
                return self._method(node, lenient=lenient)
            case _:
                raise AssertionError(type(node).__name__)

    def _constant_path(self, node: n.Node) -> tuple[str, tuple[str | int, ...], int] | None:
        """Root, steps and offset, where the node is a path that is known before any run."""
        steps: list[str | int] = []
        while True:
            match node:
                case n.Member(base=base, name=name):
                    steps.append(name)
                    node = base
                case n.Index(base=base, index=n.Constant(value=value)) if type(value) in (str, int):
                    # "length" in brackets is a member only, and not the length of text or a list
                    if value == "length":
                        return None
                    steps.append(value)
                    node = base
                case n.Name(name=name) if name not in self._local:
                    return name, tuple(reversed(steps)), node.offset
                case _:
                    return None

    def _slice(self, node: n.Slice) -> Run:
        base = self.compile(node.base)
        parts = [self.compile(part) if part else _constant(None) for part in (node.start, node.stop, node.step)]

        def cut(frame: Frame) -> Json:
            value = base(frame)
            if value is None:
                return None
            places = [part(frame) for part in parts]
            if not isinstance(value, str | list) or any(type(p) is not int and p is not None for p in places):
                raise ExpressionError(
                    f"[start:stop] takes whole numbers, of text or a list; {describe(node.base, value)}",
                    code="expression.type",
                    offset=node.offset,
                )
            if places[2] == 0:
                raise ExpressionError("the step is 0", code="expression.value", offset=node.offset)
            wanted = slice(*places)
            frame.budget.grow(len(range(*wanted.indices(len(value)))))
            return value[wanted]

        return cut

    def _method(self, node: n.Method, *, lenient: bool) -> Run:
        check_method(node)
        base = self.compile(node.base, lenient=lenient)
        arguments = [self.compile(argument) for argument in node.arguments]
        forgiving = lenient or _is_optional(node)

        def call(frame: Frame) -> Json:
            value = base(frame)
            if value is None and forgiving:
                return None
            return call_method(frame, node, value=value, arguments=[argument(frame) for argument in arguments])

        return call

    # -- making

    def _call(self, node: n.Call) -> Run:
        function = find_function(node)
        if node.name in ("any", "all") and len(node.arguments) == 1:
            argument = node.arguments[0]
            if isinstance(argument, n.Comprehension) and argument.kind == "generator":
                return self._early(argument, stop_at=node.name == "any")
        places = arrange(node, function)
        defaults = dict(enumerate(function.defaults, start=function.required))
        arguments = [
            self.compile(place) if place is not None else _constant(defaults[at]) for at, place in enumerate(places)
        ]

        def call(frame: Frame) -> Json:
            values = [argument(frame) for argument in arguments]
            try:
                return function.call(frame, *values)
            except WrongValue as problem:
                raise about(problem, node, tuple(places), tuple(values)) from None
            except ExpressionError as problem:
                if problem.offset is None:
                    problem.offset = node.offset
                raise

        return call

    def _early(self, node: n.Comprehension, *, stop_at: bool) -> Run:
        turn = self._loop(node)

        def decide(frame: Frame) -> bool:
            return any(bool(value) is stop_at for _, value in turn(frame)) is stop_at

        return decide

    def _items(self, items: list[Run]) -> Run:
        def make(frame: Frame) -> Json:
            frame.budget.grow(len(items))
            return [item(frame) for item in items]

        return make

    def _object(self, node: n.Object) -> Run:
        pairs = [(key, self.compile(key), self.compile(value)) for key, value in node.pairs]

        def make(frame: Frame) -> Json:
            frame.budget.grow(len(pairs))
            return {as_key(written, key(frame)): value(frame) for written, key, value in pairs}

        return make

    def _comprehension(self, node: n.Comprehension) -> Run:
        turn, key = self._loop(node), node.key
        if key is None:
            return lambda frame: [value for _, value in turn(frame)]
        return lambda frame: {as_key(key, name): value for name, value in turn(frame)}

    def _loop(self, node: n.Comprehension) -> Turns:
        before, outer_cost = dict(self._local), self.cost
        clauses: list[Loop] = []
        self.cost = 0
        for clause in node.clauses:
            iterable = self.compile(clause.iterable)
            targets: list[int] = []
            for name in clause.targets:
                targets.append(self.slots)
                self._local[name] = self.slots
                self.slots += 1
            conditions = [self.compile(condition) for condition in clause.conditions]
            clauses.append(Loop(clause, iterable, targets, conditions))
        key = self.compile(node.key) if node.key else _constant(None)
        element_of = self.compile(node.element)
        # everything inside is paid for on each turn; nothing of it before
        body, self.cost, self._local = self.cost, outer_cost, before
        return build(clauses, key=key, element=element_of, cost=1 + body)

    # -- operators

    def _arithmetic(self, node: n.Arithmetic) -> Run:
        if node.tight:
            self._check_hyphen(node)
        left, right, plus = self.compile(node.left), self.compile(node.right), node.operator == "+"

        def run(frame: Frame) -> Json:
            a, b = left(frame), right(frame)
            if plus and type(a) is int and type(b) is int:
                return checked(a + b)
            return compute(frame, node, a, b)

        return run

    def _check_hyphen(self, node: n.Arithmetic) -> None:
        left, right = node.left, node.right
        if not isinstance(right, n.Name) or not isinstance(left, n.Name | n.Member):
            return
        if right.name in self._local and isinstance(left, n.Name) and left.name in self._local:
            return
        start, end = left.offset, right.offset + len(right.name)
        while self._text[end : end + 1] == "-" and self._text[end + 1 : end + 2].isidentifier():
            end += 1
            while self._text[end : end + 1].isidentifier() or self._text[end : end + 1].isdigit():
                end += 1
        word = self._text[start:end]
        base = print_node(left.base) if isinstance(left, n.Member) else "trigger.payload"
        raise ExpressionError(
            f"{word} reads as a subtraction",
            code="expression.hyphen",
            hint=f'a member with a hyphen is read as {base}["{word}"]; to subtract, put spaces around the minus',
            offset=start,
        )

    def _comparison(self, node: n.Comparison) -> Run:
        if len(node.rest) == 1:
            return self._one_comparison(node)
        first = self.compile(node.first)
        before = [node.first, *(part for _, part in node.rest)]
        rest: list[tuple[n.ComparisonOperator, Run, tuple[n.Node, n.Node]]] = [
            (sign, self.compile(part), (before[at], part)) for at, (sign, part) in enumerate(node.rest)
        ]

        def run(frame: Frame) -> bool:
            left = first(frame)
            for sign, part, nodes in rest:
                right = part(frame)
                if not compare(frame, sign, left, right, nodes=nodes):
                    return False
                left = right
            return True

        return run

    def _one_comparison(self, node: n.Comparison) -> Run:
        """The common case, with the common kinds of values decided on the spot."""
        (sign, second), nodes = node.rest[0], (node.first, node.rest[0][1])
        left, right = self.compile(node.first), self.compile(second)
        if (order := ORDER.get(sign)) is not None:

            def run_order(frame: Frame) -> bool:
                a, b = left(frame), right(frame)
                if type(a) in NUMBERS and type(b) in NUMBERS:
                    return order(a, b)
                return compare(frame, sign, a, b, nodes=nodes)

            return run_order
        if isinstance(second, n.Constant) and sign in ("==", "!=") and isinstance(second.value, str):
            wanted, same = second.value, sign == "=="

            def run_text(frame: Frame) -> bool:
                return (left(frame) == wanted) is same

            return run_text
        return lambda frame: compare(frame, sign, left(frame), right(frame), nodes=nodes)

    def _choosing(self, node: n.Node) -> Run:
        match node:
            case n.Not(operand=operand):
                inner = self.compile(operand)
                return lambda frame: not inner(frame)
            case n.Sign():
                return self._sign(node)
            case n.Logic(operator=operator, parts=parts):
                return _logic([self.compile(part) for part in parts], stop_at=operator == "or")
            case n.Coalesce(parts=parts):
                lenient = len(parts) - 1
                return _coalesce([self.compile(part, lenient=at < lenient) for at, part in enumerate(parts)])
            case n.Choice(condition=condition, then=then, other=other):
                test, yes, no = self.compile(condition), self.compile(then), self.compile(other)
                return lambda frame: yes(frame) if test(frame) else no(frame)
            case _:
                raise AssertionError(type(node).__name__)

    def _sign(self, node: n.Sign) -> Run:
        inner, negative = self.compile(node.operand), node.operator == "-"

        def run(frame: Frame) -> Json:
            value = inner(frame)
            if not is_number(value):
                raise ExpressionError(
                    f"{node.operator} needs a number, but {describe(node.operand, value)}",
                    code="expression.null" if value is None else "expression.type",
                    offset=node.offset,
                )
            return -value if negative else value

        return run


def as_key(node: n.Node, value: Json) -> str:
    """The name of an object's member: text, or a whole number as text."""
    if isinstance(value, str):
        return value
    if type(value) is int and value.bit_length() < 1024:
        return str(value)
    raise ExpressionError(
        f"the name of a member is text, but {describe(node, value)}",
        code="expression.null" if value is None else "expression.type",
        hint=f"write str({print_node(node)})",
        offset=node.offset,
    )


def _constant(value: Json) -> Run:
    return lambda frame: value


def _is_optional(node: n.Node) -> bool:
    """Whether `?.` stands anywhere in the chain, which then gives null as a whole."""
    while isinstance(node, n.Member | n.Index | n.Method):
        if node.optional:
            return True
        node = node.base
    return False


def _logic(parts: list[Run], *, stop_at: bool) -> Run:
    *first, last = parts
    if len(first) == 1:
        only = first[0]
        if stop_at:
            return lambda frame: only(frame) or last(frame)
        return lambda frame: only(frame) and last(frame)

    def run(frame: Frame) -> Json:
        for part in first:
            value = part(frame)
            if bool(value) is stop_at:
                return value
        return last(frame)

    return run


def _coalesce(parts: list[Run]) -> Run:
    *first, last = parts

    def run(frame: Frame) -> Json:
        for part in first:
            value = part(frame)
            if value is not None:
                return value
        return last(frame)

    return run
