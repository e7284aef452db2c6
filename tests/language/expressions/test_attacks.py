"""Expressions that try to get out, or to take more than they may: each is refused, and before the work is done.

Work is counted as the calls that Python makes, and as the memory that it holds at most; never as time.
"""

import sys
import tracemalloc
from types import FrameType

import pytest

from flov7.language.expressions import Budget, ExpressionError, RunClock, parse, parse_template, parse_value

STEPS, SIZE = 20_000, 200_000
CALLS = 400_000
MEMORY = 24 * 1024 * 1024

SCOPE = {
    "text": "a" * 20_000,
    "other": "a" * 19_999 + "b",
    "list": list(range(2_000)),
    "words": ["lorem ipsum " * 5] * 500,
    "object": {f"key{number}": number for number in range(1_000)},
    "user": {"name": "Ann", "email": "ann@example.org", "tags": ["a", "b"]},
    "number": 3,
    "null_value": None,
}

ATTRIBUTES = [
    "().__class__",
    "''.__class__.__mro__",
    "[].__class__.__base__.__subclasses__()",
    "user.__class__",
    "user.__dict__",
    "user.name.__class__.__init__.__globals__",
    "user.__getattribute__('name')",
    "user.name.__len__()",
    "(1).__class__",
    "true.__class__",
    "{}.__class__",
    "__import__('os')",
    "__builtins__",
    "__import__",
    "user?.__class__",
    "user|__class__",
    "[x.__class__ for x in list]",
    "len.__self__",
    "user.name.upper.__self__",
    "user.name.join.__func__()",
    "getattr(user, 'name')",
    "setattr(user, 'name', 1)",
    "hasattr(user, 'name')",
    "vars(user)",
    "dir(user)",
    "globals()",
    "locals()",
    "eval('1 + 1')",
    "exec('import os')",
    "compile('1', '', 'eval')",
    "open('/etc/passwd')",
    "input()",
    "print(1)",
    "breakpoint()",
    "help(len)",
    "memoryview(text)",
    "bytes(10)",
    "object()",
    "super()",
    "isinstance(user, dict)",
    "id(user)",
    "hash(user)",
    "iter(list)",
    "next(list)",
    "map(len, list)",
    "filter(len, list)",
    "callable(len)",
    "os.system('ls')",
    "user.constructor.constructor('return process')()",
    "user.name.constructor('x')",
    "user['name']()",
    "(len)(list)",
    "list[0]()",
    "[len][0](list)",
    "user.pop('name')",
    "user.update(user)",
    "user.clear()",
    "user.setdefault('a', 1)",
    "list.append(1)",
    "list.extend(list)",
    "list.clear()",
    "user.name.encode('utf-16')",
    "user.name.translate(user)",
    "number.to_bytes(8)",
    "number.bit_length()",
    "number.real.conjugate()",
]
FORMATS = [
    "'{0.__class__}'.format(user)",
    "'{:>1000000000}'.format(number)",
    "'{user}'.format_map(user)",
    "'%1000000000d' % number",
    "'%s' % user",
    "'%(name)s' % user",
    "f'{user}'",
    'f"{user.__class__}"',
    "rf'{user}'",
    "F'{user!r:>1000000000}'",
    "b'abc'",
    "format(number, '>1000000000')",
    "`${user.name}`",
    "format_number(number, 1000000000)",
    "format_date('2026-01-01', '%c')",
    "format_date('2026-01-01', 'YYYY' * 100)",
    "parse_date('1' * 90, '%d' * 40)",
    "parse_date('2026', '%Y%Y%Y%Y')",
]
LEFT_OUT = [
    "lambda: 1",
    "(lambda x: x(x))(lambda x: x(x))",
    "list.map(x => x)",
    "(x := 5)",
    "x = 5",
    "await user",
    "yield user",
    "[*list]",
    "len(*list)",
    "{**user}",
    "[...list]",
    "len(**user)",
    "import os",
    "user; user",
    "user @ user",
    "number & 1",
    "number ^ 1",
    "~number",
    "1 << 1000000000",
    "number >> 1",
    "del user",
    "while true",
    "class A: pass",
    "[x async for x in list]",
    "$user",
    "#{user}",
    "user\\name",
    "'" + "a" * 20_000 + "'",
    "'unclosed",
    "{{ user",
    "u\u0000ser\u0000",
]
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
CLOCKLESS = ["now()", "today()", "random()", "uuid()", "random_int(1, 6)", "random_choice(list)"]
UNICODE = [
    "\uff45\uff56\uff41\uff4c('1')",
    "user.\uff3f\uff3fclass\uff3f\uff3f()",
    "l\u0435n(list)",
    "user\u2024name",
    "user\u200b.name",
    "\u202euser",
    "'\\ud800'",
    "'\\udfff\\ud800'",
    "\u0661 + \u0662",
    "1\u0660",
    "user.\u0661",
    "\ufeffuser",
    "\u201cuser\u201d",
    "number \u2212 1",
    "\U0001f600",
    "number \u00d7 2",
]
ALL = ATTRIBUTES + FORMATS + LEFT_OUT + NUMBERS + SIZES + WORK + PATTERNS + DEPTHS + CLOCKLESS + UNICODE


