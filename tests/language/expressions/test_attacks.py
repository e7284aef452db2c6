"""Expressions that try to get out of the language: each is refused, and none reaches anything of Python."""

from collections.abc import Callable
from typing import Any

import pytest

from flov7.language.expressions import Budget, ExpressionError, RunClock, parse, parse_template, parse_value

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
ALL = ATTRIBUTES + FORMATS + LEFT_OUT + CLOCKLESS + UNICODE


class TestAttacks:
    def test_there_are_more_than_a_hundred_different_ones(self):
        assert len(set(ALL)) == len(ALL) > 100

    @pytest.mark.parametrize("source", ALL, ids=lambda source: repr(source[:48]))
    def test_is_refused(self, source: str, refused: Callable[[str], ExpressionError]):
        refused(source)


class TestMembers:
    """Names that are attributes in Python are only members of JSON objects."""

    @pytest.mark.parametrize("name", ["upper", "keys", "real", "denominator", "gi_frame", "func_globals", "mro"])
    def test_an_attribute_is_not_there(self, name: str, attacked: dict[str, Any]):
        for root in ("user", "user.name", "number", "list", "null_value"):
            assert parse(f"{root}.{name}").evaluate(attacked) is None

    def test_a_member_in_brackets_may_have_any_name(self):
        assert parse('x["__class__"]').evaluate({"x": {"__class__": "A"}}) == "A"
        assert parse('x["__class__"]').evaluate({"x": "text"}) is None

    def test_nothing_changes_the_data(self):
        data = {"list": [3, 1, 2], "object": {"a": [1]}}
        for source in ("list.sort()", "list.reverse()", "merge(object, {'b': 1})", "list + [1]", "sorted(list)"):
            parse(source).evaluate(data)
        assert data == {"list": [3, 1, 2], "object": {"a": [1]}}


class TestWholeTemplates:
    def test_all_expressions_of_a_text_share_one_budget(self, small: Callable[[], Budget], attacked: dict[str, Any]):
        text = "{{ text.upper() }}" * 50
        with pytest.raises(ExpressionError) as refusal:
            parse_template(text).render(attacked, budget=small())
        assert refusal.value.error_code == "expression.budget"

    def test_all_texts_of_a_value_share_one_budget(self, small: Callable[[], Budget], attacked: dict[str, Any]):
        value = ["{{ [x for x in list] }}"] * 50
        with pytest.raises(ExpressionError) as refusal:
            parse_value(value).render(attacked, budget=small())
        assert refusal.value.error_code == "expression.budget"

    @pytest.mark.parametrize(
        "text",
        ["{{" * 5_000, "{{ a }}" * 2_001, "{{ a" + " " * 20_000, "{{ a }}" + "b" * 1_000_000, "{{ '" + "}}" * 9_000],
        ids=["opened again and again", "too many", "never closed", "too long", "closed only within quotes"],
    )
    def test_a_hostile_text_is_refused(self, text: str, metered: Any):
        with metered() as meter, pytest.raises(ExpressionError):
            parse_template(text)
        assert meter.calls < 5_000_000
        assert meter.memory < 100 * 1024 * 1024

    def test_a_value_nested_too_deeply_is_refused(self):
        value: object = "{{ a }}"
        for _ in range(500):
            value = [value]
        with pytest.raises(ExpressionError) as refusal:
            parse_value(value)
        assert refusal.value.error_code == "expression.budget"

    def test_a_rendered_name_that_comes_twice_is_refused(self, attacked: dict[str, Any]):
        with pytest.raises(ExpressionError):
            parse_value({"{{ user.name }}": 1, "Ann": 2}).render(attacked)


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
