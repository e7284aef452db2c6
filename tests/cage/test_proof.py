"""What a node has to show: it reads well, its tests pass, and they notice when it is changed."""

from __future__ import annotations

import pytest

from flov7.cage import mutation, reading
from flov7.cage.cage import Cage
from flov7.cage.proof import proved

CODE = """
def run(inputs):
    total = sum(inputs["prices"])
    if total >= 100:
        return {"total": total, "size": "big"}
    return {"total": total, "size": "small"}
"""
TESTS = """
def test_small():
    assert run({"prices": [1, 98]}) == {"total": 99, "size": "small"}

def test_big():
    assert run({"prices": [100]}) == {"total": 100, "size": "big"}
"""
OUTPUTS = {"type": "object", "properties": {"total": {"type": "number"}, "size": {"type": "string"}}}


class TestReading:
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("import os", "`os` may not be imported"),
            ("from subprocess import run as r", "`subprocess` may not be imported"),
            ("x = eval('1')", "`eval` may not be called"),
            ("x = open('/etc/passwd')", "`open` may not be called"),
            ("x = ().__class__", "`__class__` may not be looked at"),
            ("x = __builtins__", "`__builtins__` may not be used"),
            ("x = (", "line"),
            ("x = '" + "a" * 20_001 + "'", "at most 20,000"),
        ],
    )
    def test_what_nobody_would_review_is_said_with_its_line(self, body: str, said: str) -> None:
        assert any(said in one for one in reading.problems(f"{body}\ndef run(inputs):\n    return {{}}\n"))

    def test_a_node_needs_run_and_tests_need_tests(self) -> None:
        assert reading.problems("x = 1") and reading.problems("x = 1", tests=True)
        assert reading.problems(CODE) == reading.problems(TESTS, tests=True) == []


class TestMutation:
    def test_each_change_is_another_program_that_can_be_read(self) -> None:
        made = mutation.of_code(CODE)
        assert len(made) == len(set(made)) >= 5
        for one in made:
            compile(one, "node.py", "exec")

    def test_every_output_is_changed_once(self) -> None:
        assert [name for name, _ in mutation.of_outputs(CODE, ["total", "size"])] == ["total", "size"]


class TestProof:
    async def test_good_tests_notice_every_change(self, bubblewrap: Cage) -> None:
        report = await proved(bubblewrap, code=CODE, tests=TESTS, outputs=OUTPUTS)
        assert report.ok, report
        assert [one.ok for one in report.tests] == [True, True]
        assert report.noticed == report.changes >= 5

    async def test_a_failing_test_is_told(self, bubblewrap: Cage) -> None:
        report = await proved(bubblewrap, code=CODE, tests=TESTS.replace("99,", "98,"), outputs=OUTPUTS)
        assert not report.ok and "test_small" in report.problems[0]

    async def test_an_output_that_no_test_looks_at_is_named(self, bubblewrap: Cage) -> None:
        blind = "def test_total():\n    assert run({'prices': [100]})['total'] == 100\n    assert run({'prices': [1]})['total'] == 1\n"
        report = await proved(bubblewrap, code=CODE, tests=blind, outputs=OUTPUTS)
        assert report.unnoticed_outputs == ("size",)
        assert "no test looks at the output `size`" in report.problems

    async def test_tests_that_notice_nothing_are_not_enough(self, bubblewrap: Cage) -> None:
        lazy = "def test_it():\n    assert set(run({'prices': [1]})) == {'total', 'size'}\n"
        report = await proved(bubblewrap, code=CODE, tests=lazy, outputs={})
        assert not report.ok and "changes to the code" in report.problems[0]

    async def test_what_reads_badly_never_runs(self, bubblewrap: Cage) -> None:
        report = await proved(bubblewrap, code="import os\n" + CODE, tests=TESTS, outputs=OUTPUTS)
        assert not report.ok and report.tests == ()
