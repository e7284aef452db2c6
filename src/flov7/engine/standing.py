"""Where a run stands, read from its events: what needs a person comes first."""

from __future__ import annotations

from collections.abc import Iterable

from flov7.engine.events import EventType, RunEvent, RunStatus

_CLOSES = frozenset(
    [
        EventType.STEP_FINISHED,
        EventType.STEP_FAILED,
        EventType.STEP_SKIPPED,
        EventType.STEP_PASSED,
        EventType.STEP_RESOLVED,
        EventType.STEP_STARTED,
    ]
)


class Standing:
    """A fold over the events of one run, in the order of their numbers; a repetition changes nothing.

    `seen` is the number of the last event that was taken.
    """

    __slots__ = ("_doubts", "_paused", "_waits", "seen")

    def __init__(self, *, paused: bool = False) -> None:
        self.seen = 0
        self._paused = paused
        self._waits: set[str] = set()
        self._doubts: set[str] = set()

    def take(self, events: Iterable[RunEvent]) -> RunStatus:
        """The status after these events too."""
        for event in events:
            if event.number > self.seen:
                self.seen = event.number
                self._take(event)
        return self.status

    def _take(self, event: RunEvent) -> None:
        key = f"{event.path}{event.step}"
        if event.type == EventType.STEP_WAITING:
            self._waits.add(key)
        elif event.type == EventType.STEP_IN_DOUBT:
            self._doubts.add(key)
        elif event.type in _CLOSES:
            self._waits.discard(key)
            self._doubts.discard(key)
        elif event.type in (EventType.RUN_PAUSED, EventType.RUN_RESUMED, EventType.RUN_CANCELLING):
            self._paused = event.type == EventType.RUN_PAUSED

    @property
    def status(self) -> RunStatus:
        """In doubt before paused before waiting: the first asks for somebody now."""
        if self._doubts:
            return RunStatus.IN_DOUBT
        if self._paused:
            return RunStatus.PAUSED
        return RunStatus.WAITING if self._waits else RunStatus.RUNNING
