"""The status of a run, read from its events."""

from __future__ import annotations

from flov7.engine.events import EventType, RunEvent, RunStatus
from flov7.engine.standing import Standing


def events(*what: tuple[EventType, str | None], first: int = 1) -> list[RunEvent]:
    return [RunEvent(number=n, type=t.value, at="", step=step) for n, (t, step) in enumerate(what, start=first)]


class TestTwoBranches:
    def test_a_doubt_stays_while_another_branch_goes_on(self) -> None:
        standing = Standing()
        begun = events((EventType.STEP_IN_DOUBT, "pay"), (EventType.STEP_STARTED, "b"), (EventType.STEP_FINISHED, "b"))
        assert standing.take(begun) is RunStatus.IN_DOUBT
        assert standing.take(events((EventType.STEP_RESOLVED, "pay"), first=4)) is RunStatus.RUNNING

    def test_a_wait_is_over_when_its_own_step_ends(self) -> None:
        standing = Standing()
        assert standing.take(events((EventType.STEP_WAITING, "a"), (EventType.STEP_WAITING, "b"))) is RunStatus.WAITING
        assert standing.take(events((EventType.STEP_FINISHED, "a"), first=3)) is RunStatus.WAITING
        assert standing.take(events((EventType.STEP_FAILED, "b"), first=4)) is RunStatus.RUNNING


class TestPaused:
    def test_a_step_that_ends_does_not_resume_the_run(self) -> None:
        standing = Standing()
        paused = events((EventType.STEP_STARTED, "a"), (EventType.RUN_PAUSED, None), (EventType.STEP_FINISHED, "a"))
        assert standing.take(paused) is RunStatus.PAUSED
        assert standing.take(events((EventType.RUN_RESUMED, None), first=4)) is RunStatus.RUNNING

    def test_a_fresh_start_stays_paused(self) -> None:
        assert Standing(paused=True).take(events((EventType.STEP_FINISHED, "a"))) is RunStatus.PAUSED


def test_a_repetition_changes_nothing() -> None:
    standing = Standing()
    told = events((EventType.STEP_IN_DOUBT, "a"), (EventType.STEP_RESOLVED, "a"))
    standing.take(told)
    assert standing.take(told[:1]) is RunStatus.RUNNING
    assert standing.seen == 2
