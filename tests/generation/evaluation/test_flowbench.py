"""The benchmark: documents and sequences both ways, scores, and the aims on the development half."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from flov7.generation.evaluation.flowbench.evaluate import evaluate, load
from flov7.generation.evaluation.flowbench.scoring import exact, node_f1, tree
from flov7.generation.evaluation.flowbench.sequences import to_document, to_lines
from flov7.kit.errors import Invalid
from flov7.language.front import check_value
from flov7.primitives.registry import catalogue
from tests.generation.operations.shelves import small

FOUND = small()
SHARED = Path(os.environ.get("FLOV7_SHARED", Path(__file__).resolve().parents[4] / "shared")) / "data/flowbench"
SEQUENCE = [
    "issues = Tracky_Issue__1_0_0__retrievewithwhere_Issue()\nfor issue in issues:\n  if issue.owner == None:\n"
    '    message = Chatter_message__1_0_0__create_message()\n  elif issue.owner == "me":\n'
    '    task = user_task("check it")\n  else:\n    issue = Tracky_Issue__1_0_0__deletewithwhere_Issue()'
]


class TestSequences:
    def test_a_sequence_becomes_a_valid_document_and_comes_back_the_same(self) -> None:
        document = to_document(SEQUENCE, FOUND.kinds)
        assert not check_value(document, FOUND.catalogue).has_errors
        assert exact(tree(to_lines(document, FOUND.ids)), tree(SEQUENCE))

    def test_what_an_approval_gives_is_nothing_where_they_say_no(self) -> None:
        lines = ['ok = user_task("get approval")\nif ok == None:\n  message = Chatter_message__1_0_0__create_message()']
        document = to_document(lines, FOUND.kinds)
        assert document["primitives"][2]["logic"] == "ok.decision == 'rejected'"
        assert exact(tree(to_lines(document, FOUND.ids)), tree(lines))

    def test_an_operation_that_the_catalogue_lacks_is_refused(self) -> None:
        with pytest.raises(Invalid, match="lacks"):
            to_document(["x = Nobody__1__create_Nothing()"], FOUND.kinds)


class TestScores:
    def test_names_of_variables_do_not_count(self) -> None:
        other = [
            SEQUENCE[0].replace("issues", "all_of_them").replace("issue.", "one.").replace("for issue ", "for one ")
        ]
        assert exact(tree(other), tree(SEQUENCE))

    @pytest.mark.parametrize(("old", "new"), [("owner ==", "owner !="), ('"me"', '"you"'), ("owner", "author"), ("elif", "if"),
                                              ("create_message", "create_channel")])  # fmt: skip
    def test_another_comparison_or_operation_is_another_workflow(self, old: str, new: str) -> None:
        text = SEQUENCE[0].replace("  else:\n    issue = Tracky_Issue__1_0_0__deletewithwhere_Issue()", "")
        assert not exact(tree([text.replace(old, new)]), tree([text]))
        assert 0 < node_f1(tree([text.replace(old, new)]), tree([text])) <= 1

    def test_half_of_it_is_half_right(self) -> None:
        assert node_f1(tree(["a = x()"]), tree(["a = x()\nb = y()\nc = z()"])) == 0.5


class TestEvaluate:
    def test_a_case_without_what_is_right_is_predicted_all_the_same(self) -> None:
        entries = [{"id": own, "description": ""} for own in FOUND.ids.values()]
        cases = [{"uid": "a", "utterance": "Create a Tracky issue", "prior_sequence": []}]
        report = asyncio.run(evaluate(entries, cases, base=catalogue()))
        assert report["per_case"] == [
            {"uid": "a", "predicted": ["issue = Tracky_Issue__1_0_0__create_Issue()"], "exact": None, "asked": False}
        ]
        assert report["exact"] == {"all": None, "create": None, "edit": None} and report["cases"] == 1

    def test_files_that_are_no_cases_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text("[]")
        (tmp_path / "b.yaml").write_text("just: this")
        with pytest.raises(Invalid, match="no cases"):
            load(tmp_path / "a.json", tmp_path / "b.yaml")

    @pytest.mark.skipif(not SHARED.is_dir(), reason="FLOV7_SHARED names no folder with data/flowbench")
    def test_the_development_half_is_drafted_offline_as_well_as_promised(self) -> None:
        entries, cases = load(SHARED / "catalog.json", SHARED / "dev.yaml")
        report = asyncio.run(evaluate(entries, cases, base=catalogue()))
        assert report["exact"]["all"] >= 0.8 and report["exact"]["create"] >= 0.8 and report["exact"]["edit"] >= 0.8
        assert report["hallucinated"] == 0
        assert json.dumps(report)
