"""Expressions that try to take more than they may: each is refused, and before the work is done.

Work is counted as the calls that Python makes, and as the memory that it holds at most; never as time.
"""

from collections.abc import Callable
from typing import Any

import pytest

from flov7.language.expressions import Budget, ExpressionError, parse

NUMBERS = [
    "2 ** 3",
    "9 ** 9 ** 9 ** 9",
    "10 ** 100000000",
    "2 ** -1",
    "9" * 100,
    "9" * 9_000,
    "1e400",
    "-1e400",
    "1e308 * 10",
    "1e308 + 1e308",
    "1e308 - -1e308",
    "0.0 / 0",
    "1 / 0",
    "1 // 0",
    "1 % 0",
    "float('nan')",
    "float('inf')",
    "number('-Infinity')",
    "parse_json('NaN')",
    "parse_json('1e999')",
    "parse_json('9' * 5000)",
    "int('9' * 5000)",
    "int('9' * 300)",
    f"{'9' * 70} * {'9' * 70}",
    "sum([1e308, 1e308])",
    f"sum([{', '.join(['9' * 77] * 3)}])",
    "round(1.7e308, -308)",
    "number * 'a' * 1e10",
]
SIZES = [
    "'a' * 1000000000",
    "1000000000 * 'a'",
    "[0] * 1000000000",
    "'a' * 99999 * 99999",
    "[[0] * 99999] * 99999",
    "'a'.repeat(1000000000)",
    "repeat(text, 1000000)",
    "'a'.ljust(1000000000)",
    "'a'.rjust(1000000000)",
    "'a'.padStart(1000000000, 'b')",
    "pad_end('a', 1000000000)",
    "text.replace('a', text)",
    "text.replace('', text)",
    "regex_replace(text, 'a', text)",
    "regex_replace(text, '', text)",
    "regex_replace(text, '(a)', '\\\\1' * 1000)",
    "text.join(list)",
    "join(words, text)",
    "join([text] * 1000, text)",
    "range(1000000000)",
    "range(0, 1000000000, 1)",
    "range(0, -1000000000, -1)",
    "range(-4611686018427387903, 4611686018427387903)",
    "[range(5000) for x in range(5000)]",
    "[text + 'a' for x in range(1000)]",
    "[text.upper() for x in range(1000)]",
    "[text[1:] for x in range(1000)]",
    "[text.split('') for x in range(1000)]",
    "[list + list for x in range(1000)]",
    "[json(object) for x in range(1000)]",
    "[user.name * 5000 for x in list]",
    "json([text] * 1000)",
    "json([[text] * 100] * 100)",
    "json([[[[[[[[[[[[[[list * 9]]]]]]]]]]]]]], 8)",
    "json(object, 8).repeat(1000)",
    "str([text] * 100)",
    "[text] * 1000",
    "[[[[[[[[[list] * 9] * 9] * 9] * 9] * 9] * 9] * 9] * 9] * 9",
    "[[b, b] for b in [[a, a] for a in [[c, c] for c in [[d, d] for d in [list, list]]]]] * 100",
    "{'a': [text, text], 'b': [[text] * 10] * 10}",
    "concat(words, words, words) * 1000",
    "flatten([list] * 1000)",
    "url_encode(text)",
    "base64(text * 9)",
    "html_escape(text * 9)",
    "zip(range(9999), range(9999)) * 100",
    "enumerate('a' * 99999)",
    "merge(object, object) if [merge(object) for x in list] else 0",
    "group_by(list * 100, 'a')",
    "list('a' * 150000) + list('a' * 150000)",
    "entries({str(x): x for x in range(4000)}) * 100",
]
WORK = [
    "[x for x in range(20000) for y in range(20000)]",
    "[1 for a in list for b in list for c in list for d in list]",
    "{str(x): y for x in list for y in list}",
    "any(x == y for x in list for y in range(2000, 4000))",
    "all(x != -1 for x in list for y in list)",
    "sum(1 for x in list for y in list)",
    "[x for x in list if 'z' in text * 5]",
    "[x for x in list if x in list]",
    "[x for x in list if -1 in list]",
    "[1 for x in list if text == other]",
    "[1 for x in list if text < other]",
    "[1 for x in list if 'b' in text]",
    "[1 for x in list if words == [w for w in words]]",
    "[1 for x in list if object == {k: v for k, v in object.items()}]",
    "[sorted(list) for x in list]",
    "[max(list) for x in list]",
    "[unique(list) for x in list]",
    "[sum(list) for x in list]",
    "[list.index(-1) for x in list]",
    "[list.count(x) for x in list]",
    "[matches(text, '(a+)+b') for x in list]",
    "[matches(text, '(a|aa)+$') for x in list]",
    "[extract_all(text, 'a') for x in list]",
    "[text.find('b') for x in list for y in list]",
    "[sha256(text) for x in list]",
    "[pluck(words, 'a.b.c.d.e.f.g') for x in list]",
    "[parse_json(json(object)) for x in list]",
    "sort_by(list * 50, 'a')",
    "[date_add('2026-01-01', x, 'days') for x in range(10000)]",
    "[x for x in text for y in text]",
]
PATTERNS = [
    "matches(text, '(' )",
    "matches(text, '((((a{1000}){1000}){1000}){1000})')",
    "matches(text, 'a{1000}{1000}')",
    "matches(text, '(?=a)')",
    "matches(text, '(a)\\\\1')",
    "matches(text, 'a' * 5000)",
    "matches(text, '[')",
    "matches(text, '(?P<')",
    "extract(text, 'a', 7)",
    "matches(text, '\\\\p{Nonsense}')",
]
DEPTHS = [
    "(" * 5_000 + "1" + ")" * 5_000,
    "(" * 60 + "1" + ")" * 60,
    "[" * 5_000 + "]" * 5_000,
    '{"a":' * 1_000 + "1" + "}" * 1_000,
    "not " * 2_000 + "true",
    "!" * 9_000 + "true",
    "-" * 9_000 + "number",
    "+" * 9_000 + "number",
    "- " * 4_000 + "number",
    "1 if true else " * 600 + "1",
    "true ? 1 : " * 800 + "1",
    "len(" * 1_500 + "''" + ")" * 1_500,
    "user" + "[user" * 1_500 + "]" * 1_500,
    "number" + " + number" * 1_000,
    "number" + " * number" * 1_000,
    "user" + ".a" * 4_000,
    "user" + "[0]" * 3_000,
    "user.name" + ".upper()" * 1_000,
    "user" + "|str" * 2_000,
    "[x for x in " * 700 + "list" + "]" * 700,
    "(" * 9_999,
    "[" * 9_999,
    "{" * 9_999,
    "a?" * 4_000,
    "a if " * 1_900,
    "parse_json('[' * 5000 + ']' * 5000)",
    "parse_json('[' * 150 + ']' * 150)",
    "a" * 20_000,
    "1 + " * 5_000 + "1",
    " " * 20_000 + "1",
]
ALL = NUMBERS + SIZES + WORK + PATTERNS + DEPTHS


class TestBombs:
    def test_there_are_more_than_a_hundred_different_ones(self):
        assert len(set(ALL)) == len(ALL) > 100

    @pytest.mark.parametrize("source", NUMBERS + PATTERNS + DEPTHS, ids=lambda source: repr(source[:48]))
    def test_is_refused_before_the_work_is_done(self, source: str, refused: Callable[[str], ExpressionError]):
        refused(source)

    @pytest.mark.parametrize("source", SIZES + WORK, ids=lambda source: repr(source[:48]))
    def test_is_refused_for_its_budget_and_nothing_else(self, source: str, refused: Callable[[str], ExpressionError]):
        assert refused(source).error_code == "expression.budget"

    @pytest.mark.parametrize("source", ["[x for x in list if x > 1990]", "text.upper()[:3]", "json(user)"])
    def test_honest_work_on_the_same_data_is_done_within_the_same_budget(
        self, source: str, small: Callable[[], Budget], attacked: dict[str, Any]
    ):
        assert parse(source).evaluate(attacked, budget=small())
