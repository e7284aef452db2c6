"""Commands about words: edit, templates, evaluate. They need no server."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Command

SENTENCE = "When a form is submitted, save it to the database, then email sales@acme.test"


class TestEdit:
    def test_a_change_is_shown_and_written_and_the_rest_stays(self, flov7: Command) -> None:
        flov7("new", SENTENCE, "--save", "a.json")
        before = json.loads(Path("a.json").read_text())
        said = flov7("edit", "a.json", "Before saving, wait for approval")
        assert said.code == 0 and "approval" in said.out
        after = json.loads(Path("a.json").read_text())
        assert [one for one in after["primitives"] if one["name"] != "approval"] == before["primitives"]

    def test_what_changes_nothing_writes_nothing(self, flov7: Command) -> None:
        flov7("new", SENTENCE, "--save", "a.json")
        before = Path("a.json").read_text()
        said = flov7("edit", "a.json", "Remove the payment")
        assert said.code == 1 and "Nothing was written" in said.err and Path("a.json").read_text() == before
        assert flov7("edit", "a.json", "Remove the email", "--dry").code == 0 and Path("a.json").read_text() == before

    def test_a_file_that_holds_no_document_is_said(self, flov7: Command) -> None:
        Path("b.json").write_text("[1")
        assert "flov7 validate" in flov7("edit", "b.json", "Remove it").err


class TestTemplates:
    def test_words_find_one_and_a_sentence_sets_it(self, flov7: Command) -> None:
        listed = json.loads(flov7("templates", "list", "refund", "--json").out)
        assert listed[0]["slug"] == "refund-approval"
        used = flov7("templates", "use", "refund-approval", "over 300", "--set", "url=https://pay.acme.test")
        document = json.loads(used.out)
        assert "refund.amount > 300" in str(document) and "https://pay.acme.test/refunds" in str(document)

    def test_a_name_that_is_not_there_is_said(self, flov7: Command) -> None:
        assert "templates list" in flov7("templates", "use", "nothing-here").err


class TestEvaluate:
    def test_flowbench_prints_the_report_with_every_case(self, flov7: Command) -> None:
        entries = [{"id": "Jira_Issue__2_0_0__create_Issue", "description": "Create an issue in Jira"}]
        expected = ["issue = Jira_Issue__2_0_0__create_Issue()"]
        Path("catalog.json").write_text(json.dumps(entries))
        Path("cases.yaml").write_text(
            json.dumps(
                [{"uid": 7, "utterance": "Create a Jira issue", "prior_sequence": [], "expected_sequence": expected}]
            )
        )
        said = flov7("evaluate", "flowbench", "--catalog", "catalog.json", "--cases", "cases.yaml", "--json")
        report = json.loads(said.out)
        assert report["exact"] == {"all": 1.0, "create": 1.0, "edit": None} and report["hallucinated"] == 0
        assert report["per_case"] == [{"uid": 7, "predicted": expected, "exact": True, "asked": False}]

    def test_prompts_are_measured_by_class(self, flov7: Command) -> None:
        case = {"id": "a", "prompt": "Every day at 9:00 email boss@acme.test", "required": ["trigger/schedule", "action/email_send"],
                "acceptable_alternatives": {}}  # fmt: skip
        Path("p.jsonl").write_text(json.dumps(case) + "\n")
        report = json.loads(flov7("evaluate", "prompts", "p.jsonl", "--json").out)
        assert report["all"]["complete"] == 1.0 and report["by_complexity"]["simple"]["valid"] == 1.0
        assert report["calibration"]["curve"][0]["cases"] == 1
