"""Text and JSON with expressions in them."""

import pytest

from flov7.language.expressions import ExpressionError, parse_template, parse_value

SCOPE = {"name": "Ann", "n": 7, "price": 2.50, "yes": True, "list": [1, "a"], "object": {"k": None}, "nothing": None}


class TestRendering:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("no braces", "no braces"),
            ("", ""),
            ("{{ n }}", 7),
            ("  {{ list }}\n", [1, "a"]),
            ("{{ nothing }}", None),
            ("{{ missing.path }}", None),
            ("Hello {{ name }}!", "Hello Ann!"),
            ("{{name}}{{n}}", "Ann7"),
            ("{{ n }} {{ price }} {{ yes }}", "7 2.5 true"),
            ("list: {{ list }}", 'list: [1,"a"]'),
            ("object: {{ object }}", 'object: {"k":null}'),
            ("{{ '}}' }} {{ \"{{\" }}", "}} {{"),
            ('x {{ {"a":{"b":1}}}}', 'x {"a":{"b":1}}'),
            ("a }} b { c }", "a }} b { c }"),
            ("{{ missing ?? 'none' }}, {{ default(nothing, 1) }}", "none, 1"),
        ],
    )
    def test_values_stand_in_place(self, text: str, expected: object):
        value = parse_template(text).render(SCOPE)
        assert value == expected
        assert type(value) is type(expected)

    def test_null_inside_text_names_the_path_and_offers_a_default(self):
        with pytest.raises(ExpressionError) as refusal:
            parse_template("Hello {{ user.name }}").render(SCOPE)
        assert refusal.value.error_code == "expression.null"
        assert "user.name" in refusal.value.message
        assert 'default(user.name, "…")' in refusal.value.hint
        assert refusal.value.offset == 6


class TestReading:
    def test_tells_literal_whole_and_mixed_apart(self):
        seen = [(t.is_literal, t.is_whole) for t in map(parse_template, ("a", " {{ a }} ", "a {{ a }}", "{{a}}{{b}}"))]
        assert seen == [(True, False), (False, True), (False, False), (False, False)]

    def test_references_count_within_the_text(self):
        assert parse_template("Hi {{ a.b }}, {{ c }}").references == (("a", ("b",), 6), ("c", (), 17))

    def test_its_text_is_canonical(self):
        assert parse_template("Hi {{a&&b}}!").source == "Hi {{ a and b }}!"
        assert parse_template(" {{ a }} ") == parse_template("{{a}}")

    @pytest.mark.parametrize(
        ("text", "offset"), [("Hi {{ a + }}", 10), ("Hi {{ }}", 6), ("Hi {{ a", 5), ("{{ a }} {{ b c }}", 13)]
    )
    def test_errors_count_within_the_text(self, text: str, offset: int):
        with pytest.raises(ExpressionError) as refusal:
            parse_template(text)
        assert refusal.value.offset == offset


class TestValues:
    def test_texts_anywhere_are_rendered(self):
        value = {"to": "{{ name }}", "n": 1, "deep": [{"{{ name }}-key": "n={{ n }}"}, "{{ list }}", None, "plain"]}
        template = parse_value(value)
        assert not template.is_literal
        assert template.render(SCOPE) == {
            "to": "Ann",
            "n": 1,
            "deep": [{"Ann-key": "n=7"}, [1, "a"], None, "plain"],
        }
        assert [where for where, _ in template.templates] == [
            "/to",
            "/deep/0/{{ name }}-key",
            "/deep/0/{{ name }}-key",
            "/deep/1",
        ]
        assert [reference.root for reference in template.references] == ["name", "name", "n", "list"]

    def test_a_value_without_expressions_stays_as_it_is(self):
        value = {"a": [1, 2.5, None, {"b": "text"}]}
        template = parse_value(value)
        assert template.is_literal
        assert template.render({}) == value == template.source

    def test_an_error_says_which_text(self):
        with pytest.raises(ExpressionError) as read:
            parse_value({"a/b": ["ok", "{{ + }}"]})
        assert read.value.details["where"] == "/a~1b/1"
        with pytest.raises(ExpressionError) as rendered:
            parse_value({"a": ["x {{ missing }}"]}).render({})
        assert rendered.value.details["where"] == "/a/0"
