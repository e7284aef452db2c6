"""What expressions mean: one table for each part of the language."""

from typing import Any

import pytest

from flov7.language.expressions import ExpressionError, parse

SCOPE: dict[str, Any] = {
    "user": {"name": "Ann", "status": "active", "note": None, "age": 41},
    "order": {
        "id": 7,
        "total": 120.5,
        "class": "gold",
        "order-id": "A-7",
        "length": 12,
        "items": [{"id": 1, "price": 2.5, "from": "x"}, {"id": 2, "price": 3, "from": "y"}],
    },
    "tags": ["b", "a", "b"],
    "empty": [],
    "zero": 0,
    "class": "root",
    "import": {"from": "Berlin"},
    "größe": 3,
    "items": {"0": "zero"},
}


def check(source: str, expected: Any) -> None:
    value = parse(source).evaluate(SCOPE)
    assert value == expected
    assert type(value) is type(expected)


class TestLiterals:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("1", 1),
            ("1.5", 1.5),
            (".5", 0.5),
            ("1e3", 1000.0),
            ("1_000", 1000),
            ("-3", -3),
            ("- -3", 3),
            ("'a'", "a"),
            ('"a"', "a"),
            (r"'it\'s'", "it's"),
            (r"'a\nb'", "a\nb"),
            (r"'\u00e9\x41'", "éA"),
            (r"'\ud83d\ude00'", "😀"),
            (r"'\d+'", "\\d+"),
            (r"r'\n'", "\\n"),
            ("'a && b ?? c ? d : e || !f === null'", "a && b ?? c ? d : e || !f === null"),
            ("'{{ }}'", "{{ }}"),
            ("true", True),
            ("True", True),
            ("false", False),
            ("null", None),
            ("None", None),
            ("undefined", None),
            ("[1, 'a', null,]", [1, "a", None]),
            ("(1, 2)", [1, 2]),
            ("()", []),
            ("{}", {}),
            ("{'a': 1, \"b\": [2]}", {"a": 1, "b": [2]}),
            ("{str(order.id): 1, user.name: 2}", {"7": 1, "Ann": 2}),
            ("{3, 3, 4}", [3, 4]),
        ],
    )
    def test_a_value_as_written(self, source: str, expected: Any):
        check(source, expected)


class TestPaths:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("user.name", "Ann"),
            ("order.class", "gold"),
            ("class", "root"),
            ("import.from", "Berlin"),
            ("order.items[0].from", "x"),
            ("order.items.1.from", "y"),
            ("order.items[-1].id", 2),
            ("order['class']", "gold"),
            ('order["order-id"]', "A-7"),
            ("größe", 3),
            ("order.items.length", 2),
            ("user.name.length", 3),
            ("order.length", 12),
            ("order['length']", 12),
            ("order.items['length']", None),
            ("user.length", None),
            ("user.missing", None),
            ("missing.deep.path", None),
            ("user.name.first", None),
            ("user.age.first", None),
            ("order.items.name", None),
            ("order.items[9].id", None),
            ("order.items[user.name]", None),
            ("tags[zero + 1]", "a"),
            ("items['0']", "zero"),
            ("items[0]", "zero"),
            ("user.name[0]", "A"),
            ("user.name[true]", None),
            ("user?.name", "Ann"),
            ("missing?.name?.[0]?.x", None),
            ("order.items?.[0].id", 1),
            ("tags[1:]", ["a", "b"]),
            ("tags[::-1]", ["b", "a", "b"]),
            ("user.name[:2]", "An"),
            ("missing[1:2]", None),
        ],
    )
    def test_a_path_leads_to_json_or_to_null(self, source: str, expected: Any):
        check(source, expected)

    def test_only_the_needed_roots_are_looked_up(self):
        asked: list[str] = []

        class Lazy:
            def get(self, key: str, /) -> Any:
                asked.append(key)
                return SCOPE.get(key)

        assert parse("user.age > 1 || order.total").evaluate(Lazy()) is True
        assert asked == ["user"]


