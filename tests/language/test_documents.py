"""The product document's examples, canonical printing, compiling, and what never raises."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flov7.engine.interpreter.prepare import prepare
from flov7.engine.runtimes.simulated import Script, simulate
from flov7.language.diagnostics import Report
from flov7.language.document import Document
from flov7.language.front import check_text, check_value
from flov7.language.parse import parse_value
from flov7.language.printing import canonical, canonical_bytes, to_json
from flov7.primitives.registry import catalogue, registry

DATA = Path(__file__).parent.parent / "data"
NAMES = ("webhook_trigger", "send_email", "gmail_connection", "user_verification", "user_mapping")
SHARED = Path(os.environ.get("FLOV7_SHARED", Path(__file__).parents[3] / "shared"))
ACTIONS = [
    {"type": "action", "kind": "email_send", "name": "send_welcome_email", "config": {"to": "{{user.email}}", "template": "welcome"}},
    {"type": "action", "kind": "email_send", "name": "send_verification_email", "config": {"to": "{{ user_email }}", "template": "verify"}},
]  # fmt: skip


def example(name: str) -> str:
    """One of the five, character for character."""
    return (DATA / f"{name}.json").read_text()


class TestNamesTakenTwice:
    def test_do_not_hide_what_else_is_wrong_and_their_mends_do_not_meet(self) -> None:
        step = {"type": "data", "kind": "mapping", "name": "m", "mapping": {"a": "b"}}
        inner = {"type": "condition", "kind": "if_else", "name": "c", "logic": "a > 1", "then": [step]}
        checked = check_value([step, step, inner, {**step, "kind": "maping"}], catalogue())
        found = [(one.code, one.where) for one in checked.diagnostics]
        assert found == [
            ("name.duplicate", "/1/name"),
            ("name.duplicate", "/2/then/0/name"),
            ("name.duplicate", "/3/name"),
            ("kind.unknown", "/3/kind"),
        ]
        assert checked.document is None and checked.plan is None
        mends = [one.fix[0]["value"] for one in checked.diagnostics if one.code == "name.duplicate" and one.fix]
        assert mends == ["m_2", "m_3", "m_4"]


class TestADamagedShape:
    def test_does_not_hide_what_is_wrong_elsewhere(self) -> None:
        document = [
            {"type": "trigger", "kind": "apii", "name": "go"},
            {"type": "actionn", "name": "a"},
            {"type": "condition", "kind": "if_else", "name": "big", "logic": "a >", "then": [
                {"type": "data", "kind": "mapping", "name": "m", "mapping": {"a": "b"}, "tiemout": 3},
                {"type": "action", "kind": "api_call", "name": "call", "config": {"methd": "GET"}},
            ]},
            {"type": "action", "kind": "wait", "name": "Bad Name", "config": {"for": "time", "duration": "soon"}},
        ]  # fmt: skip
        checked = check_value(document, catalogue())
        found = {(one.code, one.where) for one in checked.diagnostics if one.severity == "error"}
        assert found >= {
            ("kind.unknown", "/0/kind"),
            ("shape.bad_value", "/1/type"),
            ("expression.invalid", "/2/logic"),
            ("shape.unknown_field", "/2/then/0/tiemout"),
            ("config.unknown", "/2/then/1/config/methd"),
            ("name.invalid", "/3/name"),
            ("duration.invalid", "/3/config/duration"),
        }
        assert not {code for code, _ in found if code.startswith(("ref.", "order.", "type."))}
        assert checked.document is None and checked.plan is None

    @pytest.mark.parametrize("logic", [[], [1], {}, {"a": 1}, 3])
    def test_a_value_that_fits_no_form_is_told(self, logic: Any) -> None:
        step = {"type": "condition", "kind": "if_else", "name": "s", "logic": logic, "then": []}
        found = check_value([{"type": "trigger", "kind": "api", "name": "go"}, step], catalogue())
        assert [(one.code, one.where[:8]) for one in found.diagnostics] == [("shape.wrong_type", "/1/logic")]

    @pytest.mark.parametrize("field", ["mode", "expect", "inputs", "flow7"])
    def test_of_the_documents_own_fields_neither(self, field: str) -> None:
        raw = {"name": "x", field: ["wrong"], "primitives": [{"type": "trigger", "kind": "apii", "name": "go"}]}
        found = [one.code for one in check_value(raw, catalogue()).diagnostics]
        assert found[0].startswith(("shape.", "document.")) and ("kind.unknown" in found) == (field != "flow7")


class TestTheFiveExamples:
    def test_are_those_of_the_product_document(self) -> None:
        paper = SHARED / "product" / "flov7.md"
        if not paper.is_file():
            pytest.skip(f"the product document is not at {paper}; set FLOV7_SHARED to its folder")
        blocks = re.findall(r"```json\n(.*?)```", paper.read_text(), re.DOTALL)
        assert [block for block in blocks if '"type"' in block and '"name"' in block] == [
            example(name) for name in NAMES
        ]

    @pytest.mark.parametrize("name", NAMES)
    def test_each_validates_as_a_fragment(self, name: str) -> None:
        checked = check_text(example(name), catalogue())
        assert not checked.has_errors, checked.diagnostics

    def test_gmail_is_found_by_its_service_alone(self) -> None:
        checked = check_text(example("gmail_connection"), catalogue())
        assert checked.diagnostics == ()
        assert checked.document is not None and checked.document.primitives[0].kind == "gmail"

    @pytest.mark.parametrize(
        ("status", "sent", "not_sent"),
        [
            ("active", "send_welcome_email", "send_verification_email"),
            ("new", "send_verification_email", "send_welcome_email"),
        ],
    )
    def test_together_they_run(self, status: str, sent: str, not_sent: str) -> None:
        order = ("webhook_trigger", "user_mapping", "gmail_connection", "user_verification", "send_email")
        primitives = [json.loads(example(name)) for name in order[:4]] + ACTIONS + [json.loads(example("send_email"))]
        checked = check_value(primitives, catalogue())
        assert checked.plan is not None, checked.diagnostics
        payload = {"email": "ann@example.com", "name": "Ann", "user": {"email": "ann@example.com", "status": status}}
        simulation = simulate(prepare(checked.plan, registry()), registry(), payload=payload, script=Script())
        assert simulation.result is not None
        assert simulation.result.status == "succeeded", simulation.result
        called = [request.step for request in simulation.calls]
        assert called == [sent, "send_email"]
        assert not_sent not in called
        assert {request.inputs["to"] for request in simulation.calls} == {"ann@example.com"}


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Valid documents of many shapes."""
    expressions = st.sampled_from(["a > 1", "name == 'x'", "items.length", "default(a, 2)", "a ? b : c"])

    def steps(prefix: str, depth: int) -> st.SearchStrategy[list[dict[str, Any]]]:
        def one(index: int) -> st.SearchStrategy[dict[str, Any]]:
            name = f"{prefix}{index}"
            options = [
                expressions.map(
                    lambda e: {"type": "data", "kind": "mapping", "name": name, "mapping": {e: f"v_{name}"}}
                ),
                st.just({"type": "action", "kind": "api_call", "name": name, "config": {"url": "https://example.com"}}),
                st.just(
                    {"type": "action", "kind": "wait", "name": name, "config": {"for": "approval", "timeout": "2d"}}
                ),
            ]
            if depth:
                options.append(
                    st.tuples(expressions, steps(f"{name}_", depth - 1)).map(
                        lambda both: {
                            "type": "condition",
                            "kind": "if_else",
                            "name": name,
                            "logic": both[0],
                            "then": both[1],
                        }
                    )
                )
                options.append(
                    steps(f"{name}_", depth - 1).map(
                        lambda inner: {"type": "condition", "kind": "loop", "name": name, "over": "items", "do": inner}
                    )
                )
            return st.one_of(options)

        return st.integers(0, 4).flatmap(lambda count: st.tuples(*(one(i) for i in range(count))).map(list))

    return steps("s", 2).map(
        lambda items: {
            "flow7": "1.0",
            "name": "made",
            "primitives": [{"type": "trigger", "kind": "api", "name": "go"}, *items, ACTIONS[0]],
        }
    )


