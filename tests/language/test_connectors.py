"""Operations of connectors in documents: found by name, checked by their schemas, carried whole in the plan."""

from __future__ import annotations

from typing import Any

from flov7.language.effects import Effect
from flov7.language.front import Checked, check_value
from flov7.language.plan import Plan
from flov7.primitives.registry import catalogue

GO = {"type": "trigger", "kind": "api", "name": "go"}
NOTION = {"type": "connection", "name": "wiki", "service": "notion"}


def check(*primitives: dict[str, Any]) -> Checked:
    return check_value([GO, *primitives], catalogue(), strict=True)


def step(kind: str, **config: Any) -> dict[str, Any]:
    return {"type": "action", "kind": kind, "name": "step", "config": config, "on_error": "continue"}


def codes(checked: Checked) -> set[str]:
    return {one.code for one in checked.diagnostics}


class TestAnOperation:
    def test_travels_whole_in_the_plan(self) -> None:
        checked = check(NOTION, step("notion.create_page", parent={"page_id": "p"}, properties={}))
        assert checked.plan is not None, checked.diagnostics
        node = checked.plan.parts[0].block.nodes[0]
        assert node.operation is not None
        assert (node.operation["method"], node.operation["path"]) == ("POST", "/pages")
        assert (node.connection, node.effect) == ("wiki", Effect.WRITE)
        assert Plan.from_bytes(checked.plan.to_bytes()) == checked.plan

    def test_equal_documents_give_equal_plans(self) -> None:
        document = (NOTION, step("notion.search", query="x"))
        first, second = check(*document).plan, check(*document).plan
        assert first is not None and second is not None and first.to_bytes() == second.to_bytes()

    def test_is_in_the_manifest_with_what_it_touches(self) -> None:
        checked = check(NOTION, step("notion.update_page", page_id="{{ trigger.payload.page }}", properties={}))
        assert checked.plan is not None
        line = checked.plan.manifest[0]
        assert (line.kind, line.effect, line.connection) == ("action/notion.update_page", Effect.IDEMPOTENT, "wiki")

    def test_whose_receiver_takes_a_key_may_be_repeated(self) -> None:
        stripe = {"type": "connection", "name": "pay", "service": "stripe"}
        safe = step("stripe.refund", payment_intent="pi_1") | {"retry": {"max_attempts": 5}}
        unsafe = step("notion.create_page", parent={}, properties={}) | {"retry": {"max_attempts": 5}}
        assert "effect.unsafe_retry" not in codes(check(stripe, safe))
        assert "effect.unsafe_retry" in codes(check(NOTION, unsafe))

    def test_that_is_not_there_suggests_the_one_that_was_meant(self) -> None:
        checked = check(NOTION, step("notion.creat_page"))
        found = next(one for one in checked.diagnostics if one.code == "kind.unknown")
        assert found.hint == "`notion.create_page` was meant?"
        assert found.fix is not None

    def test_is_checked_by_its_own_schema(self) -> None:
        assert "config.missing" in codes(check(NOTION, step("notion.create_page", properties={})))
        assert "config.unknown" in codes(check(NOTION, step("notion.get_page", page_id="p", pag=1)))
        assert "config.wrong" in codes(check(NOTION, step("notion.search", limit=0)))

    def test_without_a_connection_says_which_one_it_needs(self) -> None:
        checked = check(step("notion.get_page", page_id="p"))
        found = next(one for one in checked.diagnostics if one.code == "connection.missing")
        assert "notion" in found.message

    def test_does_not_take_another_services_connection(self) -> None:
        slack = {"type": "connection", "name": "chat", "service": "slack"}
        wrong = step("notion.get_page", page_id="p") | {"connection": "chat"}
        assert "connection.wrong_kind" in codes(check(slack, wrong))


class TestAConnection:
    def test_is_of_its_services_first_kind_or_of_the_one_that_is_wanted(self) -> None:
        def kind(**more: Any) -> str | None:
            checked = check(NOTION | more, step("notion.get_page", page_id="p"))
            assert checked.document is not None
            return next(one.kind for one in checked.document.primitives if one.name == "wiki")

        assert kind() == "api_key"
        assert kind(credentials={"type": "oauth"}) == "oauth"

    def test_of_a_kind_that_its_service_does_not_take_is_refused(self) -> None:
        checked = check(NOTION | {"credentials": {"type": "basic"}}, step("notion.get_page", page_id="p"))
        found = next(one for one in checked.diagnostics if one.code == "kind.unknown")
        assert found.where.endswith("/credentials/type") and "`api_key`" in found.hint

    def test_takes_the_settings_of_its_service_and_no_others(self) -> None:
        jira = {"type": "connection", "name": "j", "service": "jira", "config": {"site": "acme.atlassian.net"}}
        asks = step("jira.get_issue", issue="OPS-1")
        assert not codes(check(jira, asks)) - {"error.unhandled"}
        assert "config.unknown" in codes(check(jira | {"config": {"sight": "acme"}}, asks))

    def test_to_a_service_that_is_nearly_one_is_mended(self) -> None:
        checked = check(NOTION | {"service": "notoin"}, step("notion.get_page", page_id="p"))
        found = next(one for one in checked.diagnostics if one.code == "kind.unknown")
        assert found.hint == "`notion` was meant?"