class TestOperators:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("1 + 2 * 3", 7),
            ("(1 + 2) * 3", 9),
            ("7 / 2", 3.5),
            ("7 // 2", 3),
            ("-7 % 3", 2),
            ("10 - 4 - 3", 3),
            ("'a' + 'b'", "ab"),
            ("[1] + [2]", [1, 2]),
            ("'ab' * 2", "abab"),
            ("2 * [0]", [0, 0]),
            ("+user.age", 41),
            ("-order.total", -120.5),
            ("1 < 2 < 3", True),
            ("1 < 3 < 2", False),
            ("'a' < 'b'", True),
            ("1 <= 1.0", True),
            ("1 == 1.0", True),
            ("1 == true", False),
            ("0 == false", False),
            ("'1' == 1", False),
            ("null == false", False),
            ("null == missing.path", True),
            ("[1, {'a': true}] == [1.0, {'a': true}]", True),
            ("[1] == [true]", False),
            ("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", True),
            ("1 === 1", True),
            ("1 !== 2", True),
            ("'a' != 'b'", True),
            ("'a' in tags", True),
            ("'z' not in tags", True),
            ("'nn' in user.name", True),
            ("'name' in user", True),
            ("1 in [true]", False),
            ("'gold' in ('gold', 'silver')", True),
            ("user.note is null", True),
            ("user.note is none", True),
            ("user.name is not null", True),
            ("true && false", False),
            ("true and not false", True),
            ("zero || 'x'", "x"),
            ("zero or 'x'", "x"),
            ("user.name && tags.length", 3),
            ("!zero", True),
            ("!user.note && true", True),
            ("not 1 == 2", True),
            ("!1 == 2", False),
            ("1 or 1 / 0", 1),
            ("false && 1 / 0", False),
            ("true ? 'a' : 'b'", "a"),
            ("false ? 'a' : true ? 'b' : 'c'", "b"),
            ("'a' if zero else 'b'", "b"),
            ("true ?.5 : 1", 0.5),
            ("{'a': zero ? 1 : 2}", {"a": 2}),
            ("tags[true ? 1 : 0]", "a"),
        ],
    )
    def test_the_obvious_meaning(self, source: str, expected: Any):
        check(source, expected)


class TestDefaults:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("user.note ?? 'none'", "none"),
            ("zero ?? 5", 0),
            ("'' ?? 5", ""),
            ("missing ?? user.note ?? 1", 1),
            ("default(user.note, 'none')", "none"),
            ("user.note|default('none')", "none"),
            ("user.note | default('none') | upper", "NONE"),
            ("coalesce(missing, user.note, 3)", 3),
            ("missing.total ?? 0 > 100", False),
            ("order.total ?? 0 > 100", True),
            ("missing.total|default(0) + 1", 1),
            ("user.note.upper() ?? 'x'", "x"),
            ("default(user.note.upper().lower(), 'x')", "x"),
            ("user.note?.upper()", None),
            ("user?.note.upper()", None),
            ("-missing|default(3)", -3),
            ("1 ?? 1 / 0", 1),
        ],
    )
    def test_null_and_only_null_gets_the_default(self, source: str, expected: Any):
        check(source, expected)


class TestComprehensions:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("[x.price * 2 for x in order.items]", [5.0, 6]),
            ("[x.id for x in order.items if x.price > 2.6]", [2]),
            ("{x.from: x.id for x in order.items}", {"x": 1, "y": 2}),
            ("{x.id: x.from for x in order.items}", {"1": "x", "2": "y"}),
            ("{x for x in tags}", ["b", "a"]),
            ("[[k, v] for k, v in {'a': 1}.items()]", [["a", 1]]),
            ("[i for (i, x) in enumerate(tags) if x == 'b']", [0, 2]),
            ("[a + b for a in tags for b in tags if a != b]", ["ba", "ab", "ab", "ba"]),
            ("[[y for y in range(x)] for x in range(3)]", [[], [0], [0, 1]]),
            ("[x for x in [x for x in [1, 2]] if x > 1]", [2]),
            ("[c for c in 'ab']", ["a", "b"]),
            ("[k for k in user]", ["name", "status", "note", "age"]),
            ("any(x.price > 2.6 for x in order.items)", True),
            ("all(x.price > 2.6 for x in order.items)", False),
            ("any(x > 1 for x in [2, null])", True),
            ("all(x < 1 for x in [2, null])", False),
            ("any(x for x in empty)", False),
            ("all(x for x in empty)", True),
            ("sum(x.price for x in order.items)", 5.5),
            ("', '.join(str(x.id) for x in order.items)", "1, 2"),
            ("[user for user in tags][0]", "b"),
            ("[i-j for i, j in [[5, 3]]]", [2]),
        ],
    )
    def test_as_in_python(self, source: str, expected: Any):
        check(source, expected)