class Meter:
    """Counts Python's calls, and the memory held at most, while it is open."""

    def __enter__(self) -> "Meter":
        self.calls = 0
        tracemalloc.start()
        sys.setprofile(self._count)
        return self

    def _count(self, frame: FrameType, event: str, arg: object) -> None:
        self.calls += event in ("call", "c_call")

    def __exit__(self, *raised: object) -> None:
        sys.setprofile(None)
        self.memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


class TestAttacks:
    def test_there_are_more_than_a_hundred_different_ones(self):
        assert len(set(ALL)) == len(ALL) > 250

    @pytest.mark.parametrize("source", ALL, ids=lambda source: repr(source[:48]))
    def test_refused_before_the_work_is_done(self, source: str):
        with Meter() as meter, pytest.raises(ExpressionError) as refusal:
            parse(source).evaluate(SCOPE, budget=Budget(STEPS, size=SIZE))
        assert refusal.value.message
        assert refusal.value.error_code.startswith("expression.")
        assert meter.calls < CALLS
        assert meter.memory < MEMORY

    @pytest.mark.parametrize("source", SIZES + WORK, ids=lambda source: repr(source[:48]))
    def test_bombs_are_refused_for_their_budget_and_nothing_else(self, source: str):
        with pytest.raises(ExpressionError) as refusal:
            parse(source).evaluate(SCOPE, budget=Budget(STEPS, size=SIZE))
        assert refusal.value.error_code == "expression.budget"

    @pytest.mark.parametrize("source", ["[x for x in list if x > 1990]", "text.upper()[:3]", "json(user)"])
    def test_honest_work_on_the_same_data_is_done_within_the_same_budget(self, source: str):
        assert parse(source).evaluate(SCOPE, budget=Budget(STEPS, size=SIZE))


class TestMembers:
    """Names that are attributes in Python are only members of JSON objects."""

    @pytest.mark.parametrize("name", ["upper", "keys", "real", "denominator", "gi_frame", "func_globals", "mro"])
    def test_an_attribute_is_not_there(self, name: str):
        for root in ("user", "user.name", "number", "list", "null_value"):
            assert parse(f"{root}.{name}").evaluate(SCOPE) is None

    def test_a_member_in_brackets_may_have_any_name(self):
        assert parse('x["__class__"]').evaluate({"x": {"__class__": "A"}}) == "A"
        assert parse('x["__class__"]').evaluate({"x": "text"}) is None

    def test_nothing_changes_the_data(self):
        data = {"list": [3, 1, 2], "object": {"a": [1]}}
        for source in ("list.sort()", "list.reverse()", "merge(object, {'b': 1})", "list + [1]", "sorted(list)"):
            parse(source).evaluate(data)
        assert data == {"list": [3, 1, 2], "object": {"a": [1]}}


class TestWholeTemplates:
    def test_all_expressions_of_a_text_share_one_budget(self):
        text = "{{ text.upper() }}" * 50
        with pytest.raises(ExpressionError) as refusal:
            parse_template(text).render(SCOPE, budget=Budget(STEPS, size=SIZE))
        assert refusal.value.error_code == "expression.budget"

    def test_all_texts_of_a_value_share_one_budget(self):
        value = ["{{ [x for x in list] }}"] * 50
        with pytest.raises(ExpressionError) as refusal:
            parse_value(value).render(SCOPE, budget=Budget(STEPS, size=SIZE))
        assert refusal.value.error_code == "expression.budget"

    @pytest.mark.parametrize(
        "text",
        ["{{" * 5_000, "{{ a }}" * 2_001, "{{ a" + " " * 20_000, "{{ a }}" + "b" * 1_000_000, "{{ '" + "}}" * 9_000],
        ids=["opened again and again", "too many", "never closed", "too long", "closed only within quotes"],
    )
    def test_a_hostile_text_is_refused(self, text: str):
        with Meter() as meter, pytest.raises(ExpressionError):
            parse_template(text)
        assert meter.calls < 5_000_000
        assert meter.memory < 4 * MEMORY

    def test_a_value_nested_too_deeply_is_refused(self):
        value: object = "{{ a }}"
        for _ in range(500):
            value = [value]
        with pytest.raises(ExpressionError) as refusal:
            parse_value(value)
        assert refusal.value.error_code == "expression.budget"

    def test_a_rendered_name_that_comes_twice_is_refused(self):
        with pytest.raises(ExpressionError):
            parse_value({"{{ user.name }}": 1, "Ann": 2}).render(SCOPE)


class TestDeepData:
    def test_data_of_any_depth_is_compared_and_refused_in_results(self):
        deep: object = 1
        for _ in range(5_000):
            deep = [deep]
        scope = {"deep": deep, "copy": deep}
        assert parse("deep == copy").evaluate(scope) is True
        for source in ("json(deep)", "[deep]", "str(deep)", "unique([deep])", "join([deep])"):
            with pytest.raises(ExpressionError):
                parse(source).evaluate(scope)

    def test_chance_is_the_runs_own(self):
        values = [parse("uuid()").evaluate({}, clock=RunClock("2026-01-01T00:00:00Z", seed="a")) for _ in range(2)]
        assert values[0] == values[1]
        assert parse("uuid()").evaluate({}, clock=RunClock("2026-01-01T00:00:00Z", seed="b")) != values[0]