class TestPrinting:
    @given(documents())
    @settings(max_examples=60, deadline=None)
    def test_print_then_parse_is_identity(self, raw: dict[str, Any]) -> None:
        document = check_value(raw, catalogue()).document
        assert document is not None
        again = check_text(canonical(document), catalogue()).document
        assert again == document
        assert canonical_bytes(again) == canonical_bytes(document)

    def test_every_kind_is_written_out(self) -> None:
        document = check_text(example("user_mapping"), catalogue()).document
        assert document is not None
        assert to_json(document)["primitives"][0]["kind"] == "mapping"

    def test_equal_documents_are_equal_bytes(self) -> None:
        one = check_text(
            '{"name": "a", "primitives": [{"type": "data", "name": "m", "mapping": {"x": "y"}}]}', catalogue()
        )
        two = check_text("primitives: [{mapping: {x: y}, kind: mapping, name: m, type: data}]\nname: a\n", catalogue())
        assert one.document is not None
        assert two.document is not None
        assert canonical_bytes(one.document) == canonical_bytes(two.document)


class TestCompile:
    @given(documents())
    @settings(max_examples=40, deadline=None)
    def test_is_deterministic(self, raw: dict[str, Any]) -> None:
        plans = [check_value(json.loads(json.dumps(raw)), catalogue()).plan for _ in range(2)]
        assert plans[0] is not None
        assert plans[1] is not None
        assert plans[0].to_bytes() == plans[1].to_bytes()

    def test_says_effects_and_credentials(self) -> None:
        document = {
            "name": "e",
            "primitives": [
                {"type": "trigger", "kind": "api", "name": "go"},
                {"type": "connection", "name": "shop", "service": "api", "credentials": {"type": "bearer"}},
                {"type": "action", "kind": "api_call", "name": "look", "connection": "shop", "config": {"url": "/x"}},
                {"type": "action", "kind": "api_call", "name": "put_it", "connection": "shop",
                 "config": {"url": "/x", "method": "PUT"}},
                {"type": "action", "kind": "api_call", "name": "drop_it", "connection": "shop",
                 "config": {"url": "/x", "method": "DELETE"}},
            ],
        }  # fmt: skip
        plan = check_value(document, catalogue()).plan
        assert plan is not None
        lines = [(line.primitive, line.effect.value, line.connection) for line in plan.manifest]
        assert lines[0] == ("look", "read", "shop")
        assert lines[1] == ("put_it", "idempotent", "shop")
        assert lines[2] == ("drop_it", "irreversible", "shop")


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=6)
    | st.sampled_from(["m", "{{ x", "a >", "after", "s1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


class TestDamage:
    @given(documents(), st.data())
    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_a_damaged_document_gives_diagnostics_and_never_an_exception(self, raw: dict[str, Any], data: Any) -> None:
        raw = json.loads(json.dumps(raw))
        spot: Any = raw
        for _ in range(data.draw(st.integers(0, 5))):
            inner = list(spot.items()) if isinstance(spot, dict) else list(enumerate(spot))
            holders = [one for one in inner if isinstance(one[1], dict | list) and one[1]]
            if not holders:
                break
            spot = data.draw(st.sampled_from(holders))[1]
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()):
            spot[key] = data.draw(JSON_VALUES)
        else:
            del spot[key]
        checked = check_value(raw, catalogue(), strict=data.draw(st.booleans()))
        assert checked.has_errors or checked.plan is not None or checked.document is not None

    @given(st.text(max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_any_text_gives_an_answer(self, text: str) -> None:
        checked = check_text(text, catalogue())
        assert checked.diagnostics or checked.plan is not None

    @given(JSON_VALUES)
    @settings(max_examples=100, deadline=None)
    def test_any_value_gives_an_answer(self, value: Any) -> None:
        checked = check_value(value, catalogue())
        assert checked.diagnostics or checked.plan is not None or checked.document is not None

    @pytest.mark.parametrize(
        "bomb",
        ["a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\ne: [*d,*d]\n" * 1, "[" * 100_000, '{"a":' * 5000],
    )
    def test_bombs_are_refused(self, bomb: str) -> None:
        assert check_text(bomb, catalogue()).has_errors


class TestShape:
    def test_the_published_schema_takes_what_is_printed(self) -> None:
        from flov7.language.schema import document_schema
        from flov7.language.schemas import problems

        document = check_text(example("user_mapping"), catalogue()).document
        assert document is not None
        assert problems(document_schema(), value=to_json(document)) == []
        assert problems(document_schema(), value={"primitives": [{"type": "nothing"}]})

    def test_a_bare_list_is_a_document_named_untitled(self) -> None:
        document = parse_value([json.loads(example("user_mapping"))], Report())
        assert isinstance(document, Document)
        assert document.name == "untitled"