class TestErrors:
    @pytest.mark.parametrize(
        ("source", "code", "words"),
        [
            ("order.missing > 5", "expression.null", "order.missing is null"),
            ("5 < order.items[5].price", "expression.null", "order.items[5].price is null"),
            ("order.total > 'a'", "expression.type", "order.total is a number"),
            ("tags < [1]", "expression.type", "tags is a list"),
            ("1 < 2 < user.note", "expression.null", "user.note is null"),
            ("true < 2", "expression.type", "true"),
            ("'Order ' + order.id", "expression.type", "str(order.id)"),
            ("user.age + user.name", "expression.type", "number(user.name)"),
            ("user + user", "expression.type", "merge(user, user)"),
            ("user.note + 1", "expression.null", "default(user.note, 0)"),
            ("true + 1", "expression.type", "true"),
            ("user.age / zero", "expression.arithmetic", "division by zero"),
            ("-user.name", "expression.type", "user.name is text"),
            ("'a' in user.note", "expression.null", "default(user.note, [])"),
            ("1 in 'abc'", "expression.type", "text"),
            ("user.note.upper()", "expression.null", "user.note?.upper(…)"),
            ("tags.upper()", "expression.type", "tags is a list"),
            ("upper(user.age)", "expression.type", "upper() needs text, but user.age is a number"),
            ("upper(user.note)", "expression.null", "default(user.note"),
            ("[x for x in user.note]", "expression.null", "default(user.note, [])"),
            ("[x for x in user.age]", "expression.type", "user.age is a number"),
            ("[a for a, b in tags]", "expression.type", "2"),
            ("{user.note: 1 for x in tags}", "expression.null", "user.note"),
            ("foo(1)", "expression.unknown", "foo()"),
            ("Math.round(1)", "expression.unknown", "round(…)"),
            ("uper('a')", "expression.unknown", "upper"),
            ("user.name.toUpper()", "expression.unknown", "toUpperCase"),
            ("order.items.map('id')", "expression.unknown", "pluck(items, 'name')"),
            ("len()", "expression.arguments", "len(value)"),
            ("len(1, 2)", "expression.arguments", "len(value)"),
            ("default(user.note)", "expression.arguments", "default()"),
            ("sorted(tags, by='a')", "expression.arguments", "by"),
            ("round(1, decimals=1, decimals=2)", "expression.syntax", "twice"),
            ("round(1, 2, decimals=2)", "expression.arguments", "twice"),
            ("user.name.split(1, 2, 3, 4)", "expression.arguments", ".split("),
            ("order-id", "expression.hyphen", 'trigger.payload["order-id"]'),
            ("order.order-id", "expression.hyphen", 'order["order-id"]'),
            ("headers.x-request-id == 'a'", "expression.hyphen", 'headers["x-request-id"]'),
            ("order.total-missing.x", "expression.null", '["total-missing"]'),
            ("a = 1", "expression.syntax", "=="),
            ("a <> 1", "expression.syntax", "!="),
            ("a AND b", "expression.syntax", "and"),
            ("new Date()", "expression.syntax", "now()"),
            ("{a: 1}", "expression.syntax", '"a"'),
            ("$json.a", "expression.syntax", "$"),
            ("={{ a }}", "expression.syntax", "="),
            ("“a”", "expression.syntax", "plain quotes"),
            ("", "expression.syntax", "no expression"),
            ("a ==", "expression.syntax", "too early"),
            ("(a", "expression.syntax", ")"),
            ("[1, 2", "expression.syntax", "]"),
            ("a ? b", "expression.syntax", ":"),
            ("a if b", "expression.syntax", "else"),
            ("a..b", "expression.syntax", "member"),
            ("a is 5", "expression.syntax", "=="),
            ("007", "expression.syntax", "7"),
            ("1a", "expression.syntax", "digit"),
            ("{{ a }} and {{ b }}", "expression.syntax", "one expression"),
            ("{{ a", "expression.syntax", "}}"),
        ],
    )
    def test_says_what_and_how_to_mend_it(self, source: str, code: str, words: str):
        with pytest.raises(ExpressionError) as refusal:
            parse(source).evaluate(SCOPE)
        error = refusal.value
        assert error.error_code == code
        assert words in f"{error.message} | {error.hint}"
        assert error.offset is None or 0 <= error.offset <= len(source)

    @pytest.mark.parametrize(
        "source", ["order.total - order.id", "order.total - 1", "order.total-1", "order.total-(1)"]
    )
    def test_a_subtraction_that_looks_like_one_is_one(self, source: str):
        assert parse(source).evaluate(SCOPE) < 120

    def test_points_at_the_place(self):
        with pytest.raises(ExpressionError) as refusal:
            parse("{{ user.name == foo(1) }}")
        assert refusal.value.offset == 16


