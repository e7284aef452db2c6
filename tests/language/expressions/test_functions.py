"""Functions, filters and methods, by example."""

from typing import Any

import pytest

from flov7.language.expressions import FUNCTIONS, METHODS, ExpressionError, RunClock, parse

SCOPE: dict[str, Any] = {
    "rows": [{"id": 2, "k": "b", "n": {"v": 1}}, {"id": 1, "k": "a", "n": {"v": 2}}, {"id": 3, "k": "b", "n": None}],
    "user": {"name": "Ann", "age": 41},
    "nothing": None,
}
CLOCK = {"now": "2026-05-01T23:30:00+00:00", "seed": "run-1"}

CASES: list[tuple[str, Any]] = [
    # text
    ("upper('straße')", "STRASSE"),
    ("'aBc'.lower()", "abc"),
    ("'aBc'.toUpperCase()", "ABC"),
    ("title('one two')", "One Two"),
    ("capitalize('oNE')", "One"),
    ("trim('  a ')", "a"),
    ("'xxaxx'.strip('x')", "a"),
    ("trim_start('  a ')", "a "),
    ("'  a '.trimEnd()", "  a"),
    ("'a,b,c'.split(',')", ["a", "b", "c"]),
    ("'a,b,c'.split(',', 1)", ["a", "b,c"]),
    ("' a  b '.split()", ["a", "b"]),
    ("'ab'.split('')", ["a", "b"]),
    ("lines('a\\nb')", ["a", "b"]),
    ("join(['a', 1, null, true, [2]], '-')", "a-1--true-[2]"),
    ("['a', 'b'].join()", "a, b"),
    ("', '.join(['a', 'b'])", "a, b"),
    ("'aaa'.replace('a', 'b')", "bbb"),
    ("replace('aaa', 'a', 'b', 2)", "bba"),
    ("repeat('ab', 2)", "abab"),
    ("'abc'.startsWith('ab')", True),
    ("starts_with('abc', ['x', 'a'])", True),
    ("'abc'.endswith('x')", False),
    ("'abc'.indexOf('c')", 2),
    ("index_of('abc', 'z')", -1),
    ("'abca'.lastIndexOf('a')", 3),
    ("'abcdef'.substring(1, 3)", "bc"),
    ("'abcdef'.slice(-2)", "ef"),
    ("truncate('abcdef', 4)", "abc…"),
    ("truncate('abc', 4)", "abc"),
    ("'7'.padStart(3, '0')", "007"),
    ("pad_end('7', 3, '12')", "712"),
    ("remove_prefix('abc', 'a')", "bc"),
    ("remove_suffix('abc', 'c')", "ab"),
    ("slug('Größe & Übung!')", "grosse-ubung"),
    ("format_number(1234567.891, 2)", "1,234,567.89"),
    ("format_number(1234567.891, 2, '.', ',')", "1.234.567,89"),
    ("'abc'.charAt(1)", "b"),
    ("str(1.0)", "1.0"),
    ("str(true)", "true"),
    ("str({'a': [1, null]})", '{"a":[1,null]}'),
    ("str('a')", "a"),
    # numbers
    ("int('12')", 12),
    ("int(-2.9)", -2),
    ("float('1.5')", 1.5),
    ("number(' 12 ')", 12),
    ("number('1e2')", 100.0),
    ("bool('false')", False),
    ("bool('no')", False),
    ("bool('anything')", True),
    ("bool([])", False),
    ("round(2.567, 2)", 2.57),
    ("round(2.5)", 2),
    ("floor(-1.5)", -2),
    ("ceil(1.2)", 2),
    ("abs(-3)", 3),
    ("min(3, 1, 2)", 1),
    ("max([3, 1, 2])", 3),
    ("max(['a', 'b'])", "b"),
    ("min([])", None),
    ("sum([1, 2.5, true])", 4.5),
    ("rows.sum('id') + [1, 2].sum()", 9),
    ("avg([1, 2])", 1.5),
    ("avg([])", None),
    ("(2.345).toFixed(1)", "2.3"),
    ("type(1)", "number"),
    ("[type(x) for x in [null, true, 'a', [], {}]]", ["null", "boolean", "string", "array", "object"]),
    ("is_numeric('1.5')", True),
    ("is_numeric('nan')", False),
    # lists and objects
    ("len('abc') + len([1]) + len({'a': 1})", 5),
    ("rows|length", 3),
    ("range(3)", [0, 1, 2]),
    ("range(5, 0, -2)", [5, 3, 1]),
    ("range(3, 1)", []),
    ("enumerate(['a'], 1)", [[1, "a"]]),
    ("zip([1, 2, 3], ['a', 'b'])", [[1, "a"], [2, "b"]]),
    ("sorted([3, null, 1])", [1, 3, None]),
    ("sorted([1, 3, 2], reverse=true)", [3, 2, 1]),
    ("pluck(sort_by(rows, 'id'), 'id')", [1, 2, 3]),
    ("[x.id for x in sorted(rows, key='n.v')]", [2, 1, 3]),
    ("pluck(rows, 'n.v')", [1, 2, None]),
    ("get(rows, '1.n.v')", 2),
    ("get(user, 'missing', 'x')", "x"),
    ("user.get('name')", "Ann"),
    ("where(rows, 'k', 'b').pluck('id')", [2, 3]),
    ("find_by(rows, 'id', 1).k", "a"),
    ("find_by(rows, 'id', 9)", None),
    ("sum_by(rows, 'n.v')", 3),
    ("{k: len(v) for k, v in group_by(rows, 'k').items()}", {"b": 2, "a": 1}),
    ("first([1, 2])", 1),
    ("first([], 'x')", "x"),
    ("last('abc')", "c"),
    ("take([1, 2, 3], 0, 2)", [1, 2]),
    ("reverse('abc')", "cba"),
    (
        "unique([1, 1.0, true, '1', [1], [1.0], {'a': 1, 'b': 2}, {'b': 2, 'a': 1}])",
        [1, True, "1", [1], {"a": 1, "b": 2}],
    ),
    ("unique(rows, 'k').pluck('id')", [2, 1]),
    ("flatten([1, [2, [3]]])", [1, 2, [3]]),
    ("flatten([1, [2, [3]]], 2)", [1, 2, 3]),
    ("concat([1], 2, [3])", [1, 2, 3]),
    ("'a'.concat('b', 'c')", "abc"),
    ("chunk([1, 2, 3], 2)", [[1, 2], [3]]),
    ("compact([1, null, '', 0])", [1, 0]),
    ("contains([1, 2], 2)", True),
    ("'abc'.includes('b')", True),
    ("is_empty('') and is_empty(nothing) and not is_empty(0)", True),
    ("keys({'a': 1})", ["a"]),
    ("{'a': 1}.values()", [1]),
    ("entries({'a': 1})", [["a", 1]]),
    ("dict([['a', 1]])", {"a": 1}),
    ("merge({'a': 1, 'b': 1}, {'b': 2})", {"a": 1, "b": 2}),
    ("pick(user, 'name', 'missing')", {"name": "Ann"}),
    ("omit(user, ['age'])", {"name": "Ann"}),
    ("user.has('name')", True),
    ("[5, 6].indexOf(6)", 1),
    ("[5, 6].index(7)", -1),
    ("[5, 5].count(5)", 2),
    ("[5, 6].at(-1)", 6),
    ("any([0, 1])", True),
    ("all([0, 1])", False),
    ("list('ab')", ["a", "b"]),
    # patterns
    (r"matches('abc-123', '\d+$')", True),
    ("matches('abc', '^b')", False),
    (r"extract('a=1', '(\w)=(\d)')", ["a", "1"]),
    (r"extract('a=1', '=(\d)')", "1"),
    (r"extract('a=1', '(\w)=(\d)', 2)", "1"),
    (r"extract('abc', '\d')", None),
    (r"extract_all('a1b22', '\d+')", ["1", "22"]),
    (r"regex_replace('a1b2', '([a-z])([0-9])', '\2\1')", "1a2b"),
    (r"regex_split('a1b22c', '\d+')", ["a", "b", "c"]),
    # representations
    ("json({'a': [1, 'é']})", '{"a":[1,"é"]}'),
    ("parse_json('[1, 2.5, {\"a\": null}]')", [1, 2.5, {"a": None}]),
    ("base64_decode(base64('é'))", "é"),
    ("url_encode('a b/ü')", "a%20b%2F%C3%BC"),
    ("url_decode('a%20b')", "a b"),
    ("sha256('a')", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
    ("html_escape('<a href=\"x\">')", "&lt;a href=&quot;x&quot;&gt;"),
    # times
    ("now()", "2026-05-01T23:30:00+00:00"),
    ("today()", "2026-05-01"),
    ("today('Europe/Berlin')", "2026-05-02"),
    ("date_add(now(), '2d')", "2026-05-03T23:30:00+00:00"),
    ("date_add(now(), '1h30m')", "2026-05-02T01:00:00+00:00"),
    ("date_add(now(), 'P1DT2H')", "2026-05-03T01:30:00+00:00"),
    ("date_add('2026-01-31', 1, 'month')", "2026-02-28"),
    ("date_subtract('2026-03-01', 1, 'day')", "2026-02-28"),
    ("add_years('2024-02-29', 1)", "2025-02-28"),
    ("add_hours('2026-01-01T00:00:00Z', -1)", "2025-12-31T23:00:00+00:00"),
    ("date_diff('2026-01-01', '2026-03-15')", 73),
    ("date_diff('2026-01-01', '2026-01-02T12:00:00Z')", 1.5),
    ("date_diff('2026-01-31', '2026-03-30', 'months')", 1),
    ("date_diff('2026-03-30', '2026-01-31', 'months')", -1),
    ("date_diff('2020-06-01', '2026-05-31', 'years')", 5),
    ("days_between('2026-01-01T23:00:00Z', '2026-01-02T01:00:00Z')", 1),
    ("format_date('2026-05-01T09:05:00Z', 'DD.MM.YYYY HH:mm')", "01.05.2026 09:05"),
    ("format_date('2026-05-01T13:05:00Z', 'D MMM YY, h:mm A')", "1 May 26, 1:05 PM"),
    ("format_date('2026-05-01', '%A %d %B %Y')", "Friday 01 May 2026"),
    ("format_date('2026-07-01T12:00:00Z', 'HH:mm Z', 'Europe/Berlin')", "14:00 +02:00"),
    ("parse_date('31.12.2026 14:05', 'DD.MM.YYYY HH:mm')", "2026-12-31T14:05:00+00:00"),
    ("parse_date('12/31/26 2:05 pm', '%m/%d/%y %I:%M %p')", "2026-12-31T14:05:00+00:00"),
    ("parse_date('1 July 2026', 'D MMMM YYYY', 'Europe/Berlin')", "2026-07-01T00:00:00+02:00"),
    ("parse_date(0)", "1970-01-01T00:00:00+00:00"),
    ("parse_date(1767225600000)", "2026-01-01T00:00:00+00:00"),
    ("to_timezone('2026-01-01T00:00:00Z', 'America/New_York')", "2025-12-31T19:00:00-05:00"),
    ("timestamp('1970-01-02')", 86400),
    ("[year(now()), month(now()), day(now()), hour(now()), minute(now())]", [2026, 5, 1, 23, 30]),
    ("weekday('2026-05-01')", 5),
    ("weekday_name('2026-05-02')", "Saturday"),
    ("is_weekend('2026-05-02')", True),
    ("date(now())", "2026-05-01"),
    ("start_of('2026-05-13T10:20:30Z', 'week')", "2026-05-11T00:00:00+00:00"),
    ("start_of('2026-05-13T10:20:30Z', 'quarter')", "2026-04-01T00:00:00+00:00"),
    ("start_of('2026-05-13T10:20:30Z', 'hour')", "2026-05-13T10:00:00+00:00"),
    ("end_of('2026-02-13', 'month')", "2026-02-28T23:59:59.999999+00:00"),
    ("is_date('2026-02-30')", False),
    ("is_date('2026-02-28')", True),
]


class TestFunctions:
    @pytest.mark.parametrize(("source", "expected"), CASES, ids=[source for source, _ in CASES])
    def test_gives(self, source: str, expected: Any):
        value = parse(source).evaluate(SCOPE, clock=RunClock(CLOCK["now"], seed=CLOCK["seed"]))
        assert value == expected
        assert type(value) is type(expected)

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ("upper(null)", "upper() needs text"),
            ("str(user.missing)", "user.missing is null"),
            ("int('1.5')", "'1.5' is not a whole number"),
            ("number('abc')", "'abc' is not a number"),
            ("max([1, 'a'])", "only numbers or only text"),
            ("sum(['a'])", "a list of numbers"),
            ("sorted([1, 'a'])", "only numbers or only text"),
            ("chunk([1], 0)", "at least 1"),
            ("range(1, 2, 0)", "other than 0"),
            ("keys([1])", "needs an object"),
            ("parse_json('{')", "is not JSON"),
            ("base64_decode('?')", "base64"),
            ("parse_date('soon')", "'soon' is no time"),
            ("parse_date('2026-13-01')", "is no time"),
            ("parse_date('31.02.2026', 'DD.MM.YYYY')", "is not written as"),
            ("format_date(now(), '%Q')", "%Q"),
            ("date_add(now(), '2 fortnights')", "unit of time"),
            ("date_add(now(), 'soon')", "no duration"),
            ("date_add('9999-12-31', 1, 'day')", "out of range"),
            ("to_timezone(now(), '../etc/passwd')", "no time zone"),
            ("matches('a', '(')", "cannot be read"),
            ("random_int(2, 1)", "not below"),
        ],
    )
    def test_refuses_what_it_is_not_for(self, source: str, words: str):
        with pytest.raises(ExpressionError) as refusal:
            parse(source).evaluate(SCOPE, clock=RunClock(CLOCK["now"], seed=CLOCK["seed"]))
        assert words in f"{refusal.value.message} | {refusal.value.hint}"


