"""Converting one value's form, and the messages for what cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flov7.kit.errors import StepRefused
from flov7.primitives.formats import csv_text, json_text, xml
from flov7.primitives.registry import registry

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=20)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
XML_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), min_size=1, max_size=10).filter(str.strip)


def convert(operation: str, value: Any, **more: Any) -> Any:
    return registry().runner("action", "transform").compute({"operation": operation, "value": value, **more})


class TestConverting:
    @pytest.mark.parametrize(
        ("operation", "value", "more", "result"),
        [
            ("parse_json", '{"a": [1, null]}', {}, {"a": [1, None]}),
            ("print_json", {"a": "ü"}, {}, '{"a":"ü"}'),
            ("print_json", {"a": 1}, {"indent": True}, '{\n  "a": 1\n}'),
            ("parse_xml", "<?xml version='1.0' encoding='latin1'?><a>ü</a>", {}, {"a": "ü"}),
            ("parse_xml", '<a xmlns="urn:x" k="1"><b>1</b><b/></a>', {}, {"a": {"@k": "1", "b": ["1", ""]}}),
            ("parse_xml", '<a xmlns="urn:x"/>', {"keep_namespaces": True}, {"{urn:x}a": ""}),
            ("print_xml", {"a": {"@k": 1, "#text": "<"}}, {}, '<?xml version="1.0" encoding="UTF-8"?>\n<a k="1">&lt;</a>'),
            ("parse_csv", "\ufeffa,b\r\n1,\"x\ny\"\r\n", {}, [{"a": "1", "b": "x\ny"}]),
            ("parse_csv", "1;2", {"header": False}, [["1", "2"]]),
            ("print_csv", [{"a": None, "b": True}, {"c": [1]}], {"delimiter": ";"}, "a;b;c\r\n;true;\r\n;;[1]\r\n"),
            ("base64_encode", "ü?>", {}, "w7w/Pg=="),
            ("base64_encode", "ü?>", {"url_safe": True}, "w7w_Pg"),
            ("base64_decode", "w7w_Pg", {}, "ü?>"),
            ("url_encode", "a b/ü", {}, "a%20b%2F%C3%BC"),
            ("url_decode", "a%20b%2F", {}, "a b/"),
            ("hash", "abc", {}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("hash", {"a": 1}, {"algorithm": "md5"}, "bb6cb5c68df4652941caf652a366f2d8"),
            ("strip_html", "<p>Hi <b>you</b></p><script>x()</script><ul><li>a</li></ul>", {}, "Hi you\n\n- a"),
            ("date", "31.01.2027 09:00", {"input_format": "%d.%m.%Y %H:%M", "time_zone": "Europe/Berlin", "to_time_zone": "UTC"},
             "2027-01-31T08:00:00Z"),
            ("date", "2027-01-31", {"add_days": 1, "output_format": "%d/%m/%Y"}, "01/02/2027"),
            ("date", 0, {}, "1970-01-01T00:00:00Z"),
            ("date", "Sun, 31 Jan 2027 09:00:00 +0100", {}, "2027-01-31T09:00:00+01:00"),
        ],
    )  # fmt: skip
    def test_gives_the_new_form(self, operation: str, value: Any, more: dict[str, Any], result: Any) -> None:
        assert convert(operation, value, **more) == result

    @pytest.mark.parametrize(
        ("operation", "value", "said"),
        [
            ("parse_json", '{"a": }', "line 1, column 7"),
            ("parse_json", "NaN", "NaN is no JSON number"),
            ("parse_json", "1e999", "too large"),
            ("parse_json", "[" * 100_000, "nested too deeply"),
            ("parse_json", {"a": 1}, "takes text; here is an object"),
            ("parse_xml", "<a><b></a>", "This is no XML"),
            ("print_xml", [1], "one outermost element"),
            ("print_xml", {"a b": 1}, "cannot be the name"),
            ("parse_csv", "a,b\n1\n", "Row 2 of this CSV has 1 fields and the header has 2"),
            ("parse_csv", "a,a\n1,2\n", "Two columns of this CSV are named `a`"),
            ("print_csv", [1], "a list of objects"),
            ("base64_decode", "%%%", "no Base64"),
            ("date", "tomorrow", "`tomorrow` is no date ISO 8601"),
            ("date", None, "is no date"),
        ],
    )
    def test_explains_what_cannot_be_read(self, operation: str, value: Any, said: str) -> None:
        with pytest.raises(StepRefused, match=said):
            convert(operation, value)


class TestATimeZone:
    def test_that_is_not_there_is_explained(self) -> None:
        with pytest.raises(StepRefused, match="no time zone `Mars/Olympus`"):
            convert("date", "2027-01-31", time_zone="Mars/Olympus")


class TestXmlFromStrangers:
    BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'

    @pytest.mark.parametrize(
        "text",
        [
            BOMB,
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
            '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
            "<x>" * 10_000,
        ],
    )
    def test_brings_no_entities_files_or_depth(self, text: str) -> None:
        with pytest.raises(StepRefused):
            convert("parse_xml", text)


class TestThereAndBack:
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=3), max_leaves=8
        )
    )
    def test_json_is_itself(self, value: Any) -> None:
        assert json_text.parse(json_text.show(value)) == value

    @given(st.lists(st.fixed_dictionaries({"a": TEXT, "b": TEXT.filter(bool)}), min_size=1, max_size=4))
    def test_csv_is_itself(self, rows: list[dict[str, str]]) -> None:
        assert csv_text.parse(csv_text.show(rows, delimiter=","), delimiter=",") == rows

    @given(st.dictionaries(NAMES, XML_TEXT, min_size=1, max_size=4))
    def test_xml_is_itself(self, fields: dict[str, str]) -> None:
        assert xml.parse(xml.show(fields, root="r")) == {"r": fields}


PAGE = """<html><body><h1>Shop <b>news</b></h1>
<div class=item><a href="/1">One</a><span> 5 € </span></div><div class=item><a href="/2">Two</a></div>"""


class TestHtml:
    def test_parts_are_found_by_selectors(self, compute: Any) -> None:
        inputs = {"value": PAGE, "operation": "select_html", "select": {"title": "h1", "first": "a@href", "no": "h9"}}
        assert compute("action/transform", inputs) == {"title": "Shop news", "first": "/1", "no": None}

    def test_each_element_gives_an_object(self, compute: Any) -> None:
        select = {"name": "a", "price": "span"}
        inputs = {"value": PAGE, "operation": "select_html", "select": select, "each": "div.item"}
        assert compute("action/transform", inputs) == [{"name": "One", "price": "5 €"}, {"name": "Two", "price": None}]

    def test_an_empty_page_has_nothing(self, compute: Any) -> None:
        inputs = {"value": " ", "operation": "select_html", "select": {"a": "a"}}
        assert compute("action/transform", inputs) == {"a": None}

    def test_what_is_no_selector_is_explained(self, compute: Any) -> None:
        with pytest.raises(StepRefused, match="is no CSS selector"):
            compute("action/transform", {"value": PAGE, "operation": "select_html", "select": {"a": "div[["}})


def test_markdown_becomes_html_and_html_in_it_stays_text(compute: Any) -> None:
    inputs = {"value": "# Hi\n\n|a|\n|-|\n|1|\n\n<script>x</script>", "operation": "print_markdown"}
    made = compute("action/transform", inputs)
    assert made.startswith("<h1>Hi</h1>\n<table>") and "&lt;script&gt;" in made and "<script>" not in made