class TestReferences:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("user.name", [("user", ("name",))]),
            ("order.items[0].id", [("order", ("items", 0, "id"))]),
            ("order.items.0.id", [("order", ("items", 0, "id"))]),
            ("order['order-id']", [("order", ("order-id",))]),
            ("order[user.name].x", [("order", ()), ("user", ("name",))]),
            ("order.items.length", [("order", ("items", "length"))]),
            ("user.name.upper()", [("user", ("name",))]),
            ("[x.id for x in order.items if x.id > y]", [("order", ("items",)), ("y", ())]),
            ("[x for x in x]", [("x", ())]),
            ("[x for x in tags] + x", [("tags", ()), ("x", ())]),
            ("len(len)", [("len", ())]),
            ("a ?? b ? c : d", [("a", ()), ("b", ()), ("c", ()), ("d", ())]),
            ("'user.name'", []),
        ],
    )
    def test_what_is_read_from_the_scope(self, source: str, expected: list[Any]):
        assert [(r.root, r.path) for r in parse(source).references] == expected

    def test_each_says_where_it_stands(self):
        assert [r.offset for r in parse("{{ a.b > [x for x in c] }}").references] == [3, 21]


class TestCanonicalText:
    @pytest.mark.parametrize(
        ("source", "canonical"),
        [
            ("a&&b||!c", "a and b or not c"),
            ("(a||b)&&c", "(a or b) and c"),
            ("a===b", "a == b"),
            ("a ? b : c", "b if a else c"),
            ("(a ? b : c) ? d : e", "d if (b if a else c) else e"),
            ("a|default(1)|upper", "upper(a ?? 1)"),
            ("coalesce(a, b, c)", "a ?? b ?? c"),
            ("a['b'].c", "a.b.c"),
            ("a['b-c']", 'a["b-c"]'),
            ("a.0", "a[0]"),
            ("{{  a  }}", "a"),
            ("a-(b -c)", "a - (b - c)"),
            ("(a -b)  -c", "a - b - c"),
            ("-(a+b)", "-(a + b)"),
            ("(not a) == b", "(not a) == b"),
            ("a ?. b", "a?.b"),
            ("(1).x", "(1).x"),
            ("(-1)|abs", "abs(-1)"),
        ],
    )
    def test_one_way_to_write_it(self, source: str, canonical: str):
        assert parse(source).source == canonical
        assert parse(canonical).source == canonical

    def test_equal_text_is_an_equal_expression(self):
        assert parse("a && b") == parse("{{ a and b }}")
        assert len({parse("a && b"), parse("a and b"), parse("b and a")}) == 2
        assert parse("a") != "a"