class TestTheTable:
    def test_every_function_says_what_it_does(self):
        assert all(len(function.summary) > 10 for function in FUNCTIONS.values())
        assert len(FUNCTIONS) > 120

    def test_every_method_has_the_value_as_its_first_parameter(self):
        for table in METHODS.values():
            assert all(function.parameters or function.variadic for function in table.values())

    def test_every_function_called_wrongly_answers_and_never_crashes(self):
        for name, function in FUNCTIONS.items():
            for value in ("null", "'a'", "-1", "1.5", "[[], 1]", "{'a': []}", "true", "'" + "9" * 500 + "'"):
                arguments = ", ".join([value] * max(1, function.required))
                if not function.parameters and not function.variadic:
                    arguments = ""
                try:
                    parse(f"{name}({arguments})").evaluate({}, clock=RunClock(CLOCK["now"], seed="a"))
                except ExpressionError as problem:
                    assert problem.message  # an answer is as good as a value here


class TestChance:
    def test_the_same_run_gets_the_same_numbers(self):
        def draw(seed: str) -> list[Any]:
            clock = RunClock(CLOCK["now"], seed=seed)
            sources = ("random()", "random_int(1, 6)", "uuid()", "random_choice([1, 2, 3])")
            return [parse(source).evaluate({}, clock=clock) for source in sources]

        assert draw("a") == draw("a") != draw("b")
        assert 0 <= draw("a")[0] < 1

    def test_without_a_run_it_says_so(self):
        with pytest.raises(ExpressionError) as refusal:
            parse("now()").evaluate({})
        assert refusal.value.error_code == "expression.clock"
