"""Commands that need no server."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from .conftest import Command

GOOD: dict[str, Any] = {
    "flow7": "1.0",
    "name": "triage",
    "primitives": [
        {"type": "trigger", "kind": "webhook", "name": "came", "config": {"url": "/orders"}},
        {
            "type": "condition",
            "kind": "if_else",
            "name": "is_big",
            "logic": "order.total > 1000",
            "then": [{"type": "action", "kind": "wait", "name": "ok", "config": {"for": "approval", "timeout": "2d"}}],
        },
        {
            "type": "action",
            "kind": "api_call",
            "name": "ship",
            "config": {"url": "https://shop.example/ship", "method": "POST", "idempotency": True},
            "on_error": "sorry",
        },
        {"type": "data", "kind": "transform", "name": "sorry", "config": {"value": "{{ error.message }}"}},
    ],
}
WRONG: dict[str, Any] = {
    "name": "wrong",
    "primitives": [
        {"type": "trigger", "kind": "webhook", "name": "came", "config": {"url": "/orders", "methud": "POST"}},
        {"type": "condition", "kind": "filter", "name": "late", "logic": "order total >"},
    ],
}


def _file(name: str, document: object) -> str:
    Path(name).write_text(json.dumps(document))
    return name


class TestValidate:
    def test_shows_picture_effects_and_verdict_of_a_good_document(self, flov7: Command) -> None:
        said = flov7("validate", _file("good.json", GOOD))
        assert said.code == 0
        assert "▶ came" in said.out and "if so" in said.out and "if it fails → ● sorry" in said.out
        assert "https://shop.example/ship" in said.out and "is repeated" in said.out
        assert "good.json is valid" in said.out

    def test_tells_place_mend_and_fix_of_everything_that_is_wrong_and_exits_1(self, flov7: Command) -> None:
        said = flov7("validate", _file("wrong.json", WRONG))
        assert said.code == 1
        assert "/primitives/0/config" in said.out and "methud" in said.out
        assert "/primitives/1/logic" in said.out and "order total" in said.out
        assert "cannot be run as it is" in said.out

    def test_gives_a_program_everything_as_json(self, flov7: Command) -> None:
        told = flov7("validate", _file("wrong.json", WRONG), "--json").json
        assert isinstance(told, dict)
        assert told["valid"] is False
        assert {one["code"] for one in told["diagnostics"]} >= {"config.unknown", "expression.invalid"}

    def test_warnings_alone_are_fine(self, flov7: Command) -> None:
        fragment = {
            "primitives": [{"type": "action", "name": "send_email", "config": {"template": "x", "to": "a@b.c"}}]
        }
        said = flov7("validate", _file("fragment.json", fragment))
        assert said.code == 0 and "! warning" in said.out

    def test_applies_every_safe_fix(self, flov7: Command) -> None:
        twice = {"primitives": [*GOOD["primitives"], GOOD["primitives"][3] | {"config": {"value": "1"}}]}
        mended = flov7("validate", _file("twice.json", twice), "--fix")
        assert mended.code == 0
        names = [one["name"] for one in json.loads(mended.out)["primitives"]]
        assert len(set(names)) == len(names)

    def test_a_file_that_is_not_there_is_told_without_a_trace(self, flov7: Command) -> None:
        said = flov7("validate", "nowhere.json")
        assert said.code == 1 and "no file nowhere.json" in said.err and "Traceback" not in said.err


class TestASimulatedRun:
    def test_shows_each_step_and_ends_with_the_status(self, flov7: Command) -> None:
        order = '{"order": {"total": 5}}'
        samples = '{"ship": {"status": 201}}'
        said = flov7("run", _file("good.json", GOOD), "--mode", "simulated", "--input", order, "--samples", samples)
        assert said.code == 0
        assert "is_big" in said.out and '{"status":201}' in said.out and "The run succeeded." in said.out

    def test_says_what_was_not_answered_in_time(self, flov7: Command) -> None:
        said = flov7("run", _file("good.json", GOOD), "--mode", "simulated", "--input", '{"order": {"total": 5000}}')
        assert said.code == 1
        assert "2 d 0 h" in said.out and "No approval came within 2d" in said.out

    def test_decides_approvals_as_it_was_told(self, flov7: Command) -> None:
        words = ["run", _file("good.json", GOOD), "--mode", "simulated", "--input", '{"order": {"total": 5000}}']
        yes = flov7(*words, "--decide", "approved")
        assert yes.code == 0 and "approved" in yes.out and "ship" in yes.out
        no = flov7(*words, "--decide", "rejected")
        assert "says no" in no.out and "✓ ship" not in no.out

    def test_a_payload_against_the_inputs_is_told(self, flov7: Command) -> None:
        picky = GOOD | {"inputs": {"type": "object", "required": ["order"]}}
        said = flov7("run", _file("picky.json", picky), "--mode", "simulated", "--input", "{}")
        assert said.code == 1 and "does not fit" in said.err and "order" in said.err

    def test_gives_events_and_result_as_json(self, flov7: Command) -> None:
        order = '{"order": {"total": 5}}'
        told = flov7("run", _file("good.json", GOOD), "--mode", "simulated", "--input", order, "--json").json
        assert isinstance(told, dict)
        assert told["status"] == "succeeded"
        assert [one["type"] for one in told["events"]][-1] == "run.finished"

    def test_an_invalid_document_is_not_run(self, flov7: Command) -> None:
        said = flov7("run", _file("wrong.json", WRONG), "--mode", "simulated")
        assert said.code == 1 and "methud" in said.out

    def test_input_that_is_no_json_is_told_with_an_example(self, flov7: Command) -> None:
        said = flov7("run", _file("good.json", GOOD), "--mode", "simulated", "--input", "{total: 5")
        assert said.code == 1 and "no JSON" in said.err and "--input" in said.err


class TestWithoutAServer:
    def test_a_command_that_needs_one_says_how_to_start_it(self, flov7: Command) -> None:
        said = flov7("runs", "list", FLOV7_URL="http://127.0.0.1:9", FLOV7_API_KEY="flov7_x")
        assert said.code == 1 and "flov7 up" in said.err

    def test_without_a_key_it_says_where_one_comes_from(self, flov7: Command) -> None:
        said = flov7("workflows", "list")
        assert said.code == 1 and "FLOV7_API_KEY" in said.err

    def test_a_program_gets_the_error_as_json(self, flov7: Command) -> None:
        told = flov7("runs", "list", "--json", FLOV7_URL="http://127.0.0.1:9", FLOV7_API_KEY="flov7_x").json
        assert isinstance(told, dict)
        assert told["error"]["code"] == "api.unreachable"


class TestKinds:
    def test_lists_all(self, flov7: Command) -> None:
        said = flov7("kinds")
        assert "api_call" in said.out and "ai_process" in said.out and "not built yet" not in said.out

    def test_shows_what_one_takes_and_gives(self, flov7: Command) -> None:
        said = flov7("kinds", "email_send")
        assert "subject" in said.out and "accepted" in said.out

    def test_a_slip_of_the_finger_gets_a_suggestion(self, flov7: Command) -> None:
        said = flov7("kinds", "api_cal")
        assert said.code == 1 and "api_call" in said.err


class TestASentence:
    WORDS = "When a ticket arrives, post it to https://crm.example.com/tickets, then e-mail boss@example.com"

    def test_becomes_a_document_that_a_file_can_take_and_validate_accepts(self, flov7: Command) -> None:
        said = flov7("new", self.WORDS)
        assert said.code == 0, said
        Path("ticket.json").write_text(said.out)
        assert flov7("validate", "ticket.json").code == 0
        kinds = [one["kind"] for one in json.loads(said.out)["primitives"]]
        assert kinds == ["webhook", "api_call", "email_send"]

    def test_is_saved_and_explained(self, flov7: Command) -> None:
        said = flov7("new", self.WORDS, "--save", "ticket.json")
        assert said.code == 0 and "It starts when" in said.out and "▶" in said.out
        assert json.loads(Path("ticket.json").read_text())["flow7"] == "1.0"

    def test_that_says_nothing_known_is_asked_about(self, flov7: Command) -> None:
        said = flov7("new", "frobnicate the gizmo")
        assert said.code == 1 and "?" in said.out


class TestANewKind:
    def test_writes_two_files_that_are_python_and_never_writes_over(self, flov7: Command) -> None:
        Path("src/flov7/primitives/actions").mkdir(parents=True)
        said = flov7("new", "action", "send_fax")
        assert said.code == 0
        source = Path("src/flov7/primitives/actions/send_fax.py")
        ast.parse(source.read_text())
        ast.parse(Path("tests/primitives/actions/test_send_fax.py").read_text())
        source.write_text("mine")
        again = flov7("new", "action", "send_fax")
        assert again.code == 1 and source.read_text() == "mine"


class TestTheDoctor:
    def test_finds_nothing_missing_here(self, flov7: Command) -> None:
        told = flov7("doctor", "--json").json
        assert isinstance(told, dict)
        assert told["good"] is True, told

    def test_names_a_wrong_setting_and_a_misspelt_one(self, flov7: Command) -> None:
        said = flov7("doctor", FLOV7_MASTER_KEY="short", FLOV7_DATABSE_URL="x")
        assert said.code == 1
        assert "FLOV7_MASTER_KEY" in said.out and "FLOV7_DATABSE_URL" in said.out


class TestHelp:
    def test_every_command_explains_itself(self, flov7: Command) -> None:
        for words in ([], ["run"], ["workflows"], ["runs"], ["connections"], ["runs", "resolve"], ["up"], ["demo"]):
            said = flov7(*words, "--help")
            assert said.code == 0 and "Usage" in said.out, words
