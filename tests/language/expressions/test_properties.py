"""What holds for every expression, shown on random ones."""

import json
import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flov7.language.expressions import Budget, ExpressionError, RunClock, parse, parse_template

SCOPE: dict[str, Any] = {
    "a": {"b": 1, "c": [1, 2.5, "x", None], "length": 3},
    "b": [{"id": 1}, {"id": 2}],
    "text": "Hello",
    "n": -3,
    "f": 0.5,
    "t": True,
    "nothing": None,
}
PIECES = (
    *("a", "b", "a.b", "a.c", "a.c[0]", "b[0].id", "text", "n", "f", "t", "nothing", "x", "a?.b", "b.0.id"),
    *("1", "0", "-1", "2.5", "1e3", "'s'", '"q"', "true", "null", "[]", "{}", "{'k': 1}", "(1, 2)"),
    *("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", ">", "<=", ">=", "in", "not in", "is", "and", "or"),
    *("not", "!", "&&", "||", "??", "?", ":", "if", "else", "for x in", "for", "|", "|upper", "|default(1)", ",", "."),
    *("(", ")", "[", "]", "{", "}", "}}", "{{", "len(", "upper(", ".upper()", ".length", "?.", "sum(", "[x for x in"),
    *("lambda", ":=", "=", "__class__", "\\", "$", "'", '"', "\u00e9", "\ud800", "...", "sorted(", "range(", "any("),
)


def operands() -> st.SearchStrategy[str]:
    return st.sampled_from(
        ["a.b", "a.c", "b", "text", "n", "f", "t", "nothing", "1", "2.5", "-1", "'s'", "true", "null", "b[0].id", "[]"]
    )


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in", "not in", "&&", "or", "??", "and"])
    shapes = st.sampled_from(
        ["({})", "!{}", "(not {})", "-({})", "[{}]", "len({})", "{}|str", "({}).length", "({})[0]"]
    )
    return st.one_of(
        st.builds("{} {} {}".format, inner, binary, inner),
        st.builds("({}) {} ({})".format, inner, binary, inner),
        st.builds(lambda shape, value: shape.format(value), shapes, inner),
        st.builds("{} ? {} : {}".format, inner, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("[{} for x in {} if {}]".format, inner, operands(), inner),
        st.builds("{{'k': {}, 'l': {}}}".format, inner, inner),
        st.builds("default({}, {})".format, inner, inner),
        st.builds("({}).includes({})".format, inner, inner),
    )


expressions = st.recursive(operands(), combined, max_leaves=12)
garbage = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))


def outcome(source: str) -> Any:
    """The value, or the code of the refusal; anything else is raised."""
    try:
        return "value", parse(source).evaluate(
            SCOPE, clock=RunClock("2026-01-01T00:00:00Z", seed="a"), budget=Budget(10_000, size=100_000)
        )
    except ExpressionError as problem:
        return "refused", problem.error_code


class TestEverySource:
    @given(garbage)
    @settings(max_examples=600, deadline=None)
    def test_gives_a_value_or_a_refusal_and_nothing_else(self, source: str):
        kind, value = outcome(source)
        if kind == "value":
            json.dumps(value, allow_nan=False)

    @given(garbage)
    @settings(max_examples=300, deadline=None)
    def test_as_a_template_too(self, text: str):
        for whole in (text, f"{{{{ {text} }}}}", f"x {{{{ {text} }}}} y"):
            try:
                json.dumps(parse_template(whole).render(SCOPE, budget=Budget(10_000, size=100_000)), allow_nan=False)
            except ExpressionError as problem:
                assert problem.message  # a refusal is an answer
                assert problem.offset is None or 0 <= problem.offset <= len(whole)


class TestEveryExpression:
    @given(expressions)
    @settings(max_examples=500, deadline=None)
    def test_printed_and_read_again_is_the_same(self, source: str):
        first = parse(source)
        again = parse(first.source)
        assert again.source == first.source
        assert [(r.root, r.path) for r in again.references] == [(r.root, r.path) for r in first.references]

    @given(expressions)
    @settings(max_examples=500, deadline=None)
    def test_printed_and_read_again_means_the_same(self, source: str):
        assert outcome(source) == outcome(parse(source).source)

    @given(expressions)
    @settings(max_examples=200, deadline=None)
    def test_in_braces_it_is_the_same(self, source: str):
        assert parse("{{ " + source + " }}") == parse(source)
        assert parse_template("{{ " + source + " }}").source == "{{ " + parse(source).source + " }}"


class TestArithmetic:
    numbers = st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9, allow_nan=False))

    @given(numbers, numbers, st.sampled_from(["+", "-", "*", "/", "//", "%", "<", "<=", ">", ">=", "==", "!="]))
    @settings(max_examples=300, deadline=None)
    def test_is_pythons(self, left: float, right: float, operator: str):
        scope = {"a": left, "b": right}
        if operator in ("/", "//", "%") and right == 0:
            return
        expected = eval(f"a {operator} b", {}, scope)
        if isinstance(expected, float) and not math.isfinite(expected):
            return
        assert parse(f"a {operator} b").evaluate(scope) == expected
